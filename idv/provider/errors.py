"""What the provider refuses."""

from datetime import datetime

from idv.protocol.refusals import ProtocolRefused
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


class DpopRefused(ProtocolRefused):
    """A DPoP proof that does not prove it, or one without our nonce: the answer carries a fresh one (RFC 9449 8)."""

    def challenge(self) -> str:
        return f'DPoP error="{self.code}", algs="ES256"' if self.status == 401 else ""


class AttestationRefused(ProtocolRefused):
    """A wallet that must be attested and is not: ``invalid_client``, or ``use_attestation_challenge`` with a fresh one
    in the answer (draft-ietf-oauth-attestation-based-client-auth section 6.2)."""
