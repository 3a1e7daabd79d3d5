"""Ways out: the person's, the owner's, the operator's and the clock's."""

from datetime import datetime

from django.db import transaction

from accounts import flows as accounts
from accounts.models import User
from recovery_portal.kit.errors import DomainError
from tap import flows as tap

from ..machine import GRANTED, Event, State
from ..models import RecoveryAttempt
from . import closing


def cancel(*, attempt: RecoveryAttempt, at: datetime, cancelled_by: User | None = None) -> None:
    """Stop the attempt; a pass it handed out is worth nothing any more. ``cancelled_by`` is an operator, or None for
    the person at a device of the attempt. Raises IllegalTransition, AttemptMoved."""
    event = Event.OPERATOR_CANCELLED if cancelled_by else Event.USER_CANCELLED
    _stop(attempt, event, at=at, by=cancelled_by)


def disown(*, attempt: RecoveryAttempt, at: datetime) -> None:
    """*This wasn't me*, from the letter to the owner. Besides stopping it, end what a used pass may have opened."""
    with transaction.atomic():
        signed_in = attempt.state == State.SIGNED_IN
        _stop(attempt, Event.OWNER_DISOWNED, at=at, by=None)
        if signed_in and attempt.user is not None:
            accounts.end_other_sessions(user=attempt.user, at=at)


def _stop(attempt: RecoveryAttempt, event: Event, *, at: datetime, by: User | None) -> None:
    with transaction.atomic():
        granted = attempt.state in GRANTED
        closing.end(attempt, event, at=at, reason="not_me" if event is Event.OWNER_DISOWNED else "", initiated_by=by)
        if granted and attempt.user is not None:
            tap.revoke(user=attempt.user, revoked_by=by, at=at)


def expire(*, attempt: RecoveryAttempt, at: datetime) -> None:
    """End an attempt whose time is over; harmless for any other."""
    if attempt.is_active and attempt.expires_at <= at:
        closing.end(attempt, Event.LIFETIME_ENDED, at=at)


def expire_due(*, at: datetime) -> int:
    """Expire everything whose time is over; returns how many."""
    expired = 0
    for attempt in RecoveryAttempt.objects.active().filter(expires_at__lte=at).select_related("user"):
        try:
            expire(attempt=attempt, at=at)
        except DomainError:  # somebody moved it at the last moment
            continue
        expired += 1
    return expired
