"""Stopping every recovery of an account, and letting it be recovered again."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.audit import flows as audit
from accounts.models import User
from recovery_portal.kit.typed import one_line

from ..errors import AttemptMoved, BlockRefused
from ..models import RecoveryAttempt, RecoveryBlock
from .ending import cancel

_LOST_RACES = 5


def block(*, user: User, reason: str, by: User, at: datetime) -> RecoveryBlock:
    """No recovery of the account may begin; those that run are cancelled, and what they handed out is worth nothing.

    Whoever tries sees what everybody sees who is not in scope. Raises BlockRefused (not_permitted, own_account,
    reason_missing, already_blocked).
    """
    _check(user, by, "recovery.add_recoveryblock")
    reason = one_line(reason)[:200]
    if not reason:
        raise BlockRefused("reason_missing", "Say why.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # a pass is handed out under the same lock
        try:
            with transaction.atomic():
                made = RecoveryBlock.objects.create(user=user, reason=reason, blocked_by=by, blocked_at=at)
        except IntegrityError as error:
            raise BlockRefused("already_blocked", "Recovery is blocked for this person already.") from error
        cancelled = sum(_cancel(attempt, by, at) for attempt in RecoveryAttempt.objects.active().filter(user=user))
        audit.record(
            activity="Account recovery blocked for user", at=at, target=user, initiated_by=by, reason=reason,
            details={"attemptsCancelled": str(cancelled)},
        )  # fmt: skip
    return made


def unblock(*, user: User, by: User, at: datetime) -> None:
    """Raises BlockRefused (not_permitted, own_account, not_blocked)."""
    _check(user, by, "recovery.delete_recoveryblock")
    with transaction.atomic():
        if not RecoveryBlock.objects.filter(user=user, lifted_at=None).update(lifted_at=at, lifted_by=by):
            raise BlockRefused("not_blocked", "Recovery is not blocked for this person.")
        audit.record(activity="Account recovery unblocked for user", at=at, target=user, initiated_by=by)


def _check(user: User, by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise BlockRefused("not_permitted", permission)
    if by.pk == user.pk:
        raise BlockRefused("own_account", "Operators do not manage their own account.")


def _cancel(attempt: RecoveryAttempt, by: User, at: datetime) -> bool:
    """Cancel it wherever it has got to meanwhile; False when it had ended by itself."""
    for _ in range(_LOST_RACES):
        if not attempt.is_active:
            return False
        try:
            cancel(attempt=attempt, cancelled_by=by, at=at)
        except AttemptMoved:
            attempt.refresh_from_db()
        else:
            return True
    raise AttemptMoved("attempt_moved", f"{attempt.pk} would not stand still")
