"""Without a camera: an operator makes sure who it is, and the browser that asked goes on to its pass.

The operator is told a number that stands on that browser's page alone. Without it the owner, calling about an attempt
that somebody else began, would vouch for a stranger's browser.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from accounts.audit import flows as audit
from accounts.models import User
from recovery_portal.kit import queue, tokens
from recovery_portal.kit.typed import one_line
from tap.queries import policy_covers

from .. import queries
from ..errors import AssistanceRefused, NotThisDevice, ReviewRefused
from ..machine import Event, State
from ..models import Assistance, AttemptDevice, RecoveryAttempt, RecoveryProfile
from ..pages import is_held_by
from . import closing
from .reviewing import check_may_review

# The first thing after the start: for unknown names, too, as the worker finds out that there is nobody to write to.
TELL_OWNER: Final = "recovery_portal.recovery.tasks.tell_owner"
# An operator has to be found and to call back; the page may be left and opened again meanwhile.
LIFETIME: Final = timedelta(hours=2)
CODE_TRIES_MAX: Final = 3
_CODE_DIGITS: Final = 6
_TEXT_MAX_LENGTH: Final = 500
_Status = Assistance.Status
_FROM: Final = (State.STARTED, State.AT_PROVIDER, State.PRESENTED)


def is_offered(*, attempt: RecoveryAttempt, device: AttemptDevice) -> bool:
    """Whether ``device`` may ask: by the profile, and only where the pass would be shown as well."""
    terms = attempt.terms
    here = device.role == AttemptDevice.Role.STARTER or not terms.reveals_in_starting_browser
    return terms.assistance_offered and here and attempt.state in _FROM and is_held_by(attempt, device)


def ask(*, attempt: RecoveryAttempt, device: AttemptDevice, at: datetime) -> None:
    """Wait for an operator instead of going to the camera. Raises AssistanceRefused (not_offered), NotThisDevice,
    IllegalTransition, AttemptMoved."""
    if not attempt.terms.assistance_offered:
        raise AssistanceRefused("not_offered", "The profile does not offer it.")
    if not is_offered(attempt=attempt, device=device):
        raise NotThisDevice("not_this_device", "The step belongs to another device, or is over.")
    two = attempt.terms.assistance == RecoveryProfile.Assistance.TWO_OPERATORS
    first = attempt.state == State.STARTED
    code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}d}"
    with transaction.atomic():
        # What was presented is not looked at any more: it goes as at every end.
        closing.end(attempt, Event.ASSISTANCE_ASKED, at=at, face_device=device, expires_at=at + LIFETIME)
        Assistance.objects.create(
            attempt=attempt,
            device=device,
            operators_needed=2 if two else 1,
            asked_at=at,
            code_sealed=Assistance.sealed(code),
        )
        if first:
            queue.enqueue(TELL_OWNER, attempt_id=str(attempt.pk))


def confirm(*, assistance: Assistance, by: User, code: str, method: str, at: datetime) -> None:
    """``by`` has made sure who it is by ``method``, and was told ``code``. Where one operator is enough, that decides.

    Every try counts before it is looked at, and the last wrong one refuses the attempt. Raises AssistanceRefused.
    """
    user = _check(assistance, by)
    method = one_line(method)[:_TEXT_MAX_LENGTH]
    if not method:
        raise AssistanceRefused("method_missing", "Say how you made sure who it is.")
    waiting = Assistance.objects.filter(pk=assistance.pk, status=_Status.WAITING)
    if not waiting.filter(code_tries__lt=CODE_TRIES_MAX).update(code_tries=F("code_tries") + 1):
        raise AssistanceRefused("not_waiting", "Somebody was quicker; look again.")
    assistance.refresh_from_db()
    if not tokens.same(assistance.code, "".join(code.split())):
        _wrong_code(assistance, by, at)
        raise AssistanceRefused("wrong_code", "This is not the number on the person's page.")
    _check_account(user)
    with transaction.atomic():
        facts = {"confirmed_by": by, "confirmed_at": at, "method": method}
        if assistance.operators_needed == 1:
            facts |= {"status": _Status.GRANTED, "decided_by": by, "decided_at": at, "code_sealed": None}
        else:
            facts["status"] = _Status.CONFIRMED
        if not waiting.update(**facts):
            raise AssistanceRefused("not_waiting", "Somebody was quicker; look again.")
        if assistance.operators_needed == 1:
            _grant(assistance.attempt, by, method, at)
        else:
            _audit(assistance, "Assisted account recovery confirmed", by, method, at)
    assistance.refresh_from_db()


def approve(*, assistance: Assistance, by: User, note: str, at: datetime) -> None:
    """The second of two. Raises AssistanceRefused."""
    user = _check(assistance, by)
    if by.pk == assistance.confirmed_by_id:
        raise AssistanceRefused("same_operator", "Somebody else than who confirmed it decides.")
    _check_account(user)
    note = one_line(note)[:_TEXT_MAX_LENGTH]
    with transaction.atomic():
        confirmed = Assistance.objects.filter(pk=assistance.pk, status=_Status.CONFIRMED).exclude(confirmed_by=by)
        facts = {"status": _Status.GRANTED, "decided_by": by, "decided_at": at, "note": note, "code_sealed": None}
        if not confirmed.update(**facts):
            raise AssistanceRefused("not_waiting", "Somebody was quicker; look again.")
        _grant(assistance.attempt, by, note, at)
    assistance.refresh_from_db()


def refuse(*, assistance: Assistance, by: User, note: str, at: datetime) -> None:
    """It could not be made sure. One operator is enough. Raises AssistanceRefused."""
    _check(assistance, by)
    _refuse(assistance, by, one_line(note)[:_TEXT_MAX_LENGTH], at, reason="assistance_refused")


def _wrong_code(assistance: Assistance, by: User, at: datetime) -> None:
    with transaction.atomic():
        _audit(assistance, "Assisted account recovery number wrong", by, "", at, failed=True)
        if assistance.code_tries >= CODE_TRIES_MAX:
            _refuse(assistance, by, "", at, reason="assistance_code_wrong")


def _refuse(assistance: Assistance, by: User, note: str, at: datetime, *, reason: str) -> None:
    with transaction.atomic():
        still = Assistance.objects.filter(pk=assistance.pk, status__in=[_Status.WAITING, _Status.CONFIRMED])
        if not still.update(status=_Status.REFUSED, decided_by=by, decided_at=at, note=note, code_sealed=None):
            raise AssistanceRefused("not_waiting", "Somebody was quicker; look again.")
        closing.end(
            assistance.attempt,
            Event.ASSISTANCE_REFUSED,
            at=at,
            reason=reason,
            details={"note": note},
            initiated_by=by,
        )
    assistance.refresh_from_db()


def _grant(attempt: RecoveryAttempt, by: User, text: str, at: datetime) -> None:
    detail = {"assisted": attempt.terms.assistance}
    told = {"assistance": attempt.terms.assistance, "note": text}
    if attempt.terms.is_evaluation:
        _audit_grant_in_evaluation(attempt, by, told, at)
        closing.end(
            attempt,
            Event.EVALUATION_MATCHED,
            at=at,
            details=told,
            initiated_by=by,
            match_detail=detail,
            would_have="pass_issued",
        )
    else:
        closing.end(attempt, Event.ASSISTANCE_GRANTED, at=at, details=told, initiated_by=by, match_detail=detail)


def _check(assistance: Assistance, by: User) -> User:
    """The person, when ``by`` may decide about them. The attempt is read anew: it may have ended meanwhile."""
    attempt = assistance.attempt
    attempt.refresh_from_db()
    if attempt.user is None:
        raise AssistanceRefused("not_waiting", "The directory does not know this account.")
    try:
        check_may_review(by, attempt.user)
    except ReviewRefused as refused:
        raise AssistanceRefused(refused.code, refused.reason) from refused
    if not by.has_perm("tap.add_temporaryaccesspass"):
        raise AssistanceRefused("not_permitted", "Who helps somebody to a pass may issue passes.")
    if attempt.state != State.AWAITING_ASSISTANCE:
        raise AssistanceRefused("not_waiting", f"The attempt is {attempt.state}.")
    return attempt.user


def _check_account(user: User) -> None:
    if not User.objects.get(pk=user.pk).account_enabled:
        raise AssistanceRefused("account_disabled", "The account is disabled.")
    if queries.is_blocked(user):
        raise AssistanceRefused("blocked", "Recovery is blocked for this person.")
    if not policy_covers(user):
        raise AssistanceRefused("outside_pass_policy", "The person is outside the Temporary Access Pass policy.")


def _audit_grant_in_evaluation(attempt: RecoveryAttempt, by: User, told: dict[str, str], at: datetime) -> None:
    audit.record(
        activity="Assisted account recovery approved",
        at=at,
        target=attempt.user,
        initiated_by=by,
        details={"attempt": str(attempt.pk), **told},
        correlation_id=attempt.correlation_id,
    )


def _audit(assistance: Assistance, activity: str, by: User, text: str, at: datetime, *, failed: bool = False) -> None:
    attempt = assistance.attempt
    audit.record(
        activity=activity,
        result="failure" if failed else "success",
        at=at,
        target=attempt.user,
        initiated_by=by,
        details={"attempt": str(attempt.pk), "note": text},
        correlation_id=attempt.correlation_id,
    )
