"""After the match: the number, the pass, the sign-in, the new method."""

from datetime import datetime

from django.db import transaction

from accounts import flows as accounts
from accounts import notices
from accounts.models import User
from tap import flows as tap
from tap.errors import IssueRefused
from tap.queries import policy_covers

from .. import queries
from ..errors import AttemptMoved, RevealRefused
from ..machine import GRANTED, Event, State
from ..models import RecoveryAttempt

TEMPORARY_ACCESS_PASS = "temporaryAccessPass"  # noqa: S105 - the key of a method


def choose_number(*, attempt: RecoveryAttempt, number: int | None, at: datetime) -> None:
    """The phone has picked. One wrong pick, or *none of these*, ends the attempt: a second guess would be a guess."""
    if number is not None and number == attempt.pairing_number:
        attempt.apply(Event.NUMBER_CONFIRMED, at=at)
    else:
        attempt.apply(Event.NUMBER_REFUSED, at=at, reason="wrong_number" if number is not None else "no_such_number")


def reveal_pass(*, attempt: RecoveryAttempt, at: datetime) -> tap.IssuedPass | None:
    """Issue the pass; what is returned is the only copy of the passcode. None when no pass could be issued: that is
    recorded, and looks to the person like a mismatch (facts 1.9 F5). Raises AttemptMoved, IllegalTransition."""
    user = None if attempt.user is None else User.objects.filter(pk=attempt.user.pk).first()
    if user is None or not user.account_enabled:
        attempt.apply(Event.PASS_REFUSED, at=at, reason="account_disabled")
        return None
    if not policy_covers(user):
        attempt.apply(Event.PASS_REFUSED, at=at, reason="outside_pass_policy")
        return None
    try:
        return _issue(attempt, user, at)
    except (IssueRefused, RevealRefused) as refused:
        attempt.refresh_from_db()
        attempt.apply(Event.PASS_REFUSED, at=at, reason=refused.code)
        return None


@transaction.atomic
def _issue(attempt: RecoveryAttempt, user: User, at: datetime) -> tap.IssuedPass:
    User.objects.select_for_update().get(pk=user.pk)  # two attempts of one person: the later one replaces the earlier
    fresh = RecoveryAttempt.objects.get(pk=attempt.pk)
    if fresh.state != attempt.state:
        raise AttemptMoved("attempt_moved", f"{attempt.pk} is {fresh.state}")
    if queries.is_stopped():
        raise RevealRefused("stopped", "an operator stopped recovery altogether")
    if queries.is_blocked(user):  # under the lock that blocking takes, too
        raise RevealRefused("blocked", "an operator blocked recoveries of this account")
    for earlier in RecoveryAttempt.objects.filter(user=user, state__in=GRANTED).exclude(pk=attempt.pk):
        earlier.apply(Event.REPLACED, at=at, reason="newer_attempt")
    issued = tap.issue(user=user, issued_by=None, at=at, correlation_id=attempt.correlation_id)
    attempt.apply(
        Event.PASS_ISSUED, at=at, expires_at=issued.record.expires_at, pass_expires_at=issued.record.expires_at
    )
    return issued


def signed_in(*, user: User, method: str, at: datetime) -> None:
    """Somebody signed in. With the pass of a recovery: sessions elsewhere end, and lost methods are suspended where
    the profile says so, before anything new is registered, so that nothing new is among them."""
    if method != TEMPORARY_ACCESS_PASS:
        return
    attempt = RecoveryAttempt.objects.filter(user=user, state=State.PASS_ISSUED).first()
    if attempt is None:
        return
    with transaction.atomic():
        attempt.apply(Event.PASS_REDEEMED, at=at)
        if attempt.terms.suspends_old_methods:
            accounts.suspend_methods(user=user, at=at, keep={TEMPORARY_ACCESS_PASS})
        accounts.end_other_sessions(user=user, at=at)


def registered(*, user: User, kind: str, at: datetime) -> None:
    """A method that lasts is on file: the recovery is complete, and every address hears of it."""
    if kind == TEMPORARY_ACCESS_PASS:
        return
    attempt = RecoveryAttempt.objects.filter(user=user, state=State.SIGNED_IN).first()
    if attempt is None:
        return
    with transaction.atomic():
        attempt.apply(Event.AUTHENTICATOR_REGISTERED, at=at, details={"method": kind})
        notices.send(user=user, notice="recovery_completed", at=at)
