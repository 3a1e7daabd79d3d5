"""Messages that may come once: whoever brings a ``jti`` first has burned it."""

from datetime import datetime

from django.db import IntegrityError, transaction

from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import digest

from .. import policy
from ..models import SeenAssertion


def burn(issuer: str, jti: str, expires_at: datetime) -> None:
    """Remember a ``jti``; the unique constraint refuses it the second time. Raises DomainError(message_replayed)."""
    try:
        with transaction.atomic():
            SeenAssertion.objects.create(
                issuer=issuer, jti_digest=digest(jti), expires_at=expires_at + policy.CLOCK_SKEW
            )
    except IntegrityError as error:
        raise DomainError("message_replayed", "this jti was seen before") from error
