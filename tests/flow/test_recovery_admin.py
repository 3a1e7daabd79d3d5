"""The operator's side: profiles, the switch that names its consequences, and attempts that are read and cancelled."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, DirectoryGroup, User
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import AttemptDevice, RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from tests.fakes.recovery import NOON, make_person, walk

pytestmark = pytest.mark.django_db


def operator(*permissions: str) -> Client:
    bob = make_person("bob@contoso.example", is_staff=True, given_name="Bob")
    bob.user_permissions.set(Permission.objects.filter(codename__in=permissions, content_type__app_label="recovery"))
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def attempt(alice: User, profile: RecoveryProfile) -> RecoveryAttempt:
    attempt = RecoveryAttempt.begin(user=alice, account_name=alice.user_principal_name, profile=profile, at=NOON)
    AttemptDevice.objects.create(attempt=attempt, role="starter", secret_digest="starter", joined_at=NOON)
    return attempt


def switch_url(profile: RecoveryProfile) -> str:
    return reverse("admin:recovery_profile_mode", args=[profile.pk])


class TestProfiles:
    def test_the_switch_says_how_many_people_it_touches_before_it_happens(
        self,
        alice: User,
        profile: RecoveryProfile,
    ) -> None:
        RecoveryProfile.objects.update(mode="evaluation")
        client = operator("view_recoveryprofile", "change_recoveryprofile")
        page = client.get(switch_url(profile))
        assert "This touches 2 people" in page.content.decode()
        assert RecoveryProfile.objects.get().mode == "evaluation"
        client.post(switch_url(profile), {"mode": "production"})
        assert RecoveryProfile.objects.get().mode == "production"
        event = AuditEvent.objects.get(activity="Account Recovery settings updated")
        assert event.details["mode"] == "evaluation -> production"
        assert event.initiated_by_name == "bob@contoso.example"

    def test_a_stale_page_does_not_switch_back(self, profile: RecoveryProfile) -> None:
        client = operator("view_recoveryprofile", "change_recoveryprofile")
        client.post(switch_url(profile), {"mode": "production"})
        assert RecoveryProfile.objects.get().mode == "production"
        assert not AuditEvent.objects.filter(activity="Account Recovery settings updated").exists()

    def test_who_may_only_look_cannot_switch(self, profile: RecoveryProfile) -> None:
        client = operator("view_recoveryprofile")
        for method in (client.get, client.post):
            assert method(switch_url(profile)).status_code == 403

    def test_the_form_does_not_carry_the_mode(self, profile: RecoveryProfile) -> None:
        client = operator("view_recoveryprofile", "change_recoveryprofile")
        address = reverse("admin:recovery_recoveryprofile_change", args=[profile.pk])
        page = client.get(address).content.decode()
        assert 'name="mode"' not in page
        assert "Switch to Evaluation" in page
        fields = {
            "name": "Everybody",
            "state": "enabled",
            "priority": "5",
            "include_all_users": "on",
            "provider": str(profile.provider_id),
            "match_confidence": "relaxed",
            "assistance": "off",
            "face_check_threshold": "80",
            "pass_reveal": "faceCheckDevice",
            "old_methods": "keep",
            "mode": "evaluation",
        }
        assert client.post(address, fields).status_code == 302
        kept = RecoveryProfile.objects.get()
        assert (kept.mode, kept.priority, kept.face_check_threshold) == ("production", 5, 80)
        event = AuditEvent.objects.get(activity="Account Recovery settings updated")
        assert event.details["face_check_threshold"] == "70 -> 80"

    @pytest.mark.parametrize("threshold", ["49", "101", "-1", "seventy"])
    def test_a_threshold_outside_50_to_100_is_refused(
        self,
        profile: RecoveryProfile,
        threshold: str,
    ) -> None:
        client = operator("view_recoveryprofile", "change_recoveryprofile")
        address = reverse("admin:recovery_recoveryprofile_change", args=[profile.pk])
        answer = client.post(address, {"name": "Everybody", "face_check_threshold": threshold})
        assert answer.status_code == 200
        assert "face_check_threshold" in answer.context["adminform"].form.errors

    def test_a_new_profile_begins_in_evaluation(self, registered_provider: object) -> None:
        client = operator("view_recoveryprofile", "add_recoveryprofile")
        page = client.get(reverse("admin:recovery_recoveryprofile_add"))
        assert page.status_code == 200

    def test_excluded_groups_are_one_row_and_audited(self, db: object) -> None:
        group = DirectoryGroup.objects.create(display_name="Executives")
        client = operator("view_recoverypolicy", "add_recoverypolicy", "change_recoverypolicy")
        shown = client.get(reverse("admin:recovery_recoverypolicy_changelist"), follow=True)
        address = reverse("admin:recovery_recoverypolicy_change", args=[RecoveryPolicy.THE_ROW])
        assert shown.redirect_chain == [(address, 302)]
        saved = client.post(address, {"excluded_groups": [str(group.pk)]}, follow=True)
        assert "The excluded groups were saved." in saved.content.decode()
        assert list(RecoveryPolicy.objects.get().excluded_groups.all()) == [group]
        assert AuditEvent.objects.get().details["excludedGroups"] == "no group -> Executives"
        assert client.get(reverse("admin:recovery_recoverypolicy_add")).status_code == 403


class TestAttempts:
    def address(self, attempt: RecoveryAttempt) -> str:
        return reverse("admin:recovery_recoveryattempt_change", args=[attempt.pk])

    def test_the_steps_are_read_and_nothing_is_edited(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.MISMATCHED, at=NOON)
        client = operator("view_recoveryattempt", "view_attemptevent", "view_attemptdevice", "view_consent")
        page = client.get(self.address(attempt)).content.decode()
        assert "identityMismatched" in page
        assert "User account not matched or validated" in page
        assert 'name="_save"' not in page
        assert client.post(self.address(attempt), {"state": "matched"}).status_code == 403

    def test_scores_and_match_details_need_their_own_permission(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.MISMATCHED, at=NOON)
        RecoveryAttempt.objects.update(match_detail={"surname": "different"})
        client = operator("view_recoveryattempt")
        assert "Surname: differs" not in client.get(self.address(attempt)).content.decode()
        client = Client()
        client.force_login(make_person("carol@contoso.example", is_staff=True, is_superuser=True))
        page = client.get(self.address(attempt)).content.decode()
        assert "Surname: differs" in page
        assert "Face Check score" in page

    def test_an_operator_cancels_running_attempts(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.AWAITING_PRESENTATION, at=NOON)
        client = operator("view_recoveryattempt", "cancel_recoveryattempt")
        form = {"action": "cancel_selected", "_selected_action": [str(attempt.pk)]}
        for _ in range(2):
            client.post(reverse("admin:recovery_recoveryattempt_changelist"), form)
        attempt.refresh_from_db()
        assert attempt.state == State.CANCELLED
        event = AuditEvent.objects.get(activity="User account recovery cancelled")
        assert event.initiated_by_name == "bob@contoso.example"

    def test_who_may_only_look_is_offered_no_cancelling(self, attempt: RecoveryAttempt) -> None:
        client = operator("view_recoveryattempt")
        form = {"action": "cancel_selected", "_selected_action": [str(attempt.pk)]}
        client.post(reverse("admin:recovery_recoveryattempt_changelist"), form)
        attempt.refresh_from_db()
        assert attempt.is_active
