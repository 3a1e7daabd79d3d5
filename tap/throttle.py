"""Counting wrong passcodes, one user at a time (SP 800-63B-4 3.2.2; ASVS 5.0 6.6.3)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User

from . import policy as rules
from .models import PasscodeThrottle


@dataclass(frozen=True)
class Try:
    """``locked_until`` set: no try was granted. Else ``failures`` counts this one, should it fail."""

    failures: int
    locked_until: datetime | None = None


def take_try(user: User, at: datetime) -> Try:
    """Pay for one try in advance. The tenth in a row locks the next ones out for 60 s, then doubling to 10 min."""
    PasscodeThrottle.objects.get_or_create(user=user)
    with transaction.atomic():
        row = PasscodeThrottle.objects.select_for_update().get(user=user)
        if row.locked_until is not None and row.locked_until > at:
            return Try(row.failures, row.locked_until)
        row.failures += 1
        lock = rules.lock_after(row.failures)
        row.locked_until = at + lock if lock else None
        row.save(update_fields=["failures", "locked_until"])
        return Try(row.failures)


def forgive(user: User) -> None:
    """Start counting afresh: after the right passcode, and for a new one."""
    PasscodeThrottle.objects.filter(user=user).update(failures=0, locked_until=None)
