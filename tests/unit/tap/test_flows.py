"""Issuing, redeeming, revoking."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from accounts.audit.models import AuditEvent
from accounts.models import User
from tap import flows, policy
from tap.errors import IssueRefused, Refusal
from tap.models import PasscodeThrottle, TemporaryAccessPass, TemporaryAccessPassPolicy

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def refused(user: User, passcode: str, at: datetime) -> flows.NotRedeemed:
    outcome = flows.redeem(user=user, passcode=passcode, at=at)
    assert isinstance(outcome, flows.NotRedeemed)
    return outcome


def redeemed(user: User, passcode: str, at: datetime) -> flows.Redeemed:
    outcome = flows.redeem(user=user, passcode=passcode, at=at)
    assert isinstance(outcome, flows.Redeemed)
    return outcome


def test_a_new_pass_follows_the_policy(alice: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=None, at=now)
    record = TemporaryAccessPass.objects.get(user=alice)
    assert len(issued.passcode) == 8
    assert (record.start_at, record.lifetime_minutes, record.expires_at) == (now, 60, now + 60 * MINUTE)
    assert record.is_usable_once is False
    assert record.redeemed_at is None


def test_the_length_of_the_passcode_is_the_policys(
    alice: User, pass_policy: TemporaryAccessPassPolicy, now: datetime
) -> None:
    pass_policy.default_length = 48
    pass_policy.save()
    assert len(flows.issue(user=alice, issued_by=None, at=now).passcode) == 48


def test_a_new_pass_replaces_the_old_one(alice: User, now: datetime) -> None:
    first = flows.issue(user=alice, issued_by=None, at=now)
    second = flows.issue(user=alice, issued_by=None, at=now + MINUTE)
    assert TemporaryAccessPass.objects.filter(user=alice).count() == 1
    assert first.record.pk != second.record.pk
    assert refused(alice, first.passcode, now + 2 * MINUTE).refusal is Refusal.WRONG_PASSCODE
    assert redeemed(alice, second.passcode, now + 2 * MINUTE).record.pk == second.record.pk


def test_nobody_issues_a_pass_for_themselves(bob: User, now: datetime) -> None:
    """V4."""
    with pytest.raises(IssueRefused, match="own_account"):
        flows.issue(user=bob, issued_by=bob, at=now)
    assert not TemporaryAccessPass.objects.exists()


def test_an_external_guest_is_refused_in_the_words_of_the_original(now: datetime) -> None:
    guest = User.objects.create_user("g_fabrikam.example#EXT#@contoso.example", user_type="Guest")
    with pytest.raises(IssueRefused) as refusal:
        flows.issue(user=guest, issued_by=None, at=now)
    assert refusal.value.reason == "Temporary Access Pass cannot be added to an external guest user."
    internal = User.objects.create_user("guest@contoso.example", user_type="Guest")
    assert flows.issue(user=internal, issued_by=None, at=now)


def test_a_refused_issue_leaves_the_old_pass_alone(alice: User, now: datetime) -> None:
    old = flows.issue(user=alice, issued_by=None, at=now)
    with pytest.raises(IssueRefused, match="The valid range between 60 and 480"):
        flows.issue(user=alice, issued_by=None, at=now, lifetime_minutes=481)
    assert redeemed(alice, old.passcode, now)


def test_a_pass_that_starts_later_is_refused_until_then(alice: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=None, at=now, start_at=now + 30 * MINUTE)
    early = refused(alice, issued.passcode, now + 29 * MINUTE)
    assert (early.refusal, early.reason) == (Refusal.WRONG_PASSCODE, "NotYetValid")
    assert redeemed(alice, issued.passcode, now + 30 * MINUTE)


def test_a_pass_is_good_until_it_expires_and_not_a_moment_longer(alice: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=None, at=now)
    assert redeemed(alice, issued.passcode, now + 59 * MINUTE).register_until == now + 60 * MINUTE
    assert refused(alice, issued.passcode, now + 60 * MINUTE).refusal is Refusal.EXPIRED


def test_a_one_time_pass_works_once_and_gives_ten_minutes(alice: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=None, at=now, is_usable_once=True)
    assert redeemed(alice, issued.passcode, now + MINUTE).register_until == now + 11 * MINUTE
    assert refused(alice, issued.passcode, now + 2 * MINUTE).refusal is Refusal.ALREADY_USED


def test_a_wrong_guess_does_not_use_up_a_one_time_pass(alice: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=None, at=now, is_usable_once=True)
    assert refused(alice, "wrong", now).refusal is Refusal.WRONG_PASSCODE
    assert redeemed(alice, issued.passcode, now)


def test_a_pass_outside_the_policy_is_issued_and_refused(
    alice: User, pass_policy: TemporaryAccessPassPolicy, now: datetime
) -> None:
    issued = flows.issue(user=alice, issued_by=None, at=now)
    pass_policy.state = "disabled"
    pass_policy.save()
    blocked = refused(alice, issued.passcode, now)
    assert blocked.refusal is Refusal.BLOCKED_BY_POLICY
    assert blocked.reason == policy.Usability.DISABLED_BY_POLICY
    assert flows.issue(user=alice, issued_by=None, at=now)


def test_without_a_pass_every_passcode_is_refused(alice: User, now: datetime) -> None:
    assert refused(alice, "whatever", now).refusal is Refusal.NO_PASS


def test_ten_wrong_tries_lock_the_pass_for_sixty_seconds_even_for_the_right_passcode(
    alice: User, now: datetime
) -> None:
    """B10."""
    issued = flows.issue(user=alice, issued_by=None, at=now)
    for _ in range(10):
        assert refused(alice, "wrong", now).refusal is Refusal.WRONG_PASSCODE
    locked = refused(alice, issued.passcode, now + timedelta(seconds=59))
    assert (locked.refusal, locked.retry_at) == (Refusal.LOCKED, now + timedelta(seconds=60))
    assert redeemed(alice, issued.passcode, now + timedelta(seconds=60))
    assert PasscodeThrottle.objects.get(user=alice).failures == 0


def test_tries_during_a_lock_do_not_make_it_longer(alice: User, now: datetime) -> None:
    flows.issue(user=alice, issued_by=None, at=now)
    for _ in range(15):
        flows.redeem(user=alice, passcode="wrong", at=now)
    assert PasscodeThrottle.objects.get(user=alice).failures == 10


def test_the_second_lock_is_twice_as_long(alice: User, now: datetime) -> None:
    flows.issue(user=alice, issued_by=None, at=now)
    for _ in range(10):
        flows.redeem(user=alice, passcode="wrong", at=now)
    later = now + timedelta(seconds=60)
    for _ in range(10):
        flows.redeem(user=alice, passcode="wrong", at=later)
    assert refused(alice, "wrong", later).retry_at == later + timedelta(seconds=120)


def test_wrong_tries_for_one_person_do_not_touch_another(alice: User, bob: User, now: datetime) -> None:
    flows.issue(user=alice, issued_by=None, at=now)
    issued = flows.issue(user=bob, issued_by=None, at=now)
    for _ in range(12):
        flows.redeem(user=alice, passcode="wrong", at=now)
    assert redeemed(bob, issued.passcode, now)


def test_a_new_pass_is_not_locked_by_guesses_at_the_old_one(alice: User, now: datetime) -> None:
    flows.issue(user=alice, issued_by=None, at=now)
    for _ in range(12):
        flows.redeem(user=alice, passcode="wrong", at=now)
    assert redeemed(alice, flows.issue(user=alice, issued_by=None, at=now).passcode, now)


def test_a_hundred_wrong_tries_in_a_row_withdraw_the_pass(alice: User, now: datetime) -> None:
    """SP 800-63B-4 3.2.2."""
    flows.issue(user=alice, issued_by=None, at=now, lifetime_minutes=480)
    PasscodeThrottle.objects.create(user=alice, failures=99)
    assert refused(alice, "wrong", now).refusal is Refusal.WRONG_PASSCODE
    assert not TemporaryAccessPass.objects.filter(user=alice).exists()
    assert AuditEvent.objects.filter(activity="Temporary Access Pass withdrawn", target=alice).exists()


def test_a_revoked_pass_is_gone(alice: User, bob: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=bob, at=now)
    assert flows.revoke(user=alice, revoked_by=bob, at=now) is True
    assert refused(alice, issued.passcode, now).refusal is Refusal.NO_PASS
    assert flows.revoke(user=alice, revoked_by=bob, at=now) is False
    event = AuditEvent.objects.get(activity="Admin deleted security info")
    assert (event.target, event.initiated_by) == (alice, bob)


def test_every_address_on_file_hears_of_a_new_pass_and_none_reads_it(
    alice: User, now: datetime, django_capture_on_commit_callbacks: object
) -> None:
    """B4, V11."""
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        issued = flows.issue(user=alice, issued_by=None, at=now)
    assert sorted(to for letter in mail.outbox for to in letter.to) == [
        "alice@club.example",
        "alice@contoso.example",
        "alice@home.example",
    ]
    for letter in mail.outbox:
        assert letter.subject == "A Temporary Access Pass was issued for your account"
        assert "2026-11-22 10:00 UTC" in letter.body
        assert "2026-11-22 11:00 UTC" in letter.body
        assert "If it was not you" in letter.body
        assert issued.passcode not in letter.subject + letter.body


def test_a_revoked_and_a_withdrawn_pass_are_told_too(
    alice: User, bob: User, now: datetime, django_capture_on_commit_callbacks: object
) -> None:
    flows.issue(user=alice, issued_by=bob, at=now)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        flows.revoke(user=alice, revoked_by=bob, at=now)
    flows.issue(user=alice, issued_by=bob, at=now)
    PasscodeThrottle.objects.update_or_create(user=alice, defaults={"failures": 99})
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        flows.redeem(user=alice, passcode="wrong", at=now)
    assert {letter.subject for letter in mail.outbox} == {
        "The Temporary Access Pass for your account was deleted",
        "The Temporary Access Pass for your account was withdrawn",
    }
    assert len(mail.outbox) == 6


def test_issuing_leaves_an_audit_event(alice: User, bob: User, now: datetime) -> None:
    flows.issue(user=alice, issued_by=bob, at=now, correlation_id="c-1")
    made = AuditEvent.objects.get(activity="Admin registered security info")
    assert (made.result, made.target, made.initiated_by, made.correlation_id) == ("success", alice, bob, "c-1")
    assert made.details["lifetimeInMinutes"] == "60"
    flows.issue(user=alice, issued_by=None, at=now, correlation_id="c-2")
    by_recovery = AuditEvent.objects.get(activity="Temporary Access Pass issued")
    assert (by_recovery.initiated_by, by_recovery.correlation_id) == (None, "c-2")


def test_revoking_a_pass_that_was_used_ends_the_sessions_of_the_user(alice: User, bob: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=bob, at=now)
    flows.revoke(user=alice, revoked_by=bob, at=now)
    alice.refresh_from_db()
    assert alice.session_epoch == 0
    issued = flows.issue(user=alice, issued_by=bob, at=now)
    redeemed(alice, issued.passcode, now)
    flows.revoke(user=alice, revoked_by=bob, at=now)
    alice.refresh_from_db()
    assert alice.session_epoch == 1


def test_replacing_a_pass_that_was_used_ends_the_sessions_of_the_user(alice: User, bob: User, now: datetime) -> None:
    """Whoever holds the first pass is not to stay signed in when an operator gives the person a second one."""
    flows.issue(user=alice, issued_by=bob, at=now)
    second = flows.issue(user=alice, issued_by=bob, at=now)
    alice.refresh_from_db()
    assert alice.session_epoch == 0
    redeemed(alice, second.passcode, now)
    flows.issue(user=alice, issued_by=bob, at=now)
    alice.refresh_from_db()
    assert alice.session_epoch == 1


def test_without_a_pass_nothing_is_counted_nor_locked(alice: User, now: datetime) -> None:
    """There is nothing to guess, and a stranger could otherwise lock the pass that is still to come."""
    for _ in range(12):
        assert refused(alice, "wrong", now).refusal is Refusal.NO_PASS
    assert not PasscodeThrottle.objects.exists()


def test_the_passcode_stands_nowhere_but_in_the_answer(
    alice: User,
    bob: User,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: object,
) -> None:
    """B11, V37: not in the database, the logs, the audit nor the mail, whether it was accepted or refused."""
    with caplog.at_level("DEBUG"), django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        issued = flows.issue(user=alice, issued_by=bob, at=now)
        near_miss = issued.passcode + "x"
        flows.redeem(user=alice, passcode=near_miss, at=now)
        flows.redeem(user=alice, passcode=issued.passcode, at=now)
        flows.redeem(user=alice, passcode=issued.passcode, at=now + 61 * MINUTE)
    assert issued.passcode not in repr(issued)
    assert issued.passcode not in caplog.text
    letters = "".join(letter.message().as_string() for letter in mail.outbox)
    assert issued.passcode not in letters
    assert issued.passcode not in _everything_in_the_database()


def _everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        rows: list[str] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [repr(row) for row in cursor.fetchall()]
    assert any("$argon2id$" in row for row in rows)
    return "\n".join(rows)
