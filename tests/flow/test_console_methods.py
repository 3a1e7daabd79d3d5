"""The authentication methods policy on one page, and the passkey policy behind it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.errors import PolicyRefused
from accounts.models import AuditEvent, DirectoryGroup
from accounts.operator_sign_in_policy import OperatorSignInPolicy
from accounts.operators import Operator
from accounts.passkeys import policing
from accounts.passkeys.policy import PasskeyPolicy, get_policy
from recovery_portal.recovery.models import RecoveryPolicy, RecoveryProfile
from tests.fakes.recovery import NOON, Clock, make_person
from tests.flow.test_recovery_console import operator

pytestmark = pytest.mark.django_db
PAGE, POLICY = reverse("console:methods"), reverse("admin:accounts_passkeypolicy_change", args=[1])
FORM = {"state": "enabled", "self_service_allowed": "on", "include_all_users": "on", "enforcement": "block"}
MODEL = "CB69481E-8FF7-4039-93EC-0A2729A154A8"


@pytest.fixture
def client(clock: Clock) -> Client:
    client = Client()
    client.force_login(make_person("root@contoso.example", given_name="Rut", is_staff=True, is_superuser=True))
    return client


def test_it_says_for_whom_each_method_is(client: Client, profile: RecoveryProfile) -> None:
    staff, never = (DirectoryGroup.objects.create(display_name=name) for name in ("<b>Staff</b>", "Never"))
    profile.include_groups.add(staff)
    RecoveryPolicy.objects.create().excluded_groups.add(never)
    page = client.get(PAGE).content.decode()
    for said in ("Passkey (FIDO2)", "Temporary Access Pass", "Authenticator code", "&lt;b&gt;Staff", "Never"):
        assert said in page
    assert reverse("admin:accounts_passkeypolicy_changelist") in page
    assert client.get(reverse("console:home")).content.decode().count(PAGE) == 2  # the checklist's, too


def test_who_may_not_look_at_a_policy_gets_no_link_to_it(clock: Clock) -> None:
    assert operator("recovery.view_recoveryprofile").get(PAGE).status_code == 403


def test_it_asks_the_same_however_many_groups_there_are(client: Client, profile: RecoveryProfile) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    profile.include_groups.add(DirectoryGroup.objects.create(display_name="One"))
    asked()
    few = asked()
    profile.include_groups.add(*(DirectoryGroup.objects.create(display_name=f"G{n}") for n in range(50)))
    assert asked() == few


def test_the_passkey_policy_is_changed_with_before_and_after(client: Client) -> None:
    group = DirectoryGroup.objects.create(display_name="Staff")
    assert client.get(reverse("admin:accounts_passkeypolicy_changelist"), follow=True).status_code == 200
    form: dict[str, Any] = FORM | {
        "restricts_models": "on", "enforcement": "allow", "aaguids": f" {MODEL} \n", "exclude_groups": [str(group.pk)],
    }  # fmt: skip
    assert "The policy was saved" in client.post(POLICY, form, follow=True).content.decode()
    policy = get_policy()
    assert (policy.restricts_models, policy.enforcement, policy.aaguids) == (True, "allow", [MODEL.lower()])
    assert list(policy.exclude_groups.all()) == [group]
    event = AuditEvent.objects.get(activity="Authentication Methods Policy Update")
    assert event.details["exclude_groups"] == "no group -> Staff"
    assert event.details["restricts_models"] == "False -> True"
    client.post(POLICY, form)
    assert AuditEvent.objects.filter(activity="Authentication Methods Policy Update").count() == 1


def test_what_is_no_model_is_said(client: Client) -> None:
    PasskeyPolicy.objects.create()
    assert "Write one AAGUID per line" in client.post(POLICY, FORM | {"aaguids": "yubikey"}).content.decode()


def test_operators_do_not_lock_themselves_out(client: Client) -> None:
    PasskeyPolicy.objects.create()
    OperatorSignInPolicy.objects.create(passkey_required=True)
    with pytest.raises(PolicyRefused, match="operators_locked_out"):
        policing.change_policy(changes={"state": "disabled"}, by=Operator(user=None, application="x"), at=NOON)
    assert get_policy().state == "enabled"


def test_passkeys_that_are_switched_off_are_a_task(client: Client) -> None:
    PasskeyPolicy.objects.create(state="disabled")
    assert (
        "Enable the Temporary Access Pass policy and the passkey policy"
        in client.get(reverse("console:home")).content.decode()
    )
