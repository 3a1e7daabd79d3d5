"""A wallet without pages: real keys, OpenID4VCI 1.0 and OpenID4VP 1.0 over the wire, and it lies when it is told to."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .pages import NotOnThisPage

if TYPE_CHECKING:
    import httpx

    from idv.credentials.keys import SigningKey
    from idv.protocol import presentation

    from .installation import Installation
    from .visitor import Visitor

_AGENT = "Wire Wallet"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Offer:
    """What a provider's page offers: the link, and the transaction code that is not in it."""

    link: str
    tx_code: str | None = None


@dataclass(frozen=True)
class VerifiedId:
    """A credential that this wallet holds, with the key it is bound to."""

    credential: str = field(repr=False)
    key: SigningKey = field(repr=False)

    @property
    def claims(self) -> dict[str, Any]:
        """All that stands in it."""
        from idv.credentials import jose, sd_jwt

        if self.is_jwt:
            claims: dict[str, Any] = jose.peek(self.credential).payload["vc"]["credentialSubject"]
            return claims
        return sd_jwt.read(self.credential)

    @property
    def is_jwt(self) -> bool:
        """Whether it is a W3C credential as a JWT, which is shown whole."""
        return "~" not in self.credential


@dataclass(frozen=True)
class Answer:
    """What the verifier said to a presentation. ``continue_at`` is where it wants the browser to go."""

    status: int
    error: str = ""
    continue_at: str = ""

    @property
    def accepted(self) -> bool:
        return self.status == 200


class WalletRefused(AssertionError):
    """The issuer or the verifier would not; the message says what it said."""


