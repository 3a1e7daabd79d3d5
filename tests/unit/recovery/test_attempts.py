"""One writer, one event for each step, and the invariants that the database keeps."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, User
from recovery_portal.kit.machine import IllegalTransition
from recovery_portal.recovery.errors import AttemptMoved
from recovery_portal.recovery.machine import AUDIT, TABLE, Event, State
from recovery_portal.recovery.models import AttemptDevice, RecoveryAttempt, RecoveryProfile
from recovery_portal.recovery.pages import page_for
from tests.fakes.recovery import NOON, path_to, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(alice: User, profile: RecoveryProfile) -> RecoveryAttempt:
    attempt = RecoveryAttempt.begin(user=alice, account_name=alice.user_principal_name, profile=profile, at=NOON)
    AttemptDevice.objects.create(attempt=attempt, role="starter", secret_digest="starter", joined_at=NOON)
    return attempt


def test_apply_moves_and_remembers(attempt: RecoveryAttempt) -> None:
    attempt.apply(Event.PREFLIGHT_FAILED, at=NOON, reason="provider_unreachable")
    kept = RecoveryAttempt.objects.get()
    assert (kept.state, kept.reason_code, kept.ended_at) == (State.UNAVAILABLE, "provider_unreachable", NOON)
    event = kept.events.last()
    assert event is not None
    assert (event.event, event.source, event.target, event.reason) == (
        "preflightFailed",
        "started",
        "unavailable",
        "provider_unreachable",
    )


def test_an_event_the_table_does_not_know_changes_nothing(attempt: RecoveryAttempt) -> None:
    with pytest.raises(IllegalTransition):
        attempt.apply(Event.PASS_ISSUED, at=NOON)
    assert attempt.events.count() == 1
    assert RecoveryAttempt.objects.get().state == State.STARTED


def test_the_second_of_two_tabs_loses_and_writes_nothing(attempt: RecoveryAttempt) -> None:
    other = RecoveryAttempt.objects.get()
    attempt.apply(Event.SENT_TO_PROVIDER, at=NOON)
    with pytest.raises(AttemptMoved):
        other.apply(Event.USER_CANCELLED, at=NOON)
    assert RecoveryAttempt.objects.get().state == State.AT_PROVIDER
    assert attempt.events.count() == 2


@pytest.mark.parametrize("state", State)
def test_every_step_on_the_way_is_audited_by_its_name(attempt: RecoveryAttempt, state: State) -> None:
    walk(attempt, state, at=NOON)
    expected = [activity for event in [Event.STARTED, *path_to(state)] for activity in AUDIT[event]]
    found = AuditEvent.objects.filter(correlation_id=attempt.correlation_id, service="Account Recovery")
    assert sorted((event.activity, event.result) for event in found) == sorted(expected)
    assert all(event.target_id == attempt.user_id for event in found)


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_page_for_every_device(attempt: RecoveryAttempt, state: State) -> None:
    phone = AttemptDevice.objects.create(attempt=attempt, role="companion", secret_digest="phone", joined_at=NOON)
    walk(attempt, state, at=NOON)
    starter = attempt.devices.get(role="starter")
    assert page_for(attempt, starter)
    assert page_for(attempt, phone)


def test_a_person_has_one_granted_attempt(attempt: RecoveryAttempt, alice: User, profile: RecoveryProfile) -> None:
    walk(attempt, State.PASS_ISSUED, at=NOON)
    second = RecoveryAttempt.begin(user=alice, account_name="alice", profile=profile, at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        walk(second, State.PASS_ISSUED, at=NOON)
    assert RecoveryAttempt.objects.get(pk=attempt.pk).state == State.PASS_ISSUED


def test_an_unknown_name_can_never_be_granted_a_pass(profile: RecoveryProfile) -> None:
    nobody = RecoveryAttempt.begin(user=None, account_name="nobody@contoso.example", profile=profile, at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        walk(nobody, State.PASS_ISSUED, at=NOON)


def test_a_stranger_who_starts_first_locks_nobody_out(
    attempt: RecoveryAttempt, alice: User, profile: RecoveryProfile
) -> None:
    walk(attempt, State.AWAITING_PRESENTATION, at=NOON)
    own = RecoveryAttempt.begin(user=alice, account_name="alice", profile=profile, at=NOON)
    walk(own, State.PASS_ISSUED, at=NOON)
    assert own.state == State.PASS_ISSUED


@pytest.mark.parametrize("wrong", [{"state": "recovered"}, {"ended_at": NOON}])
def test_the_database_refuses_what_the_table_does_not_know(attempt: RecoveryAttempt, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RecoveryAttempt.objects.filter(pk=attempt.pk).update(**wrong)


def test_each_step_gives_the_attempt_its_time_again_but_not_for_ever(attempt: RecoveryAttempt) -> None:
    assert attempt.expires_at == NOON + timedelta(minutes=30)
    at = NOON
    for _ in range(8):
        at += timedelta(minutes=20)
        attempt.apply(Event.SENT_TO_PROVIDER, at=at)
    assert attempt.expires_at == NOON + timedelta(hours=2)


def test_the_terms_are_the_profiles_of_the_moment(attempt: RecoveryAttempt, profile: RecoveryProfile) -> None:
    RecoveryProfile.objects.update(mode="evaluation", name="Renamed")
    kept = RecoveryAttempt.objects.get()
    assert (kept.terms.mode, kept.terms.profile_name, kept.terms.provider_name) == (
        "production",
        "Everybody",
        "Proofmark",
    )


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_moves_the_attempt(attempt: RecoveryAttempt) -> None:
    """V19."""
    outcomes: list[str] = []
    together = threading.Barrier(8)

    def move() -> None:
        own = RecoveryAttempt.objects.get(pk=attempt.pk)
        together.wait()
        try:
            own.apply(Event.SENT_TO_PROVIDER if len(outcomes) % 2 else Event.USER_CANCELLED, at=NOON)
            outcomes.append("moved")
        except (AttemptMoved, IllegalTransition):
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=move) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = RecoveryAttempt.objects.get(pk=attempt.pk)
    assert outcomes.count("moved") == kept.events.count() - 1
    assert State(kept.state) in TABLE.terminal or kept.state == State.AT_PROVIDER
