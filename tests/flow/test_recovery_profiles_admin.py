"""The list of profiles: in scope, reorder, enable, copy, delete; each change with before and after in the audit."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, DirectoryGroup, User
from recovery_portal.recovery.models import RecoveryProfile
from tests.fakes.recovery import Clock, make_person, make_profile
from tests.flow.test_recovery_console import operator

pytestmark = pytest.mark.django_db
LIST = reverse("admin:recovery_recoveryprofile_changelist")
CHANGES = "Account Recovery settings updated"


@pytest.fixture
def client(clock: Clock) -> Client:
    client = Client()
    client.force_login(make_person("root@contoso.example", given_name="Rut", is_staff=True, is_superuser=True))
    return client


def act(client: Client, action: str, *profiles: RecoveryProfile) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [str(profile.pk) for profile in profiles]})


class TestList:
    def test_it_counts_who_is_in_scope_in_as_many_queries_for_one_profile_as_for_twenty(
        self, client: Client, alice: User, profile: RecoveryProfile
    ) -> None:
        profile.include_groups.add(DirectoryGroup.objects.create(display_name="Staff"))
        client.get(LIST)
        with CaptureQueriesContext(connection) as few:
            assert '<td class="field-in_scope">2</td>' in client.get(LIST).content.decode()
        for number in range(20):
            make_profile(profile.provider, name=f"P{number}", priority=200 + number, state="disabled")
        with CaptureQueriesContext(connection) as many:
            client.get(LIST)
        assert len(many) == len(few)

    def test_reordering_is_audited_with_before_and_after(self, client: Client, profile: RecoveryProfile) -> None:
        form = {
            "form-TOTAL_FORMS": "1",
            "form-INITIAL_FORMS": "1",
            "form-0-id": str(profile.pk),
            "form-0-priority": "7",
            "_save": "Save",
        }
        assert client.post(LIST, form).status_code == 302
        assert RecoveryProfile.objects.get().priority == 7
        assert AuditEvent.objects.get(activity=CHANGES).details["priority"] == "100 -> 7"

    def test_disable_and_enable(self, client: Client, profile: RecoveryProfile) -> None:
        act(client, "disable", profile)
        assert RecoveryProfile.objects.get().state == "disabled"
        act(client, "enable", profile)
        act(client, "enable", profile)
        told = [event.details["state"] for event in AuditEvent.objects.filter(activity=CHANGES)]
        assert sorted(told) == ["disabled -> enabled", "enabled -> disabled"]

    def test_a_copy_is_disabled_and_in_evaluation(self, client: Client, profile: RecoveryProfile) -> None:
        group = DirectoryGroup.objects.create(display_name="Staff")
        profile.include_groups.add(group)
        act(client, "copy", profile)
        copied = RecoveryProfile.objects.get(name="Copy of Everybody")
        assert (copied.state, copied.mode) == ("disabled", "evaluation")
        assert list(copied.include_groups.all()) == [group]
        assert AuditEvent.objects.get(activity="Account Recovery policy created").details["profile"] == copied.name
        act(client, "copy", profile)
        assert RecoveryProfile.objects.count() == 2

    def test_deleting_is_audited(self, client: Client, profile: RecoveryProfile) -> None:
        address = reverse("admin:recovery_recoveryprofile_delete", args=[profile.pk])
        assert client.post(address, {"post": "yes"}).status_code == 302
        assert not RecoveryProfile.objects.exists()
        assert AuditEvent.objects.get(activity="Account Recovery policy deleted").details["profile"] == "Everybody"

    @pytest.mark.parametrize("action", ["enable", "disable", "copy", "delete_selected"])
    def test_who_may_only_look_changes_nothing(self, clock: Clock, profile: RecoveryProfile, action: str) -> None:
        looker = operator("recovery.view_recoveryprofile")
        act(looker, action, profile)
        assert list(RecoveryProfile.objects.values_list("name", "state")) == [("Everybody", "enabled")]
        assert "form-0-priority" not in looker.get(LIST).content.decode()


class TestSwitch:
    def test_it_lists_who_gains_recovery_to_whoever_may_see_people(
        self, client: Client, alice: User, profile: RecoveryProfile
    ) -> None:
        RecoveryProfile.objects.update(mode="evaluation")
        address = reverse("admin:recovery_profile_mode", args=[profile.pk])
        assert "alice@contoso.example" in client.get(address).content.decode()
        stranger = operator("recovery.view_recoveryprofile", "recovery.change_recoveryprofile")
        assert "alice@contoso.example" not in stranger.get(address).content.decode()
