"""What the issuer refuses."""

from recovery_portal.kit.errors import DomainError


class OfferRefused(DomainError):
    """Nothing is offered. Codes: contract_unknown, claim_missing, claim_unknown, expiration_not_allowed,
    expiration_out_of_range; ``reason`` names the claim."""


class ContractRefused(DomainError):
    """The contract is not kept. Codes: contract_invalid, contract_settled; ``reason`` names the field."""
