"""What the provider refuses."""

from datetime import datetime

from recovery_portal.kit.errors import DomainError


class ProofingMoved(DomainError):
    """The proofing left the state that the caller saw: another tab, another device or a task was quicker."""

    def __init__(self, reason: str) -> None:
        super().__init__("proofing_moved", reason)


class ProofingOver(DomainError):
    """The proofing has ended, or its lifetime has."""

    def __init__(self, reason: str) -> None:
        super().__init__("proofing_over", reason)


class StepPaused(DomainError):
    """Too many photos of this step could not be used; it goes on after a pause."""

    def __init__(self, until: datetime) -> None:
        super().__init__("step_paused", f"until {until:%H:%M:%S}")
        self.until = until


class PhotosSeenBefore(DomainError):
    """Exactly these photos have been looked at and could not be used."""

    def __init__(self) -> None:
        super().__init__("photos_seen_before", "the same bytes as in an earlier try")


class HandOffRefused(DomainError):
    """The link to the phone is unknown, used or out of date. One code for all three: a guesser learns nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__("hand_off_refused", reason)


class OperatorRefused(DomainError):
    """The operator's link is unknown, used or out of date. One code for all three."""

    def __init__(self, reason: str) -> None:
        super().__init__("operator_link_refused", reason)


class RequestRefused(DomainError):
    """An address that a browser opened leads nowhere (unknown, used or expired ``request_uri``)."""


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


class DpopRefused(ProtocolRefused):
    """A DPoP proof that does not prove it, or one without our nonce: the answer carries a fresh one (RFC 9449 8)."""

    def challenge(self) -> str:
        return f'DPoP error="{self.code}", algs="ES256"' if self.status == 401 else ""


class AttestationRefused(ProtocolRefused):
    """A wallet that must be attested and is not: ``invalid_client``, or ``use_attestation_challenge`` with a fresh one
    in the answer (draft-ietf-oauth-attestation-based-client-auth section 6.2)."""
