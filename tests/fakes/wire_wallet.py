"""A wallet that knows all of OpenID4VCI 1.0: DPoP, the code flow, encrypted messages, deferral. With real keys."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from idv.credentials import jose, keys
from idv.credentials.keys import EncryptionKey, SigningKey
from idv.protocol import authorization, dpop, issuance
from idv.provider import credential
from idv.provider.flows import offers
from tests.fakes.proofing import WireWallet

FORM = "application/x-www-form-urlencoded"
REDIRECT_URI = "wallet-app://callback"
CLIENT_ID = "independent-wallet"


def offer_for_test(**changes: Any) -> offers.OfferSecrets:
    """A test offer for a made-up person."""
    subject = credential.Subject(
        "Vera", "Specimen", "1990-01-01", "X", "passport", "TEST00000", "2090-01-01", "UTO", "UTO", b"\xff\xd8\xff"
    )
    return offers.offer_for_test(subject=subject, at=timezone.now(), **changes)


class FullWallet(WireWallet):
    """Speaks for itself: with ``is_bound`` every token is bound to ``dpop_key`` and every request proves it."""

    def __init__(self, *, is_bound: bool = False) -> None:
        super().__init__()
        self.is_bound = is_bound
        self.dpop_key = keys.generate()
        self.dpop_nonce = ""
        self.access_token = ""
        self.client_id = ""
        self.code_verifier = authorization.new_code_verifier()
        self.response_key: EncryptionKey = keys.generate_encryption()

    # --- DPoP

    def dpop_proof(self, path: str, *, key: SigningKey | None = None, **changes: Any) -> str:
        given: dict[str, Any] = {
            "method": "POST", "url": f"{settings.PROVIDER_BASE_URL}{path}", "at": timezone.now(),
            "nonce": self.dpop_nonce, "access_token": self.access_token,
        }  # fmt: skip
        return dpop.build(key=key or self.dpop_key, **(given | changes))

    def post(self, path: str, body: Any, *, content_type: str, **headers: str) -> HttpResponse:
        """One request; a wanted nonce is taken up once, as RFC 9449 section 8 asks of clients."""
        for _ in range(2):
            sent = dict(headers)
            if self.access_token:
                sent["authorization"] = f"{'DPoP' if self.is_bound else 'Bearer'} {self.access_token}"
            if self.is_bound:
                sent["dpop"] = self.dpop_proof(path)
            data = urlencode(body) if content_type == FORM else body
            answer = self.client.post(path, data, content_type=content_type, headers=sent)
            self.dpop_nonce = answer.headers.get("DPoP-Nonce", self.dpop_nonce)
            wanted = answer.headers.get("Content-Type") == "application/json" and answer.content
            if not wanted or answer.json().get("error") != "use_dpop_nonce":
                break
        return answer

    # --- tokens

    def redeem(self, shown: offers.OfferSecrets, **more: str) -> HttpResponse:
        code = self.offer(shown.offer_uri)["grants"][issuance.PRE_AUTHORIZED_GRANT]["pre-authorized_code"]
        form = issuance.token_form(pre_authorized_code=code, tx_code=shown.tx_code or None) | more
        return self._took(self.post("/token", form, content_type=FORM))

    def redeem_code(self, code: str, **changes: str) -> HttpResponse:
        form = {
            "grant_type": "authorization_code", "code": code, "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI, "code_verifier": self.code_verifier,
        }  # fmt: skip
        return self._took(self.post("/token", form | changes, content_type=FORM))

    def push(self, **changes: str | None) -> HttpResponse:
        form: dict[str, str | None] = {
            "client_id": CLIENT_ID, "response_type": "code", "redirect_uri": REDIRECT_URI, "state": "s-1",
            "scope": "verified_identity", "code_challenge": authorization.code_challenge(self.code_verifier),
            "code_challenge_method": "S256",
        }  # fmt: skip
        form |= changes
        members = {name: value for name, value in form.items() if value is not None}
        return self.post("/par", members, content_type=FORM)

    def _took(self, answer: HttpResponse) -> HttpResponse:
        if answer.status_code == 200:
            self.access_token = answer.json()["access_token"]
        return answer

    # --- credentials

    def wanted(self, **changes: Any) -> dict[str, Any]:
        body = issuance.credential_request(configuration_id="VerifiedIdentity", proofs=[self.proof(self.nonce())])
        return {name: value for name, value in (body | changes).items() if value is not None}

    def credential(self, **changes: Any) -> HttpResponse:
        return self.post("/credential", json.dumps(self.wanted(**changes)), content_type="application/json")

    def deferred(self, transaction_id: Any) -> HttpResponse:
        body = json.dumps({"transaction_id": transaction_id})
        return self.post("/deferred-credential", body, content_type="application/json")

    def notify(self, **members: Any) -> HttpResponse:
        return self.post("/notification", json.dumps(members), content_type="application/json")

    def issuer_metadata(self) -> dict[str, Any]:
        return self.client.get("/.well-known/openid-credential-issuer").json()

    def encrypted(self, members: dict[str, Any], *, enc: str = "A256GCM") -> str:
        jwk = self.issuer_metadata()["credential_request_encryption"]["jwks"]["keys"][0]
        return jose.encrypt(members, recipient_jwk=jwk, enc=enc)

    def response_encryption(self, **changes: Any) -> dict[str, Any]:
        jwk = {name: value for name, value in self.response_key.public_jwk().items() if name != "use"}
        return {"jwk": jwk, "enc": "A128GCM"} | changes

    def opened(self, answer: HttpResponse) -> dict[str, Any]:
        assert answer["Content-Type"] == "application/jwt", answer.content
        return jose.decrypt(answer.content.decode(), key=self.response_key)


def home_of(page: HttpResponse) -> dict[str, str]:
    """The answer that the page's link carries back to the wallet."""
    found = re.search(r'id="wallet-home" href="([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return dict(parse_qsl(urlsplit(found.group(1).replace("&amp;", "&")).query))
