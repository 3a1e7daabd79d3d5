"""Threads against a real PostgreSQL (V19): what may happen once happens once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from django.db import connections

from accounts.models import User
from tap import flows, policy
from tap.errors import Refusal
from tap.models import PasscodeThrottle, TemporaryAccessPass

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

THREADS = 8


def at_once(act: Callable[[int], object]) -> list[object]:
    """Eight threads, each on its own connection, start together; returns what each came back with."""
    barrier = Barrier(THREADS)

    def run(number: int) -> object:
        try:
            barrier.wait(timeout=10)
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_of_concurrent_redemptions_of_a_one_time_pass_exactly_one_wins(alice: User, now: datetime) -> None:
    for _ in range(5):
        issued = flows.issue(user=alice, issued_by=None, at=now, is_usable_once=True)
        passcode = issued.passcode
        outcomes = at_once(lambda _: flows.redeem(user=alice, passcode=passcode, at=now))  # noqa: B023
        kinds = Counter(
            "redeemed" if isinstance(outcome, flows.Redeemed) else outcome.refusal  # type: ignore[attr-defined]
            for outcome in outcomes
        )
        assert kinds == {"redeemed": 1, Refusal.ALREADY_USED: THREADS - 1}


def test_a_multi_use_pass_may_be_redeemed_by_all(alice: User, now: datetime) -> None:
    passcode = flows.issue(user=alice, issued_by=None, at=now).passcode
    outcomes = at_once(lambda _: flows.redeem(user=alice, passcode=passcode, at=now))
    assert all(isinstance(outcome, flows.Redeemed) for outcome in outcomes)


def test_concurrent_issuing_leaves_one_pass_whose_passcode_works(alice: User, now: datetime) -> None:
    issued = at_once(lambda _: flows.issue(user=alice, issued_by=None, at=now))
    record = TemporaryAccessPass.objects.get(user=alice)
    (kept,) = [one for one in issued if isinstance(one, flows.IssuedPass) and one.record.pk == record.pk]
    assert isinstance(flows.redeem(user=alice, passcode=kept.passcode, at=now), flows.Redeemed)


def test_parallel_guesses_do_not_get_more_tries_than_patient_ones(alice: User, now: datetime) -> None:
    flows.issue(user=alice, issued_by=None, at=now)
    outcomes = [
        outcome
        for _ in range(3)
        for outcome in at_once(lambda number: flows.redeem(user=alice, passcode=f"guess {number}", at=now))
    ]
    looked_at = [o for o in outcomes if isinstance(o, flows.NotRedeemed) and o.refusal is Refusal.WRONG_PASSCODE]
    assert len(looked_at) == policy.TRIES_BEFORE_LOCK
    assert PasscodeThrottle.objects.get(user=alice).failures == policy.TRIES_BEFORE_LOCK


def test_a_pass_revoked_while_it_is_redeemed_is_one_or_the_other(alice: User, bob: User, now: datetime) -> None:
    for _ in range(5):
        passcode = flows.issue(user=alice, issued_by=bob, at=now, is_usable_once=True).passcode

        def act(number: int, passcode: str = passcode) -> object:
            if number == 0:
                return flows.revoke(user=alice, revoked_by=bob, at=now)
            return flows.redeem(user=alice, passcode=passcode, at=now)

        outcomes = at_once(act)
        assert sum(isinstance(outcome, flows.Redeemed) for outcome in outcomes) <= 1
        assert not TemporaryAccessPass.objects.filter(user=alice).exists()
