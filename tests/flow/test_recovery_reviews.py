"""Refused attempts before the help desk: two different operators, one pass, everything audited."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import AuditEvent, User
from recovery_portal.kit.errors import DomainError
from recovery_portal.recovery import queries
from recovery_portal.recovery.errors import ReviewRefused
from recovery_portal.recovery.flows import blocking, reviewing
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import AttemptDevice, AttemptReview, RecoveryAttempt, RecoveryProfile
from tap.errors import IssueRefused
from tap.models import TemporaryAccessPass, TemporaryAccessPassPolicy
from tests.fakes.recovery import NOON, Clock, make_person, walk
from tests.flow.test_recovery_attempts_console import operator, signed_in

pytestmark = pytest.mark.django_db

REVIEWS = (
    "recovery.view_recoveryattempt",
    "recovery.view_attemptreview",
    "recovery.review_attempt",
    "tap.add_temporaryaccesspass",
)


@pytest.fixture
def bob(db: None) -> User:
    return operator(*REVIEWS)


@pytest.fixture
def carol(db: None) -> User:
    return operator(*REVIEWS, name="carol@contoso.example")


def refused(user: User | None, profile: RecoveryProfile, state: State = State.MISMATCHED) -> RecoveryAttempt:
    name = user.user_principal_name if user else "nobody@contoso.example"
    attempt = RecoveryAttempt.begin(user=user, account_name=name, profile=profile, at=NOON)
    AttemptDevice.objects.create(attempt=attempt, role="starter", secret_digest=str(attempt.pk), joined_at=NOON)
    walk(attempt, state, at=NOON)
    return attempt


@pytest.fixture
def attempt(alice: User, profile: RecoveryProfile) -> RecoveryAttempt:
    return refused(alice, profile)


def proposed(attempt: RecoveryAttempt, by: User) -> AttemptReview:
    return reviewing.propose_overrule(attempt=attempt, by=by, justification="seen in person", at=NOON)


def test_two_operators_overrule_and_one_pass_is_issued(attempt: RecoveryAttempt, bob: User, carol: User) -> None:
    review = proposed(attempt, bob)
    reviewing.approve(review=review, by=carol, note="called back", at=NOON)
    issued = reviewing.issue_overruled(review=review, by=bob, at=NOON)
    assert issued.record.user == attempt.user
    assert (issued.record.issued_by, issued.record.correlation_id) == (bob, attempt.correlation_id)
    with pytest.raises(ReviewRefused, match="already_decided"):
        reviewing.issue_overruled(review=review, by=carol, at=NOON)
    assert review.status == "spent"
    attempt.refresh_from_db()
    assert attempt.state == State.MISMATCHED  # what happened stays what happened
    told = AuditEvent.objects.filter(correlation_id=attempt.correlation_id, initiated_by__isnull=False)
    # All at noon, and numbered when they are sealed: until then none is the first.
    assert sorted(told.values_list("activity", "initiated_by__user_principal_name")) == [
        ("Admin registered security info", "bob@contoso.example"),
        ("Recovery refusal overrule proposed", "bob@contoso.example"),
        ("Recovery refusal overruled", "carol@contoso.example"),
    ]
    assert issued.passcode not in "".join(str(event.details) for event in AuditEvent.objects.all())


def test_who_proposed_does_not_approve(attempt: RecoveryAttempt, bob: User) -> None:
    review = proposed(attempt, bob)
    for decide in (reviewing.approve, reviewing.reject):
        with pytest.raises(ReviewRefused, match="same_operator"):
            decide(review=review, by=bob, note="", at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():  # the database agrees
        AttemptReview.objects.update(status="approved", decided_by=bob, decided_at=NOON)
    with pytest.raises(ReviewRefused, match="already_decided"):
        reviewing.issue_overruled(review=review, by=bob, at=NOON)
    assert not TemporaryAccessPass.objects.exists()


def test_one_operator_lets_a_refusal_stand_and_it_leaves_the_queue(attempt: RecoveryAttempt, bob: User) -> None:
    assert list(queries.reviewable(NOON)) == [attempt]
    review = reviewing.uphold(attempt=attempt, by=bob, justification="another person", at=NOON)
    assert list(queries.reviewable(NOON)) == []
    with pytest.raises(ReviewRefused, match="already_decided"):
        reviewing.issue_overruled(review=review, by=bob, at=NOON)
    with pytest.raises(ReviewRefused, match="already_proposed"):
        proposed(attempt, bob)


def test_a_rejected_overruling_is_settled(attempt: RecoveryAttempt, bob: User, carol: User) -> None:
    review = proposed(attempt, bob)
    reviewing.reject(review=review, by=carol, note="not sure", at=NOON)
    with pytest.raises(ReviewRefused, match="already_decided"):
        reviewing.approve(review=review, by=carol, note="", at=NOON)
    assert list(queries.reviewable(NOON)) == []


def test_an_approval_is_good_for_a_day(attempt: RecoveryAttempt, bob: User, carol: User) -> None:
    review = proposed(attempt, bob)
    reviewing.approve(review=review, by=carol, note="", at=NOON)
    assert list(queries.reviewable(NOON)) == [attempt]
    later = NOON + timedelta(hours=24)
    assert list(queries.reviewable(later)) == []
    with pytest.raises(ReviewRefused, match="overrule_too_old"):
        reviewing.issue_overruled(review=review, by=bob, at=later)


@pytest.mark.parametrize("state", [State.STARTED, State.PASS_ISSUED, State.EXPIRED, State.CANCELLED, State.EVALUATED])
def test_only_refusals_are_reviewed(alice: User, profile: RecoveryProfile, bob: User, state: State) -> None:
    attempt = refused(alice, profile, state)
    assert list(queries.reviewable(NOON)) == []
    with pytest.raises(ReviewRefused, match="not_reviewable"):
        proposed(attempt, bob)


def test_an_old_refusal_and_one_of_nobody_are_not_reviewed(
    attempt: RecoveryAttempt, profile: RecoveryProfile, bob: User
) -> None:
    stranger = refused(None, profile)
    assert list(queries.reviewable(NOON)) == [attempt]
    with pytest.raises(ReviewRefused, match="not_reviewable"):
        proposed(stranger, bob)
    with pytest.raises(ReviewRefused, match="not_reviewable"):
        reviewing.propose_overrule(attempt=attempt, by=bob, justification="x", at=NOON + timedelta(days=7))


class TestLimits:
    def test_nobody_reviews_their_own_recovery(self, profile: RecoveryProfile, bob: User, carol: User) -> None:
        with pytest.raises(ReviewRefused, match="own_account"):
            proposed(refused(bob, profile), bob)

    def test_operators_are_left_to_who_may_issue_for_operators(
        self, profile: RecoveryProfile, bob: User, carol: User
    ) -> None:
        attempt = refused(bob, profile)
        with pytest.raises(ReviewRefused, match="not_permitted"):
            proposed(attempt, carol)
        dave = operator(*REVIEWS, "tap.issue_for_operators", name="dave@contoso.example")
        assert proposed(attempt, dave).status == "proposed"

    def test_the_flow_itself_asks_for_the_permission(self, attempt: RecoveryAttempt, bob: User) -> None:
        erin = operator("recovery.view_attemptreview", name="erin@contoso.example")
        with pytest.raises(ReviewRefused, match="not_permitted"):
            proposed(attempt, erin)
        with pytest.raises(ReviewRefused, match="justification_missing"):
            reviewing.propose_overrule(attempt=attempt, by=bob, justification=" ", at=NOON)

    def test_who_may_review_but_not_issue_gets_no_pass(self, attempt: RecoveryAttempt, bob: User, carol: User) -> None:
        erin = operator("recovery.review_attempt", name="erin@contoso.example")
        review = proposed(attempt, bob)
        reviewing.approve(review=review, by=carol, note="", at=NOON)
        with pytest.raises(IssueRefused, match="not_permitted"):
            reviewing.issue_overruled(review=review, by=erin, at=NOON)
        review.refresh_from_db()
        assert review.status == "approved"  # the refusal of the issue undid the spending

    @pytest.mark.parametrize("obstacle", ["blocked", "outside_pass_policy", "disabled"])
    def test_what_stops_a_recovery_stops_the_overruling(
        self, attempt: RecoveryAttempt, bob: User, carol: User, obstacle: str
    ) -> None:
        review = proposed(attempt, bob)
        reviewing.approve(review=review, by=carol, note="", at=NOON)
        alice = User.objects.get(pk=attempt.user_id)
        if obstacle == "blocked":
            dave = operator("recovery.add_recoveryblock", name="dave@contoso.example")
            blocking.block(user=alice, reason="x", by=dave, at=NOON)
        elif obstacle == "disabled":
            User.objects.filter(pk=alice.pk).update(account_enabled=False)
        else:
            TemporaryAccessPassPolicy.objects.update_or_create(pk=1, defaults={"state": "disabled"})
        with pytest.raises(ReviewRefused):
            reviewing.issue_overruled(review=AttemptReview.objects.get(pk=review.pk), by=bob, at=NOON)
        assert not TemporaryAccessPass.objects.exists()


class TestPages:
    def test_from_the_queue_to_the_pass(self, attempt: RecoveryAttempt, bob: User, carol: User, clock: Clock) -> None:
        first, second = signed_in(bob), signed_in(carol)
        address = reverse("console:review", args=[attempt.pk])
        assert attempt.account_name in first.get(reverse("console:reviews")).content.decode()
        assert first.post(address, {"act": "propose", "text": ""}).status_code == 200  # it asks why
        first.post(address, {"act": "propose", "text": "seen in person"})
        assert "Now another operator decides" in first.get(address).content.decode()
        first.post(address, {"act": "approve", "text": "myself"})
        assert AttemptReview.objects.get().status == "proposed"
        assert second.post(address, {"act": "approve", "text": "called back"}).status_code == 302
        assert "Issue the Temporary Access Pass" in second.get(address).content.decode()
        issue = reverse("console:review-issue", args=[attempt.pk])
        assert second.get(issue).status_code == 405
        page = second.post(issue)
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        assert page.context["issued"].passcode in page.content.decode().replace("&amp;", "&")
        assert second.post(issue).status_code == 302
        assert TemporaryAccessPass.objects.count() == 1

    def test_who_may_only_look_is_offered_nothing(self, attempt: RecoveryAttempt, clock: Clock) -> None:
        client = signed_in(operator("recovery.view_recoveryattempt", "recovery.view_attemptreview"))
        address = reverse("console:review", args=[attempt.pk])
        assert "Propose to overrule" not in client.get(address).content.decode()
        assert client.post(address, {"act": "propose", "text": "x"}).status_code == 403
        assert client.post(reverse("console:review-issue", args=[attempt.pk])).status_code == 403
        assert not AttemptReview.objects.exists()

    @pytest.mark.parametrize("act", ["", "nonsense", "approve", "reject"])
    def test_an_act_out_of_order_changes_nothing(
        self, attempt: RecoveryAttempt, bob: User, clock: Clock, act: str
    ) -> None:
        signed_in(bob).post(reverse("console:review", args=[attempt.pk]), {"act": act, "text": "x"})
        assert not AttemptReview.objects.exists()


@pytest.mark.postgresql
class TestRaces:
    @pytest.mark.django_db(transaction=True)
    def test_of_approvals_and_issues_at_once_one_wins(self, profile: RecoveryProfile) -> None:
        alice = make_person()
        review = proposed(refused(alice, profile), operator(*REVIEWS))
        others = [operator(*REVIEWS, name=f"op{n}@contoso.example") for n in range(4)]

        def together(act: Callable[[User], Any]) -> list[str]:
            outcomes: list[str] = []

            def run(by: User) -> None:
                try:
                    act(by)
                    outcomes.append("won")
                except DomainError as lost:
                    outcomes.append(lost.code)
                finally:
                    connection.close()

            threads = [threading.Thread(target=run, args=(by,)) for by in others]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return sorted(outcomes)

        def fresh() -> AttemptReview:
            return AttemptReview.objects.select_related("attempt__user").get(pk=review.pk)

        one_of_four = ["already_decided"] * 3 + ["won"]
        assert together(lambda by: reviewing.approve(review=fresh(), by=by, note="", at=NOON)) == one_of_four
        assert together(lambda by: reviewing.issue_overruled(review=fresh(), by=by, at=NOON)) == one_of_four
        assert TemporaryAccessPass.objects.count() == 1
