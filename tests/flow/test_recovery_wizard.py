"""The profile wizard: six pages, nothing changed before the last one, and everything in the audit."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, DirectoryGroup, User
from idv.verifier.models import IdentityProvider
from recovery_portal.recovery.flows import safeguarding
from recovery_portal.recovery.models import Proposal, RecoveryPolicy, RecoveryProfile
from tests.fakes.extensions import ORIGIN, make_extension
from tests.fakes.recovery import NOON, Clock, make_person
from tests.flow.test_recovery_console import operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(clock: Clock) -> User:
    return make_person("root@contoso.example", given_name="Rut", is_staff=True, is_superuser=True)


@pytest.fixture
def client(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def staff(db: None) -> DirectoryGroup:
    return DirectoryGroup.objects.create(display_name="Staff")


@pytest.fixture
def forms(registered_provider: IdentityProvider, staff: DirectoryGroup) -> dict[str, dict[str, Any]]:
    return {
        "details": {"name": "New", "description": "For staff", "state": "enabled", "priority": "5"},
        "mode": {"mode": "evaluation", "pass_reveal": "faceCheckDevice", "old_methods": "keep"},
        "groups": {"include_groups": [str(staff.pk)]},
        "provider": {"provider": str(registered_provider.pk)},
        "validation": {
            "match_confidence": "relaxed",
            "match_rules": ["nicknames", "diacritics"],
            "bindings": ["dateOfBirth"],
            "face_check_threshold": "80",
        },
    }


class Walk:
    """Somebody in the wizard."""

    def __init__(self, client: Client, start: str = "", *arguments: Any) -> None:
        self.client = client
        self.seen: Any = client.get(reverse(f"console:{start or 'wizard-new'}", args=arguments), follow=True)
        self.draft_id = self.seen.wsgi_request.resolver_match.kwargs["draft_id"]

    @property
    def at(self) -> str:
        return str(self.seen.wsgi_request.resolver_match.kwargs.get("name", ""))

    @property
    def text(self) -> str:
        return str(self.seen.content.decode())

    def next(self, form: dict[str, Any], name: str = "") -> "Walk":
        address = reverse("console:wizard", args=[self.draft_id, name or self.at])
        self.seen = self.client.post(address, form, follow=True)
        return self

    def open(self, name: str) -> "Walk":
        self.seen = self.client.get(reverse("console:wizard", args=[self.draft_id, name]), follow=True)
        return self


def through(client: Client, forms: dict[str, dict[str, Any]]) -> Walk:
    walk = Walk(client)
    for name, form in forms.items():
        assert walk.at == name
        walk.next(form)
    assert walk.at == "review", walk.text
    return walk


def test_from_the_first_page_to_a_profile(
    client: Client, alice: User, staff: DirectoryGroup, forms: dict[str, dict[str, Any]]
) -> None:
    staff.members.add(alice)
    walk = through(client, forms)
    assert "1 person will have “New” as the profile that wins" in walk.text
    assert "alice@contoso.example" in walk.text
    assert "with nicknames" in walk.text
    assert "without diacritics" in walk.text
    assert not RecoveryProfile.objects.exists()
    walk.next({})
    profile = RecoveryProfile.objects.get()
    assert (profile.name, profile.state, profile.mode, profile.priority) == ("New", "enabled", "evaluation", 5)
    assert (profile.match_confidence, profile.face_check_threshold) == ("relaxed", 80)
    assert (sorted(profile.match_rules), profile.bindings) == (["diacritics", "nicknames"], ["dateOfBirth"])
    assert list(profile.include_groups.all()) == [staff]
    assert not profile.still_head_allowed
    created = AuditEvent.objects.get(activity="Account Recovery policy created")
    assert (created.initiated_by_name, created.details["face_check_threshold"]) == ("root@contoso.example", "80")
    changed = AuditEvent.objects.get(activity="Account Recovery settings updated")
    assert changed.details["include_groups"] == "no group -> Staff"


def test_the_only_provider_is_chosen_already_and_among_several_somebody_chooses(
    client: Client, forms: dict[str, dict[str, Any]]
) -> None:
    walk = Walk(client)
    for name in ("details", "mode", "groups"):
        walk.next(forms[name])
    assert "checked" in walk.text
    IdentityProvider.objects.create(name="Other", issuer="https://o.test", client_id="x", allowed_vcts=["x"])
    assert "checked" not in walk.open("provider").text


def test_the_review_leads_back_to_each_page(client: Client, forms: dict[str, dict[str, Any]]) -> None:
    walk = through(client, forms)
    for name in forms:
        assert reverse("console:wizard", args=[walk.draft_id, name]) in walk.text
    assert 'value="New"' in walk.open("details").text
    walk.next(forms["details"] | {"name": "Renamed"})
    assert walk.at == "review"
    walk.next({})
    assert RecoveryProfile.objects.get().name == "Renamed"


def test_editing_writes_what_differs_with_before_and_after(
    client: Client, profile: RecoveryProfile, staff: DirectoryGroup
) -> None:
    RecoveryPolicy.objects.create().excluded_groups.add(staff)
    walk = Walk(client, "wizard-edit", profile.pk)
    assert walk.at == "review"
    form = {"match_confidence": "relaxed", "face_check_threshold": "90", "still_head_allowed": "on"}
    walk.open("validation").next(form)
    walk.next({})
    profile.refresh_from_db()
    assert (profile.match_confidence, profile.mode) == ("relaxed", "production")
    event = AuditEvent.objects.get(activity="Account Recovery settings updated")
    assert event.details["match_confidence"] == "exact -> relaxed"
    assert event.details["face_check_threshold"] == "70 -> 90"
    assert "name" not in event.details
    assert list(RecoveryPolicy.objects.get().excluded_groups.all()) == [staff]


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(client: Client, profile: RecoveryProfile) -> None:
    walk = Walk(client, "wizard-edit", profile.pk)
    RecoveryProfile.objects.update(priority=1)
    walk.next({}, "review")
    assert "Somebody else has changed the profile meanwhile" in walk.text
    assert RecoveryProfile.objects.get().priority == 1


def test_pages_cannot_be_skipped(client: Client, forms: dict[str, dict[str, Any]]) -> None:
    walk = Walk(client)
    walk.next({}, "review")
    assert walk.at == "details"
    walk.next(forms["details"]).open("review")
    assert walk.at == "mode"
    assert not RecoveryProfile.objects.exists()


@pytest.mark.parametrize(
    ("name", "changes", "complaint"),
    [
        ("details", {"name": ""}, "This field is required"),
        ("details", {"name": "x" * 121}, "at most 120"),
        ("details", {"priority": "-1"}, "greater than or equal to 0"),
        ("mode", {"mode": "both"}, "Select a valid choice"),
        ("groups", {"include_groups": []}, "Choose all users, or at least one group"),
        ("groups", {"include_groups": ["x"]}, "is not a valid UUID"),
        ("provider", {"provider": "00000000-0000-4000-8000-000000000000"}, "Select a valid choice"),
        ("validation", {"match_rules": ["everything"]}, "Select a valid choice"),
        ("validation", {"face_check_threshold": "10"}, "greater than or equal to 50"),
        ("validation", {"claim_validation_enabled": "on"}, "Choose the extension to ask"),
    ],
)
def test_what_cannot_be_is_said_on_its_page(
    client: Client, forms: dict[str, dict[str, Any]], name: str, changes: dict[str, Any], complaint: str
) -> None:
    walk = Walk(client)
    for key, form in forms.items():
        if key == name:
            break
        walk.next(form)
    walk.next(forms[name] | changes)
    assert walk.at == name
    assert complaint in walk.text, walk.seen.context["form"].errors


def test_a_name_that_is_taken_leads_back(
    client: Client, profile: RecoveryProfile, forms: dict[str, dict[str, Any]]
) -> None:
    forms["details"]["name"] = profile.name
    walk = through(client, forms).next({})
    assert walk.at == "details"
    assert "There is a profile of this name already" in walk.text
    assert RecoveryProfile.objects.count() == 1


def test_an_extension_can_be_chosen(
    client: Client, root: User, forms: dict[str, dict[str, Any]], settings: Any
) -> None:
    settings.OUTBOUND_ORIGINS = frozenset({ORIGIN})
    extension = make_extension(root)
    forms["validation"] |= {"claim_validation_enabled": "on", "claim_extension": str(extension.pk)}
    through(client, forms).next({})
    assert RecoveryProfile.objects.get().claim_extension == extension


@pytest.mark.parametrize("approval", [True, False])
def test_production_takes_the_way_that_the_policy_asks_for(
    client: Client, root: User, forms: dict[str, dict[str, Any]], approval: bool
) -> None:
    safeguarding.change_safeguards(approval_required=approval, evaluations_required=0, by=root, at=NOON)
    forms["mode"]["mode"] = "production"
    through(client, forms).next({})
    assert RecoveryProfile.objects.get().mode == ("evaluation" if approval else "production")
    assert Proposal.objects.count() == approval


def test_a_draft_belongs_to_its_session_and_to_whoever_may_use_it(
    client: Client, profile: RecoveryProfile, root: User
) -> None:
    walk = Walk(client)
    other = Client()
    other.force_login(root)
    assert other.get(reverse("console:wizard", args=[walk.draft_id, "details"])).status_code == 404
    viewer = operator("recovery.view_recoveryprofile")
    assert viewer.get(reverse("console:wizard-new")).status_code == 403
    assert viewer.get(reverse("console:wizard-edit", args=[profile.pk])).status_code == 403
    assert client.get(reverse("console:wizard", args=[walk.draft_id, "nonsense"])).status_code == 404


def test_exclusions_are_left_alone_by_who_may_not_change_them(
    registered_provider: IdentityProvider, staff: DirectoryGroup, forms: dict[str, dict[str, Any]], clock: Clock
) -> None:
    RecoveryPolicy.objects.create().excluded_groups.add(staff)
    client = operator("recovery.view_recoveryprofile", "recovery.add_recoveryprofile")
    forms["groups"] |= {"excluded_groups": []}
    through(client, forms).next({})
    assert RecoveryProfile.objects.count() == 1
    assert list(RecoveryPolicy.objects.get().excluded_groups.all()) == [staff]
