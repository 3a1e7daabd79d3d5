"""The brake: nobody is offered recovery, nobody on the way gets a pass, and a visitor learns nothing of it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.operators import Operator
from recovery_portal.api import registrations, tokens
from recovery_portal.kit import clock as the_clock
from recovery_portal.recovery import queries
from recovery_portal.recovery.errors import ProfileRefused
from recovery_portal.recovery.flows import safeguarding, stopping
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryPolicy, RecoveryProfile
from tap.models import TemporaryAccessPass
from tests.fakes.recovery import NOON, Clock, Person, make_person
from tests.flow.test_recovery_journeys import ALICE, the_attempt, to_the_face
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db
CONFIGURATION = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/VerifiableCredentials"


@pytest.fixture
def browser(alice: User, profile: RecoveryProfile, provider: Provider) -> Person:
    return Person()


@pytest.fixture
def ann(clock: Clock) -> User:
    return make_person("ann@contoso.example", given_name="Ann", is_staff=True, is_superuser=True)


def test_who_is_on_the_way_gets_no_pass_and_reads_what_everybody_reads(
    browser: Person, provider: Provider, clock: Clock, alice: User, profile: RecoveryProfile, ann: User
) -> None:
    to_the_face(browser, provider, clock).show_face("alice")
    stopping.stop(by=Operator(user=ann), at=clock.at)
    browser.press("recovery:confirmed")
    attempt = the_attempt()
    assert (attempt.state, attempt.reason_code) == (State.MISMATCHED, "stopped")
    assert "stopped" not in browser.text
    assert not TemporaryAccessPass.objects.exists()


def test_a_pass_that_was_shown_stays_good(
    browser: Person, provider: Provider, clock: Clock, alice: User, profile: RecoveryProfile, ann: User
) -> None:
    to_the_face(browser, provider, clock).show_face("alice").press("recovery:confirmed")
    stopping.stop(by=Operator(user=ann), at=clock.at)
    assert browser.press("recovery:confirmed").page == "pass"


def test_nobody_is_offered_recovery_and_profiles_stay_as_they_are(
    alice: User, profile: RecoveryProfile, ann: User, clock: Clock
) -> None:
    assert queries.eligibility(alice).profile == profile
    assert stopping.stop(by=Operator(user=ann), at=NOON)
    assert not stopping.stop(by=Operator(user=ann), at=NOON)
    assert (queries.eligibility(alice).profile, queries.explain(alice).reason) == (None, "stopped")
    assert queries.find_profile_for_name(ALICE) is None
    assert queries.find_profile_for_name("nobody@contoso.example") is None
    profile.refresh_from_db()
    assert profile.state == RecoveryProfile.State.ENABLED
    assert stopping.resume(by=Operator(user=ann), at=NOON)
    assert not stopping.resume(by=Operator(user=ann), at=NOON)
    assert queries.eligibility(alice).profile == profile
    told = AuditEvent.objects.filter(activity__in=["Account Recovery stopped", "Account Recovery resumed"])
    assert sorted(event.activity for event in told) == ["Account Recovery resumed", "Account Recovery stopped"]


def test_one_alone_lets_go_what_two_have_agreed_on(profile: RecoveryProfile, ann: User, alice: User) -> None:
    safeguarding.change_safeguards(approval_required=True, evaluations_required=0, by=ann, at=NOON)
    stopping.stop(by=Operator(user=ann), at=NOON)
    stopping.resume(by=Operator(user=ann), at=NOON)
    assert queries.eligibility(alice).profile == profile


def test_only_who_sets_recovery_up_may(profile: RecoveryProfile, clock: Clock) -> None:
    helper = make_person("helper@contoso.example", is_staff=True)
    with pytest.raises(ProfileRefused, match="not_permitted"):
        stopping.stop(by=Operator(user=helper), at=NOON)
    client = Client()
    client.force_login(helper)
    assert client.post(reverse("console:stop"), {"act": "stop"}).status_code == 403
    assert not RecoveryPolicy.objects.filter(stopped_at__isnull=False).exists()


def test_the_console_says_what_happens_and_does_it(profile: RecoveryProfile, ann: User, clock: Clock) -> None:
    client = Client()
    client.force_login(ann)
    page, home = reverse("console:stop"), reverse("console:home")
    assert "0 attempts are on the way" in client.get(page).content.decode()
    assert client.put(page).status_code == 405
    assert (
        "Account recovery is stopped for everybody." in client.post(page, {"act": "stop"}, follow=True).content.decode()
    )
    assert "2026" in client.get(page).content.decode()
    assert client.post(page, {"act": "resume"}).url == home
    assert "stopped for everybody" not in client.get(home).content.decode()


def test_a_program_does_the_same_by_the_policy_of_the_method(
    profile: RecoveryProfile, clock: Clock, alice: User
) -> None:
    at = the_clock.now()
    app = registrations.register(name="Script", app_permissions=["Policy.ReadWrite.AuthenticationMethod"], at=at)
    client = Client(
        headers={"authorization": f"Bearer {tokens.issue(app=app, user=None, scopes=app.app_permissions, at=at)}"}
    )

    def patch(**change: Any) -> int:
        return client.patch(CONFIGURATION, change, content_type="application/json").status_code

    assert client.get(CONFIGURATION).json()["state"] == "enabled"
    # What is refused changes nothing, the state included.
    assert patch(state="disabled", excludeTargets=[{"id": "no such group"}]) == 400
    assert client.get(CONFIGURATION).json()["state"] == "enabled"
    assert patch(state="disabled") == 204
    assert client.get(CONFIGURATION).json()["state"] == "disabled"
    assert client.get(CONFIGURATION).json()["includeTargets"]
    assert queries.eligibility(alice).reason == "stopped"
    assert patch(state="off") == 400
    assert patch(includeTargets=client.get(CONFIGURATION).json()["includeTargets"]) == 204
    assert queries.eligibility(alice).reason == "stopped"
    assert patch(state="enabled") == 204
    assert queries.eligibility(alice).profile == profile


def test_a_person_s_right_to_profiles_alone_does_not_stop_recovery(profile: RecoveryProfile, clock: Clock) -> None:
    at = the_clock.now()
    helper = make_person("helper@contoso.example", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="change_recoveryprofile"))
    app = registrations.register(name="Script", delegated_permissions=["Policy.ReadWrite.AuthenticationMethod"], at=at)
    token = tokens.issue(app=app, user=helper, scopes=app.delegated_permissions, at=at)
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert client.patch(CONFIGURATION, {"state": "disabled"}, content_type="application/json").status_code == 403
    assert not RecoveryPolicy.objects.filter(stopped_at__isnull=False).exists()
