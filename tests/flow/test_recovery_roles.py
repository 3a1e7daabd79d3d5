"""Roles: every role × every console page and the acts that count, and the limits that no role lifts."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import DirectoryGroup, User
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from recovery_portal.recovery.roles import ROLES
from tap.queries import may_issue
from tests.fakes.recovery import NOON, Clock, make_person, walk

pytestmark = pytest.mark.django_db

AUTH, PRIVILEGED = "Authentication Administrator", "Privileged Authentication Administrator"
POLICY, USERS, HELPDESK, READER = (
    "Authentication Policy Administrator",
    "User Administrator",
    "Helpdesk",
    "Global Reader",
)
PAGES: dict[str, set[str]] = {
    "console:home": {AUTH, PRIVILEGED, POLICY, USERS, READER},
    "console:explain": {AUTH, PRIVILEGED, POLICY, USERS, READER},
    "console:simulator": {AUTH, PRIVILEGED},
    "console:readiness": {AUTH, PRIVILEGED, POLICY, USERS, READER},
    "console:readiness-csv": {AUTH, PRIVILEGED},
    "console:attempts": {AUTH, PRIVILEGED, HELPDESK, READER},
    "console:attempt": {AUTH, PRIVILEGED, HELPDESK, READER},
    "console:attempt-cancel": {AUTH, PRIVILEGED, HELPDESK},
    "console:reviews": {AUTH, PRIVILEGED, HELPDESK, READER},
    "console:review": {AUTH, PRIVILEGED, HELPDESK, READER},
    "console:review-issue": {AUTH, PRIVILEGED, HELPDESK},
    "console:providers": {AUTH, PRIVILEGED, POLICY, READER},
    "console:provider": {AUTH, PRIVILEGED, POLICY, READER},
    "console:provider-add": {AUTH, PRIVILEGED, POLICY},
    "console:provider-act": {AUTH, PRIVILEGED, POLICY},
    "console:savings": {AUTH, PRIVILEGED, POLICY, USERS, READER},
    "admin:accounts_auditevent_csv": {AUTH, PRIVILEGED, POLICY, READER},
    "admin:accounts_auditevent_jsonl": {AUTH, PRIVILEGED, POLICY, READER},
    "admin:accounts_operatorsigninpolicy_changelist": {PRIVILEGED},
    "console:blocks": {AUTH, PRIVILEGED, HELPDESK, READER},
    "console:block": {AUTH, PRIVILEGED, HELPDESK},
    "admin:recovery_profile_mode": {AUTH, PRIVILEGED, POLICY},
    "admin:recovery_recoveryprofile_changelist": {AUTH, PRIVILEGED, POLICY, USERS, READER},
    "admin:recovery_recoveryprofile_add": {AUTH, PRIVILEGED, POLICY},
    "admin:recovery_recoveryattempt_changelist": {AUTH, PRIVILEGED, HELPDESK, READER},
    "admin:tap_temporaryaccesspass_changelist": {AUTH, PRIVILEGED, HELPDESK, READER},
    "admin:tap_temporaryaccesspass_add": {AUTH, PRIVILEGED, HELPDESK},
    "admin:tap_temporaryaccesspasspolicy_changelist": {AUTH, PRIVILEGED, POLICY, READER},
    "admin:accounts_user_changelist": set(ROLES),
    "admin:accounts_user_add": {USERS},
    "admin:accounts_auditevent_changelist": {AUTH, PRIVILEGED, POLICY, READER},
    "admin:api_appregistration_changelist": set(),
    "admin:auth_group_changelist": set(),
}


@pytest.fixture(autouse=True)
def _provisioned(db: None, clock: Clock) -> None:
    call_command("provision_roles", verbosity=0)


def holder(role: str) -> User:
    bob = make_person("bob@contoso.example", is_staff=True, given_name="Bob", surname="Baker")
    bob.groups.add(Group.objects.get(name=role))
    return bob


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_for_its_roles_alone(role: str, profile: RecoveryProfile) -> None:
    client = Client()
    client.force_login(holder(role))
    alice = make_person()
    attempt = RecoveryAttempt.begin(user=alice, account_name=alice.user_principal_name, profile=profile, at=NOON)
    walk(attempt, State.EXPIRED, at=NOON)
    arguments = {
        "console:readiness": profile.pk,
        "console:readiness-csv": profile.pk,
        "admin:recovery_profile_mode": profile.pk,
        "console:attempt": attempt.pk,
        "console:attempt-cancel": attempt.pk,
        "console:review": attempt.pk,
        "console:review-issue": attempt.pk,
        "console:block": alice.pk,
        "console:provider": profile.provider_id,
        "console:provider-act": profile.provider_id,
    }
    wrong = []
    for name, allowed in PAGES.items():
        address = reverse(name, args=[arguments[name]] if name in arguments else [])
        status = client.get(address, follow=True).status_code
        if status == 405:  # an act, not a page
            status = client.post(address, follow=True).status_code
        if status != (200 if role in allowed else 403):
            wrong.append((name, status))
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_who_issues_passes_for_whom(role: str, alice: User) -> None:
    bob = holder(role)
    other = make_person("other@contoso.example", is_staff=True)
    root = make_person("root@contoso.example", is_staff=True, is_superuser=True)
    may = {person for person in (alice, other, root, bob) if may_issue(bob, person)}
    wanted = {PRIVILEGED: {alice, other}, AUTH: {alice}, HELPDESK: {alice}}
    assert may == wanted.get(role, set())


def test_who_manages_users_does_not_manage_operators(alice: User) -> None:
    """Else who may change somebody's address would soon have their rights as well."""
    root = make_person("root@contoso.example", is_staff=True, is_superuser=True)
    bob = holder(USERS)
    client = Client()
    client.force_login(bob)
    for person, editable in ((alice, True), (root, False), (bob, False)):
        page = client.get(reverse("admin:accounts_user_change", args=[person.pk])).content.decode()
        assert ('name="_save"' in page) is editable
        status = client.post(reverse("admin:accounts_user_change", args=[person.pk]), {"mail": "x@x.example"})
        assert status.status_code == (200 if editable else 403)


def test_who_may_only_look_sees_people_and_groups(alice: User) -> None:
    group = DirectoryGroup.objects.create(display_name="Staff")
    group.members.add(alice)
    client = Client()
    client.force_login(holder(READER))
    person = client.get(reverse("admin:accounts_user_change", args=[alice.pk]))
    assert "Staff" in person.content.decode()
    assert client.get(reverse("admin:accounts_directorygroup_change", args=[group.pk])).status_code == 200


def test_it_may_run_again_and_leaves_members_alone() -> None:
    bob = holder(HELPDESK)
    group = Group.objects.get(name=HELPDESK)
    group.permissions.clear()
    call_command("provision_roles", verbosity=0)
    assert group.permissions.count() == len(ROLES[HELPDESK])
    assert Group.objects.count() == len(ROLES)
    assert list(group.user_set.all()) == [bob]
