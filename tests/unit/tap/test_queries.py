"""Whom the policy covers and who may hand out a pass."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import DirectoryGroup, User
from tap import flows
from tap.models import TemporaryAccessPass, TemporaryAccessPassPolicy
from tap.queries import covered_users, get_policy, may_issue, policy_covers, usability, with_policy

pytestmark = pytest.mark.django_db


def test_the_policy_begins_with_the_originals_defaults_for_everybody(alice: User) -> None:
    policy = get_policy()
    assert (policy.minimum_lifetime_minutes, policy.maximum_lifetime_minutes) == (60, 480)
    assert (policy.default_lifetime_minutes, policy.default_length, policy.is_usable_once) == (60, 8, False)
    assert policy_covers(alice)
    assert get_policy().pk == policy.pk


def test_a_disabled_policy_covers_nobody(alice: User, pass_policy: TemporaryAccessPassPolicy) -> None:
    pass_policy.state = "disabled"
    pass_policy.save()
    assert not policy_covers(alice)


def test_it_covers_members_of_included_groups_only(alice: User, pass_policy: TemporaryAccessPassPolicy) -> None:
    staff = DirectoryGroup.objects.create(display_name="Staff")
    pass_policy.include_all_users = False
    pass_policy.save()
    assert not policy_covers(alice)
    pass_policy.include_groups.add(staff)
    assert not policy_covers(alice)
    staff.members.add(alice)
    assert policy_covers(alice)


def test_an_excluded_group_wins(alice: User, pass_policy: TemporaryAccessPassPolicy) -> None:
    board = DirectoryGroup.objects.create(display_name="Board")
    board.members.add(alice)
    pass_policy.include_groups.add(board)
    pass_policy.exclude_groups.add(board)
    assert not policy_covers(alice)


def test_the_query_for_everybody_covered_agrees_with_the_question_about_one(
    alice: User, bob: User, pass_policy: TemporaryAccessPassPolicy
) -> None:
    staff, board = (DirectoryGroup.objects.create(display_name=name) for name in ("Staff", "Board"))
    staff.members.add(alice, bob)
    board.members.add(bob)
    for everybody in (True, False):
        for included in ((), (staff,), (staff, board)):
            for excluded in ((), (board,), (staff, board)):
                for state in ("enabled", "disabled"):
                    pass_policy.state, pass_policy.include_all_users = state, everybody
                    pass_policy.save()
                    pass_policy.include_groups.set(included)
                    pass_policy.exclude_groups.set(excluded)
                    one_by_one = {user for user in (alice, bob) if policy_covers(user)}
                    assert set(covered_users()) == one_by_one


def helpdesk(name: str, *permissions: str, **fields: object) -> User:
    operator = User.objects.create_user(f"{name}@contoso.example", is_staff=True, **fields)
    operator.user_permissions.add(*Permission.objects.filter(codename__in=permissions, content_type__app_label="tap"))
    return operator


def test_who_may_issue_for_whom(alice: User, bob: User) -> None:
    """V4: never for oneself; operators' passes need the further permission; a superuser's needs a superuser."""
    plain = helpdesk("plain")
    helper = helpdesk("helper", "add_temporaryaccesspass")
    privileged = helpdesk("privileged", "add_temporaryaccesspass", "issue_for_operators")
    table = {(operator, user): may_issue(operator, user) for operator in (plain, helper, privileged, bob, alice)
             for user in (alice, plain, bob, operator)}  # fmt: skip
    allowed = {
        (helper, alice),
        (privileged, alice),
        (privileged, plain),
        (bob, alice),
        (bob, plain),
    }
    assert {pair for pair, may in table.items() if may} == allowed


@pytest.mark.parametrize("change", [{}, {"state": "disabled"}, {"include_all_users": False}, {"is_usable_once": True}])
def test_a_list_of_passes_says_the_same_of_each_as_one_by_itself(
    alice: User, bob: User, now: datetime, pass_policy: TemporaryAccessPassPolicy, change: dict[str, Any]
) -> None:
    flows.issue(user=alice, issued_by=bob, at=now)
    flows.issue(user=bob, issued_by=None, at=now)
    group = DirectoryGroup.objects.create(display_name="Excluded")
    group.members.add(bob)
    pass_policy.exclude_groups.add(group)
    TemporaryAccessPassPolicy.objects.update(**change)
    alone = {row.pk: usability(row, now) for row in TemporaryAccessPass.objects.all()}
    rows = list(with_policy(TemporaryAccessPass.objects.all()))
    with CaptureQueriesContext(connection) as asked:
        assert {row.pk: usability(row, now) for row in rows} == alone
    assert len(asked) == 0
