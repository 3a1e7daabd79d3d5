"""What the doctor says about the policy."""

from datetime import datetime

import pytest

from accounts.models import DirectoryGroup, User
from recovery_portal.kit.doctor import Level
from tap.examination import policy
from tap.models import TemporaryAccessPassPolicy

pytestmark = pytest.mark.django_db


def levels(now: datetime) -> list[Level]:
    return [finding.level for finding in policy(now)]


def test_the_policy_as_it_comes_is_fine(pass_policy: TemporaryAccessPassPolicy, now: datetime) -> None:
    assert levels(now) == [Level.OK]


def test_a_disabled_policy_is_a_problem(pass_policy: TemporaryAccessPassPolicy, now: datetime) -> None:
    pass_policy.state = "disabled"
    pass_policy.save()
    assert levels(now) == [Level.PROBLEM]


def test_a_policy_that_includes_nobody_is_a_problem(
    pass_policy: TemporaryAccessPassPolicy, alice: User, now: datetime
) -> None:
    pass_policy.include_all_users = False
    pass_policy.save()
    staff = DirectoryGroup.objects.create(display_name="Staff")
    pass_policy.include_groups.add(staff)
    assert levels(now) == [Level.PROBLEM]
    staff.members.add(alice)
    assert levels(now) == [Level.OK]


def test_a_pass_that_lives_for_days_is_worth_a_thought(pass_policy: TemporaryAccessPassPolicy, now: datetime) -> None:
    pass_policy.maximum_lifetime_minutes = pass_policy.default_lifetime_minutes = 4_320
    pass_policy.save()
    assert levels(now) == [Level.OK, Level.WARNING]
