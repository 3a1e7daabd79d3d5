"""What an issuer refuses on the wire, as OAuth words it."""

import re

from recovery_portal.kit.errors import DomainError

_NOT_IN_DESCRIPTION = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class ProtocolRefused(DomainError):
    """A refusal on the wire: ``code`` is the standard's error code, ``status`` the HTTP status."""

    def __init__(self, code: str, reason: str, *, status: int = 400) -> None:
        super().__init__(code, reason)
        self.status = status

    def challenge(self) -> str:
        """The ``WWW-Authenticate`` header, or nothing."""
        return ""


class InvalidToken(ProtocolRefused):
    """The access token is missing, unknown or expired (RFC 6750 section 3.1)."""

    def __init__(self, reason: str, *, scheme: str = "bearer") -> None:
        super().__init__("invalid_token", reason, status=401)
        self.scheme = scheme

    def challenge(self) -> str:
        return 'DPoP error="invalid_token", algs="ES256"' if self.scheme == "dpop" else 'Bearer error="invalid_token"'


def error_members(code: str, description: str = "") -> dict[str, str]:
    """The body of an error answer: description in printable ASCII without quote and backslash (RFC 6749 5.2)."""
    members = {"error": code}
    if description:
        members["error_description"] = _NOT_IN_DESCRIPTION.sub("?", description)[:300]
    return members
