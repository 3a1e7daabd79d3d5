"""What the issuer refuses."""

from recovery_portal.kit.errors import DomainError


class OfferRefused(DomainError):
    """Nothing is offered. Codes: contract_unknown, claim_missing, claim_unknown, expiration_not_allowed,
    expiration_out_of_range; ``reason`` names the claim."""


class ProtocolRefused(DomainError):
    """A refusal on the wire: ``code`` is the standard's error code, ``status`` the HTTP status."""

    def __init__(self, code: str, reason: str, *, status: int = 400) -> None:
        super().__init__(code, reason)
        self.status = status
