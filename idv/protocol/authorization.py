"""From the portal to the provider and back: pushed request, PKCE, client assertion and the signed proofing result.

RFC 9126 (PAR), 9101 (request object), 7636 (PKCE), 7523 (private_key_jwt), 9207 (``iss`` in the answer).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from idv.credentials import base64url, jose
from idv.credentials.keys import SigningKey
from idv.protocol import links
from idv.protocol.messages import MESSAGE_LIFETIME as MESSAGE_LIFETIME
from idv.protocol.messages import AuthorizationInvalid as AuthorizationInvalid
from idv.protocol.messages import Jwks, dated, open_message, text_in

REQUEST_TYP = "oauth-authz-req+jwt"
ASSERTION_TYP = "client-authentication+jwt"
RESULT_TYP = "proofing-result+jwt"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "identity_proofing"
# Asked for by acr_values and confirmed by acr (OpenID Connect Core 1.0, 3.1.2.1): two readers that share no network
# must say the same of a document's machine-readable zone.
HIGH_ASSURANCE = "urn:recovery-portal:assurance:two-readers"
_PKCE_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)

Verdict = Literal["verified", "declined"]


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """What the portal asks the provider, as verified from the pushed request object. Burn ``jti`` on receipt."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    code_challenge: str
    jti: str
    expires_at: datetime
    high_assurance: bool = False


@dataclass(frozen=True, kw_only=True)
class ClientAssertion:
    """A client that proved who it is. ``jti`` must not be seen again before ``expires_at``."""

    client_id: str
    jti: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ProofingResult:
    """The provider's word on one proofing. It carries no personal data: that travels in the credential alone."""

    issuer: str
    verdict: Verdict
    reason_code: str
    proofing_reference: str
    jti: str
    issued_at: datetime


def new_code_verifier() -> str:
    """A PKCE code verifier of 256 bits."""
    return base64url.encode(secrets.token_bytes(32))


def code_challenge(code_verifier: str) -> str:
    """Its S256 challenge. Raises AuthorizationInvalid for a verifier of another shape (RFC 7636 section 4.1)."""
    if not _PKCE_VERIFIER.fullmatch(code_verifier):
        raise AuthorizationInvalid("pkce_malformed", "not a code verifier")
    return base64url.encode(hashlib.sha256(code_verifier.encode("ascii")).digest())


def require_code_verifier(code_verifier: str, *, expected_challenge: str) -> None:
    """Refuse a code verifier that does not hash to the challenge of the request. Raises AuthorizationInvalid."""
    if not hmac.compare_digest(code_challenge(code_verifier).encode("ascii"), expected_challenge.encode("utf-8")):
        raise AuthorizationInvalid("pkce_mismatch", "the code verifier is not the one of the request")


def build_request_object(
    *,
    client_id: str,
    audience: str,
    redirect_uri: str,
    state: str,
    nonce: str,
    challenge: str,
    key: SigningKey,
    at: datetime,
    high_assurance: bool = False,
) -> str:
    """The signed request object that the portal pushes; ``audience`` is the provider's issuer URL."""
    return jose.sign(
        {
            "iss": client_id,
            "aud": audience,
            "client_id": client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **({"acr_values": HIGH_ASSURANCE} if high_assurance else {}),
            **dated(at),
        },
        typ=REQUEST_TYP,
        key=key,
    )


def open_request_object(
    token: str,
    *,
    expected_client_id: str,
    expected_audience: str,
    registered_redirect_uris: Collection[str],
    jwks: Jwks,
    at: datetime,
) -> AuthorizationRequest:
    """Verify a pushed request object of a registered client. Raises AuthorizationInvalid.

    Does **not** know whether ``jti`` was seen before: the caller stores it and refuses the second.
    """
    payload = open_message(
        token,
        typ=REQUEST_TYP,
        jwks=jwks,
        expected={"iss": expected_client_id, "client_id": expected_client_id, "aud": expected_audience},
        at=at,
    )
    for name, value in (("response_type", "code"), ("scope", SCOPE), ("code_challenge_method", "S256")):
        if payload.get(name) != value:
            raise AuthorizationInvalid("request_unsupported", f"{name} is not {value}")
    if payload.get("acr_values", HIGH_ASSURANCE) != HIGH_ASSURANCE:
        raise AuthorizationInvalid("request_unsupported", "no such assurance")
    if payload.get("redirect_uri") not in registered_redirect_uris:
        raise AuthorizationInvalid("redirect_uri_unknown", "not a registered redirect_uri")
    if len(text_in(payload, "code_challenge")) != 43:
        raise AuthorizationInvalid("pkce_malformed", "not an S256 challenge")
    return AuthorizationRequest(
        client_id=expected_client_id,
        redirect_uri=text_in(payload, "redirect_uri"),
        scope=SCOPE,
        state=text_in(payload, "state"),
        nonce=text_in(payload, "nonce"),
        code_challenge=text_in(payload, "code_challenge"),
        jti=text_in(payload, "jti"),
        expires_at=jose.required_time_of(payload, "exp"),
        high_assurance="acr_values" in payload,
    )


