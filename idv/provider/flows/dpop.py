"""DPoP at our endpoints (RFC 9449): proofs are looked at once, and carry a nonce that we gave."""

from datetime import datetime

from django.conf import settings

from idv.protocol import dpop as wire
from recovery_portal.kit.errors import DomainError

from .. import policy
from ..errors import DpopRefused
from . import seen, server_nonces

_PURPOSE = "dpop-nonce"


def new_nonce(*, at: datetime) -> str:
    """A nonce for a wallet's next proof."""
    return server_nonces.new(_PURPOSE, at=at)


def prove(proof: str, *, method: str, path: str, at: datetime, access_token: str = "") -> str:
    """The thumbprint of the key that a proof proves. Raises DpopRefused. The proof is burned."""
    try:
        proved = wire.open_proof(
            proof,
            method=method,
            url=f"{settings.PROVIDER_BASE_URL}{path}",
            at=at,
            max_age=policy.DPOP_PROOF_AGE,
            access_token=access_token,
        )
    except wire.DpopInvalid as refusal:
        raise DpopRefused("invalid_dpop_proof", f"{refusal.code}: {refusal.reason}") from refusal
    if not server_nonces.is_ours(_PURPOSE, proved.nonce, lifetime=policy.DPOP_NONCE_LIFETIME, at=at):
        raise DpopRefused("use_dpop_nonce", "no nonce, or a stale one")
    try:
        seen.burn(f"dpop:{proved.jkt}", proved.jti, proved.expires_at)
    except DomainError as replayed:
        raise DpopRefused("invalid_dpop_proof", replayed.reason) from replayed
    return proved.jkt
