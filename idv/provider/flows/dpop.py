"""DPoP at our endpoints (RFC 9449): proofs are looked at once, and carry a nonce that we gave."""

import hmac
from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from idv.protocol import dpop as wire
from recovery_portal.kit.tokens import digest

from .. import policy
from ..errors import DpopRefused
from ..models import SeenAssertion


def new_nonce(*, at: datetime) -> str:
    """A nonce that any process of this provider recognises, without a row: its own time, authenticated."""
    return _nonce_of(int(at.timestamp()))


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
    if not _is_ours(proved.nonce, at):
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


def _is_ours(nonce: str, at: datetime) -> bool:
    moment = nonce.partition("-")[0]
    if not moment.isascii() or not moment.isdigit() or len(moment) > 12:
        return False
    made_at = datetime.fromtimestamp(int(moment), UTC)
    if not at - policy.DPOP_NONCE_LIFETIME <= made_at <= at + policy.CLOCK_SKEW:
        return False
    return hmac.compare_digest(_nonce_of(int(moment)).encode(), nonce.encode("utf-8", "surrogatepass"))


def _nonce_of(moment: int) -> str:
    return f"{moment}-{salted_hmac('idv.provider.dpop-nonce', str(moment), algorithm='sha256').hexdigest()[:32]}"
