"""Approval by two reaches what is in Production already: whatever lets more people recover, or by less proof, waits for
somebody else, by whatever way it comes. What gives less does not."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, DirectoryGroup, User
from accounts.operators import Operator
from idv.verifier.models import IdentityProvider
from recovery_portal.api import registrations, tokens
from recovery_portal.kit import clock as the_clock
from recovery_portal.recovery.errors import ExtensionRefused, ProposalRefused, SwitchRefused
from recovery_portal.recovery.flows import configuring, extending, proposing, providers, safeguarding
from recovery_portal.recovery.models import ClaimExtension, Proposal, RecoveryPolicy, RecoveryProfile
from tests.fakes.extensions import ORIGIN, make_extension
from tests.fakes.recovery import NOON, Clock, make_person, make_profile
from tests.flow.test_recovery_wizard import Walk

pytestmark = pytest.mark.django_db
LIST = reverse("admin:recovery_recoveryprofile_changelist")


@pytest.fixture
def ann(clock: Clock) -> User:
    return make_person("ann@contoso.example", given_name="Ann", is_staff=True, is_superuser=True)


@pytest.fixture
def ben(clock: Clock) -> User:
    return make_person("ben@contoso.example", given_name="Ben", is_staff=True, is_superuser=True)


@pytest.fixture
def staff(db: None) -> DirectoryGroup:
    return DirectoryGroup.objects.create(display_name="Staff")


@pytest.fixture
def guests(db: None) -> DirectoryGroup:
    return DirectoryGroup.objects.create(display_name="Guests")


@pytest.fixture
def profile(profile: RecoveryProfile, staff: DirectoryGroup, ann: User) -> RecoveryProfile:
    """Production, for Staff, and two agree on what is there."""
    RecoveryProfile.objects.update(include_all_users=False, face_check_threshold=80)
    profile.include_groups.add(staff)
    safeguarding.change_safeguards(approval_required=True, evaluations_required=0, by=ann, at=NOON)
    profile.refresh_from_db()
    return profile


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(profile: RecoveryProfile) -> tuple[Any, ...]:
    fresh = RecoveryProfile.objects.get(pk=profile.pk)
    groups = sorted(group.display_name for group in fresh.include_groups.all())
    excluded = sorted(RecoveryPolicy.objects.values_list("excluded_groups__display_name", flat=True), key=str)
    everybody = fresh.include_all_users
    return fresh.face_check_threshold, fresh.match_confidence, fresh.state, everybody, groups, excluded


class World:
    """What the ways in need."""

    def __init__(self, ann: User, profile: RecoveryProfile, guests: DirectoryGroup, tmp_path: Any) -> None:
        self.ann, self.profile, self.guests, self.tmp_path = ann, profile, guests, tmp_path
        self.client = logged_in(ann)

    def change_form(self, **changes: Any) -> Any:
        fresh = RecoveryProfile.objects.get(pk=self.profile.pk)
        form: dict[str, Any] = {
            "name": fresh.name, "description": "", "state": fresh.state, "priority": str(fresh.priority),
            "include_groups": [str(group.pk) for group in fresh.include_groups.all()],
            "provider": str(fresh.provider_id), "match_confidence": fresh.match_confidence,
            "face_check_threshold": str(fresh.face_check_threshold), "still_head_allowed": "on", "assistance": "off",
            "pass_reveal": fresh.pass_reveal, "old_methods": fresh.old_methods,
        }  # fmt: skip
        address = reverse("admin:recovery_recoveryprofile_change", args=[fresh.pk])
        return self.client.post(address, form | changes, follow=True)

    def wizard(self, page: str, form: dict[str, Any]) -> Any:
        walk = Walk(self.client, "wizard-edit", self.profile.pk)
        walk.open(page).next(form)
        return walk.next({}).seen

    def graph(self, method: str, path: str, body: Any) -> Any:
        at = the_clock.now()
        wanted = ["VerifiedId-Profile.ReadWrite.All", "Policy.ReadWrite.AuthenticationMethod"]
        app = registrations.register(name="Script", app_permissions=wanted, at=at)
        token = tokens.issue(app=app, user=None, scopes=app.app_permissions, at=at)
        client = Client(headers={"authorization": f"Bearer {token}"})
        return getattr(client, method)(f"/v1.0/{path}", data=body, content_type="application/json")

    def config(self, text: str) -> None:
        path = self.tmp_path / "config.yaml"
        path.write_text(f"version: 1\n{text}")
        call_command("config", "import", str(path))


@pytest.fixture
def world(ann: User, profile: RecoveryProfile, guests: DirectoryGroup, tmp_path: Any, settings: Any) -> World:
    settings.OUTBOUND_ORIGINS = settings.OUTBOUND_ORIGINS | {ORIGIN}
    return World(ann, profile, guests, tmp_path)


def lower_in_the_form(world: World) -> None:
    assert "waits for another operator" in world.change_form(face_check_threshold="60").content.decode()


def more_groups_in_the_form(world: World) -> None:
    groups = [str(group.pk) for group in DirectoryGroup.objects.all()]
    assert "waits for another operator" in world.change_form(include_groups=groups).content.decode()


def everybody_in_the_form(world: World) -> None:
    assert "waits for another operator" in world.change_form(include_all_users="on").content.decode()


def enabled_in_the_list(world: World) -> None:
    RecoveryProfile.objects.filter(pk=world.profile.pk).update(state="disabled")
    form = {"action": "enable", "_selected_action": [str(world.profile.pk)]}
    assert "waits for another operator" in world.client.post(LIST, form, follow=True).content.decode()


def looser_in_the_wizard(world: World) -> None:
    form = {"match_confidence": "relaxed", "face_check_threshold": "80", "still_head_allowed": "on"}
    assert "waits for another operator" in world.wizard("validation", form).content.decode()


def more_groups_in_the_wizard(world: World) -> None:
    form = {"include_groups": [str(group.pk) for group in DirectoryGroup.objects.all()]}
    assert "waits for another operator" in world.wizard("groups", form).content.decode()


def fewer_exclusions_in_the_admin(world: World) -> None:
    RecoveryPolicy.objects.get().excluded_groups.set(world.profile.include_groups.all())
    address = reverse("admin:recovery_recoverypolicy_change", args=[1])
    answer = world.client.post(address, {"excluded_groups": []}, follow=True)
    assert "waits for another operator" in answer.content.decode()


@pytest.mark.parametrize(
    "door",
    [
        lower_in_the_form, more_groups_in_the_form, everybody_in_the_form, enabled_in_the_list, looser_in_the_wizard,
        more_groups_in_the_wizard, fewer_exclusions_in_the_admin,
    ],
)  # fmt: skip
def test_in_the_console_it_is_proposed_and_somebody_else_carries_it_out(
    world: World, ben: User, door: Callable[[World], None]
) -> None:
    before = seen(world.profile)
    door(world)
    proposal = Proposal.objects.get()
    held = seen(world.profile)
    assert (proposal.kind, proposal.decision) == ("change", "pending")
    if door is not enabled_in_the_list and door is not fewer_exclusions_in_the_admin:
        assert held == before
    assert not AuditEvent.objects.filter(activity="Account Recovery settings updated", details__has_key="profile")
    address = reverse("console:proposal", args=[proposal.pk])
    assert "Somebody else approves what you propose" in world.client.get(address).content.decode()
    world.client.post(address, {"decision": "approve"})
    assert seen(world.profile) == held
    other = logged_in(ben)
    assert "As proposed" in other.get(address).content.decode()
    other.post(address, {"decision": "approve"})
    assert seen(world.profile) != held
    approved = AuditEvent.objects.get(activity="Account Recovery change in Production approved")
    assert (approved.initiated_by, approved.details["proposedBy"]) == (ben, "ann@contoso.example")
    assert other.get(address).status_code == 200  # decided
    assert other.get(reverse("console:safeguards")).status_code == 200


def by_patch(world: World) -> None:
    bindings = [
        {"matchConfidenceLevel": "relaxed", "sourceAttribute": name, "verifiedIdClaim": f"vc.credentialSubject.{claim}"}
        for name, claim in (("First name", "firstName"), ("Last name", "lastName"))
    ]
    configuration = {"claimBindings": bindings}
    answer = world.graph(
        "patch", f"identity/verifiedId/profiles/{world.profile.pk}", {"verifiedIdProfileConfiguration": configuration}
    )
    assert answer.status_code == 403, answer.content
    assert "A second operator approves" in answer.json()["error"]["message"]


def by_scopes(world: World) -> None:
    targets = [
        {"targetType": "group", "id": str(group.pk), "verifiedIdProfiles": [str(world.profile.pk)]}
        for group in DirectoryGroup.objects.all()
    ]
    path = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/VerifiableCredentials"
    assert world.graph("patch", path, {"includeTargets": targets}).status_code == 403


def by_configuration(world: World) -> None:
    with pytest.raises(CommandError, match="A second operator approves"):
        world.config("profiles:\n- name: Everybody\n  face_check_threshold: 60\n")


def by_groups_in_a_configuration(world: World) -> None:
    with pytest.raises(CommandError, match="A second operator approves"):
        world.config("profiles:\n- name: Everybody\n  include_groups: [Staff, Guests]\n")


def from_the_shell(world: World) -> None:
    with pytest.raises(SwitchRefused, match="approval_required"):
        configuring.change_profile(
            profile=world.profile, fields={"face_check_threshold": 60}, by=Operator(user=world.ann), at=NOON
        )


def a_looser_one_before_it(world: World) -> None:
    """Made while it was disabled, which is free; enabling it is not."""
    looser = make_profile(world.profile.provider, name="Looser", priority=1, state="disabled", face_check_threshold=50)
    with pytest.raises(SwitchRefused, match="approval_required"):
        configuring.change_profile(profile=looser, fields={"state": "enabled"}, by=Operator(user=world.ann), at=NOON)


def by_deleting_a_stricter_one(world: World) -> None:
    stricter = make_profile(world.profile.provider, name="Stricter", priority=1, face_check_threshold=99)
    key = stricter.pk
    with pytest.raises(SwitchRefused, match="approval_required"):
        configuring.delete_profile(profile=stricter, by=Operator(user=world.ann), at=NOON)
    for address, form in (
        (reverse("admin:recovery_recoveryprofile_delete", args=[key]), {"post": "yes"}),
        (LIST, {"action": "delete_selected", "_selected_action": [str(key)], "post": "yes"}),
    ):
        assert "Nothing was deleted" in world.client.post(address, form, follow=True).content.decode()
    assert RecoveryProfile.objects.filter(pk=key).exists()


def by_another_provider(world: World) -> None:
    other = IdentityProvider.objects.create(name="Other", issuer="https://other.example", client_id="x")
    with pytest.raises(SwitchRefused, match="approval_required"):
        configuring.change_profile(
            profile=world.profile, fields={"provider": other}, by=Operator(user=world.ann), at=NOON
        )


@pytest.mark.parametrize(
    "door",
    [
        by_patch, by_scopes, by_configuration, by_groups_in_a_configuration, from_the_shell, a_looser_one_before_it,
        by_deleting_a_stricter_one, by_another_provider,
    ],
)  # fmt: skip
def test_by_every_other_way_it_is_refused_and_nothing_has_changed(world: World, door: Callable[[World], None]) -> None:
    before = seen(world.profile)
    door(world)
    assert seen(world.profile) == before
    assert not Proposal.objects.exists()


def test_what_gives_less_needs_nobody(world: World) -> None:
    by = Operator(user=world.ann)
    assert "was changed successfully" in world.change_form(face_check_threshold="90").content.decode()
    configuring.change_profile(profile=world.profile, fields={"state": "disabled"}, by=by, at=NOON)
    configuring.change_profile(profile=world.profile, fields={"face_check_threshold": 60}, by=by, at=NOON)
    configuring.delete_profile(profile=world.profile, by=by, at=NOON)
    assert not Proposal.objects.exists()


def test_without_the_safeguard_one_operator_is_enough(world: World) -> None:
    RecoveryPolicy.objects.update(approval_required=False)
    assert "was changed successfully" in world.change_form(face_check_threshold="60").content.decode()
    with pytest.raises(ProposalRefused, match="not_needed"):
        proposing.propose_change(profile=world.profile, fields={"face_check_threshold": 50}, by=world.ann, at=NOON)


def test_a_profile_that_changed_since_is_not_changed_by_what_was_proposed_before(world: World, ben: User) -> None:
    lower_in_the_form(world)
    configuring.change_profile(
        profile=world.profile, fields={"face_check_threshold": 90}, by=Operator(user=world.ann), at=NOON
    )
    proposal = Proposal.objects.get()
    with pytest.raises(ProposalRefused, match="profile_changed"):
        proposing.approve(proposal=proposal, by=ben, at=NOON)
    page = logged_in(ben).get(reverse("console:proposal", args=[proposal.pk])).content.decode()
    assert "cannot be approved as it is" in page
    assert 'value="approve"' not in page


def test_a_second_proposal_waits_for_the_first(world: World) -> None:
    lower_in_the_form(world)
    page = world.change_form(face_check_threshold="55").content.decode()
    assert "another such change waits for approval" in page
    assert Proposal.objects.get().change["fields"] == {"face_check_threshold": 60}


def test_a_group_that_has_gone_since_is_said(world: World, ben: User) -> None:
    more_groups_in_the_form(world)
    world.guests.delete()
    proposal = Proposal.objects.get()
    assert logged_in(ben).get(reverse("console:proposal", args=[proposal.pk])).status_code == 200
    with pytest.raises(ProposalRefused, match="profile_changed"):
        proposing.approve(proposal=proposal, by=ben, at=NOON)


class TestWhatAProfileReliesOn:
    """Another address behind the same name is another provider, and nobody has agreed to that one."""

    def test_a_provider_in_production_keeps_its_address_and_what_it_is_trusted_for(self, world: World) -> None:
        provider = world.profile.provider
        address = reverse("admin:verifier_identityprovider_change", args=[provider.pk])
        page = world.client.get(address).content.decode()
        assert 'name="issuer"' not in page
        assert "two operators agree on what is there" in page
        form = {
            "name": "Renamed", "client_id": provider.client_id, "enabled": "on", "issuer": "https://evil.example",
            "trusted_certificates": "", "type_authorities-TOTAL_FORMS": "0", "type_authorities-INITIAL_FORMS": "0",
        }  # fmt: skip
        world.client.post(address, form)
        fresh = IdentityProvider.objects.get(pk=provider.pk)
        assert (fresh.name, fresh.issuer) == ("Renamed", provider.issuer)
        with pytest.raises(SwitchRefused, match="approval_required"):
            providers.configure(
                provider=fresh, fields={"issuer": "https://evil.example"}, by=Operator(user=world.ann), at=NOON
            )
        assert IdentityProvider.objects.get(pk=provider.pk).issuer == provider.issuer

    def test_an_extension_in_production_keeps_its_address(self, world: World) -> None:
        extension = make_extension(world.ann)
        RecoveryProfile.objects.update(claim_extension=extension, claim_validation_enabled=True)
        app = extension.resource_id.rpartition("/")[2]
        fields = {"target_url": "https://evil.example/", "resource_id": f"api://evil.example/{app}"}
        with pytest.raises(SwitchRefused, match="approval_required"):
            extending.change_extension(extension=extension, fields=fields, by=Operator(user=world.ann), at=NOON)
        form = {"display_name": "HR", "timeout_ms": "2000", "maximum_retries": "1", **fields}
        address = reverse("console:extension-change", args=[extension.pk])
        assert "two operators agree" in world.client.post(address, form).content.decode()
        assert ClaimExtension.objects.get().target_url == "http://hr.test/validate"


def an_extension(world: World) -> ClaimExtension:
    return ClaimExtension.objects.first() or make_extension(world.ann)


_LOWER: dict[str, Any] = {"face_check_threshold": 60}
_STRICTER: dict[str, Any] = {"approval_required": True, "evaluations_required": 1}


@pytest.mark.parametrize(
    ("act", "permission"),
    [
        (
            lambda w, by: safeguarding.switch_mode(profile=w.profile, mode="evaluation", changed_by=by, at=NOON),
            "change_recoveryprofile",
        ),
        (lambda w, by: safeguarding.change_safeguards(**_STRICTER, by=by, at=NOON), "change_recoverypolicy"),
        (lambda w, by: proposing.propose_no_approval(by=by, at=NOON), "change_recoverypolicy"),
        (
            lambda w, by: proposing.propose_change(profile=w.profile, fields=_LOWER, by=by, at=NOON),
            "change_recoveryprofile",
        ),
        (lambda w, by: proposing.approve(proposal=Proposal.objects.get(), by=by, at=NOON), "decide_proposal"),
        (lambda w, by: proposing.reject(proposal=Proposal.objects.get(), by=by, at=NOON), "decide_proposal"),
        (
            lambda w, by: extending.grant_extension(extension=an_extension(w), by=by, at=NOON),
            "grant_claimextension",
        ),
    ],
)
def test_the_flows_themselves_ask_for_the_permission(world: World, act: Callable[..., object], permission: str) -> None:
    if permission == "decide_proposal":
        lower_in_the_form(world)
    carl = make_person("carl@contoso.example", given_name="Carl", is_staff=True)
    with pytest.raises((SwitchRefused, ProposalRefused, ExtensionRefused), match="not_permitted"):
        act(world, carl)
    carl.user_permissions.add(Permission.objects.get(codename=permission, content_type__app_label="recovery"))
    act(world, User.objects.get(pk=carl.pk))


class TestSomebodyWithFewRights:
    def carl(self, *permissions: str) -> Client:
        carl = make_person("carl@contoso.example", given_name="Carl", is_staff=True)
        for permission in ("view_recoveryprofile", "view_recoverypolicy", *permissions):
            carl.user_permissions.add(Permission.objects.get(codename=permission, content_type__app_label="recovery"))
        return logged_in(carl)

    def test_who_may_only_add_profiles_puts_none_into_production(self, world: World) -> None:
        RecoveryPolicy.objects.update(approval_required=False)
        walk = Walk(self.carl("add_recoveryprofile"))
        group = str(world.guests.pk)
        for form in (
            {"name": "Mine", "state": "enabled", "priority": "1"},
            {"mode": "production", "pass_reveal": "faceCheckDevice", "old_methods": "keep"},
            {"include_groups": [group]},
            {"provider": str(world.profile.provider_id)},
            {"match_confidence": "exact", "face_check_threshold": "50"},
            {},
        ):
            walk.next(form)
        assert "You may not do that" in walk.text
        assert RecoveryProfile.objects.get(name="Mine").mode == "evaluation"

    def test_who_may_change_exclusions_alone_proposes_those(self, world: World) -> None:
        RecoveryPolicy.objects.get().excluded_groups.set(world.profile.include_groups.all())
        address = reverse("admin:recovery_recoverypolicy_change", args=[1])
        answer = self.carl("change_recoverypolicy").post(address, {"excluded_groups": []}, follow=True)
        assert "waits for another operator" in answer.content.decode()
        assert Proposal.objects.get().profile is None

    def test_a_name_of_markup_stays_a_name(self, world: World) -> None:
        """In the one message that holds a link, on the proposal, and in the list of them."""
        evil = "<img src=x onerror=alert(1)>"
        RecoveryProfile.objects.filter(pk=world.profile.pk).update(name=evil)
        world.guests.display_name = evil
        world.guests.save()
        pages = world.change_form(include_groups=[str(group.pk) for group in DirectoryGroup.objects.all()])
        proposal = reverse("console:proposal", args=[Proposal.objects.get().pk])
        safeguards = reverse("console:safeguards")
        for text in (pages, world.client.get(proposal), world.client.get(safeguards)):
            assert evil not in text.content.decode()


def test_every_setting_of_a_profile_was_thought_of() -> None:
    """A new one belongs into the rule, or here: it says nothing about who recovers or by which proof."""
    columns = {field.name for field in RecoveryProfile._meta.concrete_fields}
    nothing = {"id", "name", "description", "old_methods", "created_at", "modified_at"}
    decides_order_and_people = {"state", "mode", "priority", "include_all_users"}
    proof = {
        "provider", "match_confidence", "match_rules", "bindings", "claim_validation_enabled", "claim_extension",
        "face_check_threshold", "still_head_allowed", "high_assurance", "pass_reveal", "assistance",
    }  # fmt: skip
    assert columns == nothing | decides_order_and_people | proof


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_changes_that_widen_together_do_not_pass_at_once(world: World) -> None:
    """Enabling a looser profile below, and taking the stricter one away: each alone gives nobody anything."""
    looser = make_profile(
        world.profile.provider, name="Looser", priority=200, state="disabled", face_check_threshold=50,
        include_all_users=False,
    )  # fmt: skip
    looser.include_groups.set(world.profile.include_groups.all())
    by = Operator(user=world.ann)

    def change(pk: Any, state: str, start: threading.Barrier, outcomes: list[str]) -> None:
        try:
            mine = RecoveryProfile.objects.get(pk=pk)
            start.wait()
            configuring.change_profile(profile=mine, fields={"state": state}, by=by, at=NOON)
            outcomes.append("done")
        except SwitchRefused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    for _ in range(8):  # it takes luck to meet in the middle
        RecoveryProfile.objects.filter(pk=looser.pk).update(state="disabled")
        RecoveryProfile.objects.filter(pk=world.profile.pk).update(state="enabled")
        start, outcomes = threading.Barrier(2), list[str]()
        threads = [
            threading.Thread(target=change, args=(looser.pk, "enabled", start, outcomes)),
            threading.Thread(target=change, args=(world.profile.pk, "disabled", start, outcomes)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["approval_required", "done"]
