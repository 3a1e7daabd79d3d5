"""DPoP (RFC 9449): a token that only the holder of a key may use, and the proof that the holder is speaking."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from idv.credentials import base64url, jose
from idv.credentials.keys import SigningKey, jwk_of, public_key_of, thumbprint
from idv.protocol.messages import dated
from recovery_portal.kit.errors import DomainError

TYP = "dpop+jwt"
_CLOCK_SKEW = timedelta(seconds=60)
_MAX_BYTES = 8192


class DpopInvalid(DomainError):
    """A DPoP proof that must be refused; on the wire all of them are ``invalid_dpop_proof``."""


@dataclass(frozen=True, kw_only=True)
class DpopProof:
    """A proof whose signature, address, method and age were checked. The caller burns ``jti`` and checks ``nonce``."""

    jkt: str
    jti: str
    nonce: str
    expires_at: datetime


def build(*, key: SigningKey, method: str, url: str, at: datetime, nonce: str = "", access_token: str = "") -> str:
    """A proof for one request (section 4.2); with ``access_token`` for one that carries it."""
    payload = {"htm": method, "htu": url} | {name: value for name, value in dated(at).items() if name != "exp"}
    if nonce:
        payload["nonce"] = nonce
    if access_token:
        payload["ath"] = hash_of(access_token)
    return jose.sign(payload, typ=TYP, key=key, named_by="jwk")


def open_proof(
    proof: str, *, method: str, url: str, at: datetime, max_age: timedelta, access_token: str = ""
) -> DpopProof:
    """Verify a proof (section 4.3). Raises DpopInvalid. Neither ``jti`` nor ``nonce`` is judged here."""
    try:
        # 1 typ, alg and signature by the public key in the header itself
        header = jose.peek(proof, max_payload_bytes=_MAX_BYTES).header
        key = public_key_of(header.get("jwk"))
        payload = jose.verify(proof, key=key, typ=TYP, max_payload_bytes=_MAX_BYTES).payload
        issued_at = jose.required_time_of(payload, "iat")
    except DomainError as error:
        raise DpopInvalid(error.code, error.reason) from error
    # 2 for this request: the method, and the address without query and fragment
    if payload.get("htm") != method or _address(payload.get("htu")) != _address(url):
        raise DpopInvalid("dpop_for_another_request", "htm or htu is not this request's")
    # 3 made now
    if not at - max_age <= issued_at <= at + _CLOCK_SKEW:
        raise DpopInvalid("dpop_stale", "iat is not now")
    # 4 for this token, when there is one
    if access_token and payload.get("ath") != hash_of(access_token):
        raise DpopInvalid("dpop_for_another_token", "ath is not this token's")
    # 5 unique
    jti, nonce = payload.get("jti"), payload.get("nonce", "")
    if not isinstance(jti, str) or not 0 < len(jti) <= 512 or not isinstance(nonce, str) or len(nonce) > 512:
        raise DpopInvalid("dpop_malformed", "jti or nonce is not a short text")
    return DpopProof(jkt=thumbprint(jwk_of(key)), jti=jti, nonce=nonce, expires_at=issued_at + max_age)


def hash_of(access_token: str) -> str:
    """``ath``: the base64url SHA-256 of the token."""
    return base64url.encode(hashlib.sha256(access_token.encode("utf-8")).digest())


def _address(value: object) -> tuple[str, str, str] | None:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        _ = parts and parts.port
    except ValueError:
        return None
    return None if parts is None else (parts.scheme.lower(), parts.netloc.lower(), parts.path)
