"""What the doctor asks about passes."""

from collections.abc import Iterator
from datetime import datetime

from recovery_portal.kit.doctor import Finding, ok, problem, warning

from . import policy as rules
from .models import PolicyState
from .queries import get_policy

_SUBJECT = "Temporary Access Pass"


def policy(at: datetime) -> Iterator[Finding]:
    """A recovery ends with a pass: one that the policy does not cover ends in an error at the very end."""
    row = get_policy()
    for field, sentence in rules.contradictions(row):
        yield problem(_SUBJECT, f"{sentence} ({field})")
    if row.state != PolicyState.ENABLED:
        yield problem(_SUBJECT, "The policy is disabled: no recovery can end well. Enable it in the admin site.")
        return
    if not row.include_all_users and not row.include_groups.filter(members__isnull=False).exists():
        yield problem(_SUBJECT, "The policy is enabled and includes nobody. Include groups that have members.")
        return
    whom = "everybody" if row.include_all_users else f"{row.include_groups.count()} groups"
    yield ok(_SUBJECT, f"The policy is enabled for {whom}.")
    if row.default_lifetime_minutes > 480:
        yield warning(_SUBJECT, f"A pass lives {row.default_lifetime_minutes} minutes by default; 60 are enough.")
