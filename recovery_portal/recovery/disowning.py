"""The *this wasn't me* link of the first letter: signed, good for a week, and harmless until a button is pressed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .models import RecoveryAttempt

_SALT = "recovery.not-me"
LIFETIME = timedelta(days=7)


def link(attempt: RecoveryAttempt) -> str:
    token = signing.dumps(str(attempt.pk), salt=_SALT)
    return f"{settings.PORTAL_BASE_URL}{reverse('recovery:not-me', args=[token])}"


def find_attempt(token: str, *, at: datetime) -> RecoveryAttempt | None:
    """The attempt a link was written for; None for anything that is not a link of ours or is too old."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    # The letter goes out as the attempt begins; the age that the signature bears is by the machine's clock.
    return RecoveryAttempt.objects.select_related("user").filter(pk=pk, started_at__gt=at - LIFETIME).first()
