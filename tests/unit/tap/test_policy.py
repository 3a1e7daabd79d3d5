"""The law of passes, without a database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tap import policy
from tap.errors import IssueRefused
from tap.policy import Usability

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@dataclass
class Rules:
    minimum_lifetime_minutes: int = 60
    maximum_lifetime_minutes: int = 480
    default_lifetime_minutes: int = 60
    default_length: int = 8
    is_usable_once: bool = False


def test_the_defaults_of_the_original_do_not_contradict_themselves() -> None:
    assert list(policy.contradictions(Rules())) == []


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (Rules(minimum_lifetime_minutes=9), "minimum_lifetime_minutes"),
        (Rules(maximum_lifetime_minutes=43_201), "maximum_lifetime_minutes"),
        (Rules(default_lifetime_minutes=5), "default_lifetime_minutes"),
        (Rules(default_lifetime_minutes=59), "default_lifetime_minutes"),
        (Rules(default_lifetime_minutes=481), "default_lifetime_minutes"),
        (Rules(minimum_lifetime_minutes=481), "minimum_lifetime_minutes"),
        (Rules(default_length=7), "default_length"),
        (Rules(default_length=49), "default_length"),
    ],
)
def test_it_names_the_field_that_contradicts_the_rest(rules: Rules, field: str) -> None:
    assert field in {name for name, _ in policy.contradictions(rules)}


def test_the_bounds_themselves_are_allowed() -> None:
    widest = Rules(10, 43_200, 43_200, 48)
    assert list(policy.contradictions(widest)) == []
    assert policy.lifetime(widest, 10) == 10
    assert policy.lifetime(widest, 43_200) == 43_200


def test_a_lifetime_not_asked_for_is_the_default() -> None:
    assert policy.lifetime(Rules(default_lifetime_minutes=90), None) == 90


@pytest.mark.parametrize("minutes", [0, -1, 59, 481, 43_200])
def test_a_lifetime_outside_the_policy_is_refused_in_the_words_of_the_original(minutes: int) -> None:
    with pytest.raises(IssueRefused) as refused:
        policy.lifetime(Rules(), minutes)
    assert refused.value.reason == "Invalid LifetimeInMinutes specified. The valid range between 60 and 480."


def test_a_one_time_policy_refuses_a_multi_use_pass_and_otherwise_decides() -> None:
    strict = Rules(is_usable_once=True)
    with pytest.raises(IssueRefused, match="multi_use_not_allowed"):
        policy.usable_once(strict, False)
    assert policy.usable_once(strict, None) is True
    assert policy.usable_once(Rules(), None) is False
    assert policy.usable_once(Rules(), True) is True


def test_a_start_may_be_ahead_but_not_behind() -> None:
    assert policy.start(NOW, None) == NOW
    assert policy.start(NOW, NOW - timedelta(minutes=1)) == NOW
    assert policy.start(NOW, NOW + timedelta(days=2)) == NOW + timedelta(days=2)
    for wrong in (NOW - timedelta(minutes=6), NOW + timedelta(days=31)):
        with pytest.raises(IssueRefused, match="start_out_of_range"):
            policy.start(NOW, wrong)


def usability(**changes: object) -> Usability:
    facts: dict[str, object] = {
        "is_usable_once": True,
        "start_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "redeemed_at": None,
        "covered": True,
        "only_one_time": False,
        "at": NOW,
    }
    return policy.usability(**(facts | changes))  # type: ignore[arg-type]


def test_a_pass_is_usable_from_its_first_moment_until_before_its_last() -> None:
    assert usability() is Usability.ENABLED_BY_POLICY
    assert usability(at=NOW + timedelta(minutes=59, seconds=59)) is Usability.ENABLED_BY_POLICY
    assert usability(at=NOW + timedelta(hours=1)) is Usability.EXPIRED
    assert usability(at=NOW - timedelta(seconds=1)) is Usability.NOT_YET_VALID


def test_reasons_come_in_the_order_of_the_original() -> None:
    late, early = NOW + timedelta(days=1), NOW - timedelta(days=1)
    assert usability(redeemed_at=NOW, at=late, covered=False) is Usability.ONE_TIME_USED
    assert usability(at=late, covered=False) is Usability.EXPIRED
    assert usability(at=early, covered=False) is Usability.NOT_YET_VALID
    assert usability(covered=False) is Usability.DISABLED_BY_POLICY


def test_a_multi_use_pass_is_disabled_once_the_policy_asks_for_one_time_passes() -> None:
    assert usability(is_usable_once=False, only_one_time=True) is Usability.DISABLED_BY_POLICY
    assert usability(is_usable_once=True, only_one_time=True) is Usability.ENABLED_BY_POLICY


def test_a_multi_use_pass_stays_usable_after_its_first_use() -> None:
    assert usability(is_usable_once=False, redeemed_at=NOW) is Usability.ENABLED_BY_POLICY


def test_a_one_time_pass_gives_ten_minutes_to_register_and_never_more_than_the_pass_has() -> None:
    def until(**facts: object) -> datetime:
        return policy.registration_until(**facts)  # type: ignore[arg-type]

    end = NOW + timedelta(hours=1)
    assert until(is_usable_once=True, redeemed_at=NOW, expires_at=end) == NOW + timedelta(minutes=10)
    assert until(is_usable_once=True, redeemed_at=end - timedelta(minutes=3), expires_at=end) == end
    assert until(is_usable_once=False, redeemed_at=NOW, expires_at=end) == end


def test_every_tenth_wrong_try_locks_for_longer_up_to_ten_minutes() -> None:
    locks = {failures: policy.lock_after(failures) for failures in range(61)}
    assert {failures: lock.seconds for failures, lock in locks.items() if lock} == {
        10: 60,
        20: 120,
        30: 240,
        40: 480,
        50: 600,
        60: 600,
    }


def test_an_external_guest_is_a_guest_from_another_directory() -> None:
    assert policy.is_external_guest(user_type="Guest", user_principal_name="a_fabrikam.example#EXT#@contoso.example")
    assert not policy.is_external_guest(user_type="Guest", user_principal_name="a@contoso.example")
    assert not policy.is_external_guest(user_type="Member", user_principal_name="a_x#ext#@contoso.example")
