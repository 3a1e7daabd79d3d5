"""Recovery stopped for everybody at once, and let go on again.

A brake, not a setting: profiles, and what two operators agreed on for them, stay as they are. So one operator may pull
it and one may let it go, whoever else has to approve what widens a profile.
"""

from datetime import datetime

from django.db import transaction

from accounts.audit import flows as audit
from accounts.operators import Operator

from ..errors import ProfileRefused
from ..models import RecoveryPolicy
from .operating import CATEGORY

CHANGES_POLICY = "recovery.change_recoverypolicy"


def stop(*, by: Operator, at: datetime) -> bool:
    """Nobody is offered recovery from now on, and who is on the way gets no pass. A pass that has been shown stays
    good. False when it was so already. Raises ProfileRefused (not_permitted)."""
    return _set(stopped_at=at, by=by, at=at)


def resume(*, by: Operator, at: datetime) -> bool:
    """Let it go on as it was. False when it was so already. Raises ProfileRefused (not_permitted)."""
    return _set(stopped_at=None, by=by, at=at)


@transaction.atomic
def _set(*, stopped_at: datetime | None, by: Operator, at: datetime) -> bool:
    if by.user is not None and not by.user.has_perm(CHANGES_POLICY):
        raise ProfileRefused("not_permitted", CHANGES_POLICY)
    RecoveryPolicy.objects.get_or_create(id=RecoveryPolicy.THE_ROW)
    other = RecoveryPolicy.objects.filter(stopped_at__isnull=stopped_at is not None)
    if not other.update(stopped_at=stopped_at):
        return False
    audit.record(
        activity="Account Recovery stopped" if stopped_at else "Account Recovery resumed",
        at=at, initiated_by=by.user, application=by.application, category=CATEGORY,
    )  # fmt: skip
    return True
