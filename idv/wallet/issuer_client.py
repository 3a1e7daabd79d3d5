"""The wallet's half of OpenID4VCI 1.0 towards an issuer: the offer, its keys, tokens for either grant, nonces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idv.credentials.keys import SigningKey, from_pem
from idv.protocol.metadata import JWT_VC_ISSUER, well_known_url
from idv.wallet import bound, display, wire
from idv.wallet.errors import IssuerRefused
from idv.wallet.issuer_metadata import Issuer
from idv.wallet.issuer_wire import ACCEPT, error_of, expect_200, get, json_in, send
from idv.wallet.wire import Wire
from recovery_portal.kit import http


@dataclass(frozen=True)
class Grant:
    """An access token; ``dpop_pem`` is the key it is bound to, empty for a bearer token."""

    access_token: str
    expires_in_s: int
    credential_identifier: str
    dpop_pem: str = ""

    @property
    def dpop_key(self) -> SigningKey | None:
        return from_pem(self.dpop_pem) if self.dpop_pem else None


def fetch_offer(line: Wire, url: str) -> bytes:
    """The offer behind `credential_offer_uri` (4.1.3). Raises IssuerRefused."""
    return get(line, url).content


def read_keys(line: Wire, issuer: str) -> list[dict[str, Any]]:
    """The issuer's published keys (SD-JWT VC, JWT VC issuer metadata); empty when it publishes none at all.

    Raises IssuerRefused.
    """
    answer = send(line, "GET", well_known_url(issuer, JWT_VC_ISSUER), headers=ACCEPT)
    if answer.status in {404, 410}:
        return []
    metadata = json_in(expect_200(answer))
    if metadata.get("issuer") != issuer:
        raise IssuerRefused("issuer_misconfigured", "issuer in the key metadata is another one")
    key_set = metadata.get("jwks")
    if key_set is None and wire.is_web_address(metadata.get("jwks_uri")):
        key_set = json_in(get(line, metadata["jwks_uri"]))
    entries = key_set.get("keys") if isinstance(key_set, Mapping) else None
    return [entry for entry in entries if isinstance(entry, dict)][:50] if isinstance(entries, list) else []


def redeem(line: Wire, issuer: Issuer, form: Mapping[str, str], *, dpop_key: SigningKey | None, at: datetime) -> Grant:
    """Token request (6.1). Raises IssuerRefused; code_refused when the code or the transaction code is not accepted."""
    answer = bound.post(line, issuer.token_endpoint, key=dpop_key, at=at, data=form)
    if answer.status != 200:
        error = error_of(answer)
        wrong_code = error == "invalid_grant"
        raise IssuerRefused("code_refused" if wrong_code else "issuer_refused", f"token: {answer.status} {error}")
    return _grant(answer, issuer, dpop_key)


def fetch_nonce(line: Wire, issuer: Issuer) -> str | None:
    """A fresh c_nonce (7); None when the issuer has no nonce endpoint. Raises IssuerRefused."""
    if not issuer.nonce_endpoint:
        return None
    answer = expect_200(send(line, "POST", issuer.nonce_endpoint, headers=ACCEPT))
    bound.note_nonce(line, issuer.nonce_endpoint, answer)
    nonce = json_in(answer).get("c_nonce")
    if not isinstance(nonce, str) or not nonce:
        raise IssuerRefused("issuer_misconfigured", "no c_nonce")
    return nonce


def _grant(answer: http.Response, issuer: Issuer, dpop_key: SigningKey | None) -> Grant:
    body = json_in(answer)
    token, kind = body.get("access_token"), body.get("token_type")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
        raise IssuerRefused("issuer_misconfigured", "no usable access_token")
    # Asked to bind and not bound: whoever read the token on its way could use it (RFC 9449 section 5).
    if not isinstance(kind, str) or kind.lower() != ("bearer" if dpop_key is None else "dpop"):
        raise IssuerRefused("not_supported", f"token_type {display.line(str(kind), limit=20)}")
    lifetime = body.get("expires_in")
    expires_in_s = lifetime if isinstance(lifetime, int) and not isinstance(lifetime, bool) else 0
    return Grant(
        token,
        max(0, min(expires_in_s, 10**9)),
        _credential_identifier(body, issuer.configuration_id),
        dpop_key.private_pem() if dpop_key else "",
    )


def _credential_identifier(body: Mapping[str, Any], configuration_id: str) -> str:
    details = body.get("authorization_details")
    for entry in details if isinstance(details, list) else []:
        if isinstance(entry, Mapping) and entry.get("credential_configuration_id") == configuration_id:
            identifiers = entry.get("credential_identifiers")
            if isinstance(identifiers, list) and identifiers and isinstance(identifiers[0], str):
                return identifiers[0]
    return ""