def pushed_request_form(*, client_id: str, request_object: str, client_assertion: str) -> dict[str, str]:
    """The form of the pushed authorization request (RFC 9126 section 3)."""
    return {
        "client_id": client_id,
        "request": request_object,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": client_assertion,
    }


def authorization_url(endpoint: str, *, client_id: str, request_uri: str) -> str:
    """Where the browser is sent: it carries nothing but the reference to the pushed request."""
    return links.build(endpoint, {"client_id": client_id, "request_uri": request_uri})


def authorization_answer_url(redirect_uri: str, *, code: str, state: str, issuer: str) -> str:
    """Where the provider sends the browser back to, with ``iss`` against mix-up (RFC 9207)."""
    return links.build(redirect_uri, {"code": code, "state": state, "iss": issuer})


def authorization_error_url(redirect_uri: str, *, error: str, state: str, issuer: str) -> str:
    """As ``authorization_answer_url``, for a request that ended without a code (RFC 6749 section 4.1.2.1)."""
    return links.build(redirect_uri, {"error": error, "state": state, "iss": issuer})


def token_form(*, code: str, redirect_uri: str, code_verifier: str, client_assertion: str) -> dict[str, str]:
    """The form that exchanges a code for the proofing result."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": client_assertion,
    }


def build_client_assertion(*, client_id: str, audience: str, key: SigningKey, at: datetime) -> str:
    """A private_key_jwt by which the portal names itself; ``audience`` is the provider's issuer URL, as one string."""
    payload = {"iss": client_id, "sub": client_id, "aud": audience, **dated(at)}
    return jose.sign(payload, typ=ASSERTION_TYP, key=key)


def open_client_assertion(
    token: str, *, expected_client_id: str, expected_audience: str, jwks: Jwks, at: datetime
) -> ClientAssertion:
    """Verify a client assertion. Raises AuthorizationInvalid. The caller burns ``jti``."""
    payload = open_message(
        token,
        typ=ASSERTION_TYP,
        jwks=jwks,
        expected={"iss": expected_client_id, "sub": expected_client_id, "aud": expected_audience},
        at=at,
    )
    return ClientAssertion(
        client_id=expected_client_id, jti=text_in(payload, "jti"), expires_at=jose.required_time_of(payload, "exp")
    )


def claimed_client_id(client_assertion: str) -> str:
    """The client that an assertion *says* it is of: whose keys to check it with. Raises AuthorizationInvalid."""
    try:
        return text_in(jose.peek(client_assertion).payload, "sub")
    except jose.JoseInvalid as error:
        raise AuthorizationInvalid(error.code, error.reason) from error


def build_proofing_result(
    *,
    issuer: str,
    audience: str,
    nonce: str,
    verdict: Verdict,
    reason_code: str,
    proofing_reference: str,
    key: SigningKey,
    at: datetime,
    high_assurance: bool = False,
) -> str:
    """The provider's signed answer; ``audience`` is the portal's client_id, ``nonce`` the one of its request.

    ``reason_code`` is empty for "verified". ``high_assurance`` says how it was verified.
    """
    payload = {
        "iss": issuer,
        "aud": audience,
        "nonce": nonce,
        "verdict": verdict,
        "reason_code": reason_code,
        "proofing_reference": proofing_reference,
        **({"acr": HIGH_ASSURANCE} if high_assurance and verdict == "verified" else {}),
        **dated(at),
    }
    return jose.sign(payload, typ=RESULT_TYP, key=key)


def open_proofing_result(
    token: str,
    *,
    expected_issuer: str,
    expected_audience: str,
    expected_nonce: str,
    jwks: Jwks,
    at: datetime,
    expected_high_assurance: bool = False,
) -> ProofingResult:
    """Verify the provider's signed answer. Raises AuthorizationInvalid. The caller burns ``jti`` with the request.

    Somebody verified with less assurance than was asked for is not verified.
    """
    payload = open_message(
        token,
        typ=RESULT_TYP,
        jwks=jwks,
        expected={"iss": expected_issuer, "aud": expected_audience, "nonce": expected_nonce},
        at=at,
    )
    verdict = payload.get("verdict")
    if verdict not in ("verified", "declined"):
        raise AuthorizationInvalid("verdict_unknown", "neither verified nor declined")
    if verdict == "verified" and expected_high_assurance and payload.get("acr") != HIGH_ASSURANCE:
        raise AuthorizationInvalid("assurance_too_low", "verified, but not as was asked for")
    reason_code = payload.get("reason_code")
    if not isinstance(reason_code, str) or len(reason_code) > 100:
        raise AuthorizationInvalid("message_malformed", "reason_code is not a short text")
    reference = text_in(payload, "proofing_reference")
    if not (reason_code + reference).isprintable():  # both are kept and shown to operators
        raise AuthorizationInvalid("message_malformed", "reason_code or proofing_reference is not printable")
    return ProofingResult(
        issuer=expected_issuer,
        verdict="verified" if verdict == "verified" else "declined",
        reason_code=reason_code,
        proofing_reference=reference,
        jti=text_in(payload, "jti"),
        issued_at=jose.required_time_of(payload, "iat"),
    )
