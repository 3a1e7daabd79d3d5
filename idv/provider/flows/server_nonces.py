"""Nonces that any process of this provider recognises, without a row: their own time, authenticated."""

import hmac
from datetime import UTC, datetime, timedelta

from django.utils.crypto import salted_hmac

from .. import policy


def new(purpose: str, *, at: datetime) -> str:
    """A nonce of one purpose; it is no nonce of another."""
    return _nonce_of(purpose, int(at.timestamp()))


def is_ours(purpose: str, nonce: str, *, lifetime: timedelta, at: datetime) -> bool:
    """Whether it was made here, for this purpose, not longer ago than ``lifetime``."""
    moment = nonce.partition("-")[0]
    if not moment.isascii() or not moment.isdigit() or len(moment) > 12:
        return False
    made_at = datetime.fromtimestamp(int(moment), UTC)
    if not at - lifetime <= made_at <= at + policy.CLOCK_SKEW:
        return False
    return hmac.compare_digest(_nonce_of(purpose, int(moment)).encode(), nonce.encode("utf-8", "surrogatepass"))


def _nonce_of(purpose: str, moment: int) -> str:
    mac = salted_hmac(f"idv.provider.{purpose}", str(moment), algorithm="sha256").hexdigest()
    return f"{moment}-{mac[:32]}"
