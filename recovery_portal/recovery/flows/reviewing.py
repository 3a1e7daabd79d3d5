"""Refused attempts before the help desk. One operator proposes to overrule, another approves; then a pass may be
issued by the flow that issues every pass, with its limits, once and for a day."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.audit import flows as audit
from accounts.models import User
from recovery_portal.kit.typed import one_line
from tap import flows as tap
from tap.queries import policy_covers

from .. import queries
from ..errors import ReviewRefused
from ..models import AttemptReview, RecoveryAttempt
from ..models.review import REFUSALS, REVIEW_WINDOW

_TEXT_MAX_LENGTH = 500


def propose_overrule(*, attempt: RecoveryAttempt, by: User, justification: str, at: datetime) -> AttemptReview:
    """The first of two. Raises ReviewRefused."""
    return _open(attempt, AttemptReview.Status.PROPOSED, by, justification, at, "Recovery refusal overrule proposed")


def uphold(*, attempt: RecoveryAttempt, by: User, justification: str, at: datetime) -> AttemptReview:
    """The refusal stands, and nobody needs to look again: one operator is enough. Raises ReviewRefused."""
    return _open(attempt, AttemptReview.Status.UPHELD, by, justification, at, "Recovery refusal upheld")


def approve(*, review: AttemptReview, by: User, note: str, at: datetime) -> None:
    """The second of two; of several at once one wins. Raises ReviewRefused."""
    user = _user_of(review.attempt)
    if queries.is_blocked(user):
        raise ReviewRefused("blocked", "Recovery is blocked for this person.")
    _decide(review, AttemptReview.Status.APPROVED, by, note, at, "Recovery refusal overruled")


def reject(*, review: AttemptReview, by: User, note: str, at: datetime) -> None:
    """The second does not agree: the refusal stands. Raises ReviewRefused."""
    _decide(review, AttemptReview.Status.REJECTED, by, note, at, "Recovery refusal overrule rejected")


def issue_overruled(*, review: AttemptReview, by: User, at: datetime) -> tap.IssuedPass:
    """The pass that an overruled refusal stands for, once. Raises ReviewRefused, IssueRefused."""
    user = _user_of(review.attempt)
    check_may_review(by, user)
    if not user.account_enabled:
        raise ReviewRefused("not_reviewable", "The account is disabled.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if queries.is_blocked(user):
            raise ReviewRefused("blocked", "Recovery is blocked for this person.")
        if not policy_covers(user):
            raise ReviewRefused("outside_pass_policy", "The person is outside the Temporary Access Pass policy.")
        review.refresh_from_db()
        if review.status == AttemptReview.Status.APPROVED and not review.is_good(at):
            raise ReviewRefused("overrule_too_old", "The approval is older than a day.")
        approved = AttemptReview.objects.filter(pk=review.pk, status=AttemptReview.Status.APPROVED)
        if not approved.update(status=AttemptReview.Status.SPENT, spent_by=by, spent_at=at):
            raise ReviewRefused("already_decided", f"The review is {review.status}.")
        # A refusal of the issue undoes the spending with it.
        issued = tap.issue(user=user, issued_by=by, at=at, correlation_id=review.attempt.correlation_id)
    review.refresh_from_db()
    return issued


def _open(
    attempt: RecoveryAttempt, status: AttemptReview.Status, by: User, justification: str, at: datetime, activity: str
) -> AttemptReview:
    user = _user_of(attempt)
    check_may_review(by, user)
    justification = _text(justification)
    if not justification:
        raise ReviewRefused("justification_missing", "Say why.")
    if attempt.state not in REFUSALS or attempt.ended_at is None or at >= attempt.ended_at + REVIEW_WINDOW:
        raise ReviewRefused("not_reviewable", "Only an attempt refused in the last seven days is reviewed.")
    if status == AttemptReview.Status.PROPOSED and queries.is_blocked(user):
        raise ReviewRefused("blocked", "Recovery is blocked for this person.")
    with transaction.atomic():
        try:
            with transaction.atomic():
                review = AttemptReview.objects.create(
                    attempt=attempt, status=status, proposed_by=by, proposed_at=at, justification=justification
                )
        except IntegrityError as error:
            raise ReviewRefused("already_proposed", "Somebody has reviewed this attempt already.") from error
        _audit(attempt, activity, by, justification, at)
    return review


def _decide(
    review: AttemptReview, status: AttemptReview.Status, by: User, note: str, at: datetime, activity: str
) -> None:
    check_may_review(by, _user_of(review.attempt))
    if by.pk == review.proposed_by_id:
        raise ReviewRefused("same_operator", "Somebody else than who proposed it decides.")
    with transaction.atomic():
        open_one = AttemptReview.objects.filter(pk=review.pk, status=AttemptReview.Status.PROPOSED)
        if not open_one.exclude(proposed_by=by).update(status=status, decided_by=by, decided_at=at, note=_text(note)):
            raise ReviewRefused("already_decided", "Somebody has decided already.")
        _audit(review.attempt, activity, by, _text(note), at)
    review.refresh_from_db()


def check_may_review(by: User, user: User) -> None:
    """As for passes: nobody for themselves, and operators' accounts are left to those who may issue for operators."""
    if by.pk == user.pk:
        raise ReviewRefused("own_account", "Nobody reviews their own recovery.")
    for_operators = by.is_superuser if user.is_superuser else by.has_perm("tap.issue_for_operators")
    if not by.has_perm("recovery.review_attempt") or (user.is_operator and not for_operators):
        raise ReviewRefused("not_permitted", "Insufficient privileges to review this person's recovery.")


def _user_of(attempt: RecoveryAttempt) -> User:
    if attempt.user is None:
        raise ReviewRefused("not_reviewable", "The directory does not know this account.")
    return attempt.user


def _text(text: str) -> str:
    return one_line(text)[:_TEXT_MAX_LENGTH]


def _audit(attempt: RecoveryAttempt, activity: str, by: User, text: str, at: datetime) -> None:
    audit.record(
        activity=activity,
        at=at,
        target=attempt.user,
        initiated_by=by,
        reason=attempt.reason_code,
        details={"attempt": str(attempt.pk), "note": text},
        correlation_id=attempt.correlation_id,
    )