class Wallet:
    """Receives, lists, presents, refuses; and replays, tampers and steals, to see that nobody takes it."""

    def __init__(self, installation: Installation, *, address: str = "198.51.100.20") -> None:
        self.installation = installation
        self.held: list[VerifiedId] = []
        self._address = address
        self._client: httpx.Client | None = None
        self._sent: dict[str, str] = {}
        self._sent_to = ""

    @property
    def _http(self) -> httpx.Client:
        if self._client is None:
            self._client = self.installation.network(self._address, agent=_AGENT, follow_redirects=False)
        return self._client

    def close(self) -> None:
        """Let the connections go; the wallet keeps what it holds, and opens new ones when it needs them."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def list(self) -> Sequence[VerifiedId]:
        """The Verified IDs in it, the newest last."""
        return tuple(self.held)

    # --- Receiving

    def receive(self, offer: Offer | Visitor, *, tx_code: str | None = None) -> VerifiedId:
        """Redeem an offer (or the one on the page where somebody is). Raises WalletRefused."""
        from idv.credentials import keys
        from idv.protocol import issuance

        given = offer if isinstance(offer, Offer) else offer.offer
        link = issuance.parse_offer_link(given.link)
        document = link.offer or issuance.parse_offer(self._got(str(link.offer_uri)).content)
        issuer = document.credential_issuer
        meta = self._got(f"{issuer}/.well-known/openid-credential-issuer").json()
        server = self._got(f"{issuer}/.well-known/oauth-authorization-server").json()
        code = tx_code if tx_code is not None else given.tx_code
        form = issuance.token_form(pre_authorized_code=str(document.pre_authorized_code), tx_code=code)
        token = self._asked(server["token_endpoint"], data=form)["access_token"]
        nonce = self._asked(meta["nonce_endpoint"])["c_nonce"]
        key = keys.generate()
        proof = issuance.build_proof(key=key, audience=issuer, nonce=nonce, at=self.installation.now())
        wanted = issuance.credential_request(configuration_id=document.credential_configuration_ids[0], proofs=[proof])
        bearer = {"Authorization": f"Bearer {token}"}
        issued = self._asked(meta["credential_endpoint"], json=wanted, headers=bearer)
        received = VerifiedId(issued["credentials"][0]["credential"], key)
        self.held.append(received)
        if "notification_id" in issued:
            told = {"notification_id": issued["notification_id"], "event": "credential_accepted"}
            self._http.post(meta["notification_endpoint"], json=told, headers=bearer)
        return received

    # --- Presenting

    def present(
        self,
        request: str | Visitor,
        verified_id: VerifiedId | None = None,
        *,
        disclose: Sequence[str] | None = None,
        leave_out: Sequence[str] = (),
        bend: Callable[[str], str] | None = None,
        nonce: str | None = None,
        audience: str | None = None,
        key: SigningKey | None = None,
    ) -> Answer:
        """Share the newest Verified ID (or the one given) with whoever asks by this link or on this page.

        What a hostile wallet would do: ``leave_out`` claims that are asked for, ``bend`` the presentation before it
        is sent, sign for another ``nonce`` or ``audience``, or with another ``key``.
        """
        from idv.credentials import jwt_vc, sd_jwt
        from idv.protocol import did, presentation

        link = request if isinstance(request, str) else request.request
        opened = self.open(link)
        chosen = verified_id or self._newest()
        query = opened.dcql_query["credentials"][0]
        signed: dict[str, Any] = {
            "audience": audience or opened.client_id,
            "nonce": nonce or opened.nonce,
            "holder_key": key or chosen.key,
            "at": self.installation.now(),
        }
        if chosen.is_jwt:
            holder = did.of_jwk(chosen.key.public_jwk())
            presented = jwt_vc.present(chosen.credential, holder_did=holder, **signed)
        else:
            wanted = disclose or [claim["path"][0] for claim in query.get("claims", [])]
            held = chosen.claims
            shown_claims = [claim for claim in wanted if claim in held and claim not in leave_out]
            presented = sd_jwt.present(chosen.credential, disclose=shown_claims, **signed)
        shown = bend(presented) if bend else presented
        self._sent = presentation.build_response(opened, vp_token={query["id"]: [shown]})
        self._sent_to = opened.response_uri
        return self._answered(opened.response_uri, self._sent)

    def refuse(self, request: str | Visitor) -> Answer:
        """Decline to share."""
        from idv.protocol import presentation

        opened = self.open(request if isinstance(request, str) else request.request)
        form = presentation.build_error_response(opened, error="access_denied")
        return self._answered(opened.response_uri, form)

    def replay(self) -> Answer:
        """Send the very same answer once more."""
        return self._answered(self._sent_to, self._sent)

    def tamper(self, request: str | Visitor, **claims: Any) -> Answer:
        """Present with claims of one's own: the disclosures are changed, the issuer's signature is not."""

        def bend(presented: str) -> str:
            issuer_jwt, *disclosures, binding = presented.split("~")
            return "~".join([issuer_jwt, *(_changed(one, claims) for one in disclosures), binding])

        return self.present(request, bend=bend)

    def open(self, link: str) -> presentation.PresentationRequest:
        """Fetch the request object and verify it, as a wallet must. Raises WalletRefused."""
        from cryptography import x509

        from idv.protocol import presentation
        from recovery_portal.kit.errors import DomainError

        try:
            asked = presentation.parse_request_link(link)
            answer = self._http.get(asked.request_uri)
            if answer.status_code != 200:
                raise WalletRefused(f"The request is not to be had: {answer.status_code} {answer.text[:200]}")
            authority = self._got(f"{self.installation.portal}/verifier/development-ca.pem").content
            return presentation.open_request(
                answer.text,
                expected_client_id=asked.client_id,
                authorities=x509.load_pem_x509_certificates(authority),
                at=self.installation.now(),
            )
        except DomainError as error:
            raise WalletRefused(f"The request is not one to answer: {error.code}: {error.reason}") from error

    def _newest(self) -> VerifiedId:
        if not self.held:
            raise WalletRefused("This wallet holds no Verified ID; call wallet.receive(phone) first.")
        return self.held[-1]

    def _answered(self, response_uri: str, form: Mapping[str, str]) -> Answer:
        reply = self._http.post(response_uri, data=dict(form), headers=_FORM)
        said = reply.json() if reply.headers.get("content-type", "").startswith("application/json") else {}
        return Answer(reply.status_code, str(said.get("error", "")), str(said.get("redirect_uri", "")))

    def _got(self, address: str) -> httpx.Response:
        answer = self._http.get(address)
        if answer.status_code != 200:
            raise WalletRefused(f"{address} answered {answer.status_code}: {answer.text[:200]}")
        return answer

    def _asked(self, address: str, **sent: Any) -> dict[str, Any]:
        answer = self._http.post(address, **sent)
        if answer.status_code not in {200, 202}:
            raise WalletRefused(f"{urlsplit(address).path} answered {answer.status_code}: {answer.text[:200]}")
        said: dict[str, Any] = answer.json()
        return said


def offer_on(page: Any) -> Offer:
    """The offer that a provider's page shows. Raises NotOnThisPage."""
    code = page.by_id("tx-code")
    link = page.find_link("Open with a wallet app on this device") or page.find_link("Open")
    if link is None:
        raise NotOnThisPage(f"{page.heading!r} ({page.path}) offers no credential.")
    return Offer(link.element.get("href"), code.text if code else None)


def _changed(disclosure: str, claims: Mapping[str, Any]) -> str:
    salt, name, *rest = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    if name not in claims:
        return disclosure
    bent = json.dumps([salt, name, claims[name], *rest[1:]]).encode()
    return base64.urlsafe_b64encode(bent).rstrip(b"=").decode()
