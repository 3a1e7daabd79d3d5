"""DPoP at our endpoints (RFC 9449): proofs are looked at once, and carry a nonce that we gave."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from idv.protocol import dpop as wire
from recovery_portal.kit.tokens import digest

from .. import policy
from ..errors import DpopRefused
from ..models import SeenAssertion
from . import server_nonces

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
        with transaction.atomic():
            SeenAssertion.objects.create(
                issuer=f"dpop:{proved.jkt}",
                jti_digest=digest(proved.jti),
                expires_at=proved.expires_at + policy.CLOCK_SKEW,
            )
    except IntegrityError as error:
        raise DpopRefused("invalid_dpop_proof", "this jti was seen before") from error
    return proved.jkt
