"""What every signed message between two servers has in common: for one reader, once, for a few minutes."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from idv.credentials import base64url, jose
from recovery_portal.kit.errors import DomainError

#: Messages between two servers live as long as their transport and two clocks need.
MESSAGE_LIFETIME = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=60)
_MAX_TEXT = 2048

Jwks = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class AuthorizationInvalid(DomainError):
    """A message between portal and provider that must be refused; ``code`` says why."""


class IssuanceInvalid(DomainError):
    """A message of OpenID4VCI that must be refused. ``code`` is one of the protocol's own error codes."""


def dated(at: datetime) -> dict[str, Any]:
    """The members that make a message short-lived and unique: iat, exp and jti."""
    return {
        "iat": jose.seconds(at),
        "exp": jose.seconds(at + MESSAGE_LIFETIME),
        "jti": base64url.encode(secrets.token_bytes(16)),
    }


def open_message(token: str, *, typ: str, jwks: Jwks, expected: Mapping[str, str], at: datetime) -> Mapping[str, Any]:
    """The payload of a message. Raises AuthorizationInvalid. Does **not** remember ``jti``: the caller burns it."""
    try:
        # 1 parsed, bounded; alg, typ and signature by the key that kid names
        payload = jose.verify_with_jwks(token, jwks=jwks, typ=typ).payload
        issued_at, expires_at = jose.required_time_of(payload, "iat"), jose.required_time_of(payload, "exp")
    except jose.JoseInvalid as error:
        raise AuthorizationInvalid(error.code, error.reason) from error
    # 2 from whom and for whom we expect; one string each, for a list of audiences would let it serve two houses
    for name, value in expected.items():
        given = payload.get(name)
        if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8"), value.encode("utf-8")):
            raise AuthorizationInvalid("message_for_another", f"{name} is not the expected one")
    # 3 made now, and not to last
    if at >= expires_at or expires_at > issued_at + MESSAGE_LIFETIME + CLOCK_SKEW:
        raise AuthorizationInvalid("message_expired", "past its exp, or made to live too long")
    if issued_at > at + CLOCK_SKEW:
        raise AuthorizationInvalid("message_from_the_future", "iat lies in the future")
    # 4 unique, so that it can be burned
    text_in(payload, "jti")
    return payload


def text_in(payload: Mapping[str, Any], name: str) -> str:
    """A member that must be a text of reasonable length. Raises AuthorizationInvalid."""
    value = payload.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise AuthorizationInvalid("message_malformed", f"{name} is not a text of reasonable length")
    return value
