"""To Production by two, and after enough successful evaluations, where the policy asks for it: no way round."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.forms import modelform_factory
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import AuditEvent, DirectoryGroup, User
from accounts.operators import Operator
from recovery_portal.recovery import flows
from recovery_portal.recovery.errors import ProposalRefused, SwitchRefused
from recovery_portal.recovery.flows import proposing, safeguarding
from recovery_portal.recovery.machine import Event, State
from recovery_portal.recovery.models import Proposal, RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from tests.fakes.recovery import NOON, Clock, make_person, walk
from tests.flow.test_recovery_console import operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(clock: Clock) -> User:
    return make_person("ann@contoso.example", given_name="Ann", is_staff=True, is_superuser=True)


@pytest.fixture
def ben(clock: Clock) -> User:
    return make_person("ben@contoso.example", given_name="Ben", is_staff=True, is_superuser=True)


@pytest.fixture
def profile(profile: RecoveryProfile) -> RecoveryProfile:
    RecoveryProfile.objects.update(mode="evaluation")
    profile.refresh_from_db()
    return profile


@pytest.fixture
def by_two(ann: User) -> None:
    safeguarding.change_safeguards(approval_required=True, evaluations_required=0, by=ann, at=NOON)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def mode_of(profile: RecoveryProfile) -> str:
    return RecoveryProfile.objects.get(pk=profile.pk).mode


def evaluate(user: User, profile: RecoveryProfile, would_have: str = "pass_issued") -> None:
    attempt = RecoveryAttempt.begin(user=user, account_name=user.user_principal_name, profile=profile, at=NOON)
    walk(attempt, State.FACE_CHECKED, at=NOON)
    attempt.apply(Event.EVALUATION_MATCHED, at=NOON, would_have=would_have)


@pytest.mark.usefixtures("by_two")
class TestTwoOperators:
    def test_one_proposes_and_another_approves(self, ann: User, ben: User, profile: RecoveryProfile) -> None:
        proposer, approver = logged_in(ann), logged_in(ben)
        switch = reverse("admin:recovery_profile_mode", args=[profile.pk])
        assert "A second operator has to approve" in proposer.get(switch).content.decode()
        proposer.post(switch, {"mode": "production"})
        assert mode_of(profile) == "evaluation"
        proposal = Proposal.objects.get()
        address = reverse("console:proposal", args=[proposal.pk])
        assert "Somebody else approves what you propose" in proposer.get(address).content.decode()
        proposer.post(address, {"decision": "approve"})
        assert mode_of(profile) == "evaluation"
        assert "Approve" in approver.get(address).content.decode()
        approver.post(address, {"decision": "approve"})
        assert mode_of(profile) == "production"
        told = {event.activity: event for event in AuditEvent.objects.filter(category="Policy")}
        approved = told["Account Recovery switch to Production approved"]
        assert (approved.initiated_by, approved.details["proposedBy"]) == (ben, "ann@contoso.example")
        assert "ann@contoso.example" in approver.get(reverse("console:safeguards")).content.decode()

    @pytest.mark.parametrize("door", ["flow", "change", "create"])
    def test_no_other_door_leads_there(self, ann: User, profile: RecoveryProfile, door: str) -> None:
        by = Operator(user=ann)
        change = {"mode": "production", "description": "changed"}
        new = {"name": "New", "provider": profile.provider, "mode": "production"}
        doors: dict[str, Callable[[], object]] = {
            "flow": lambda: flows.switch_mode(profile=profile, mode="production", changed_by=ann, at=NOON),
            "change": lambda: flows.change_profile(profile=profile, fields=change, by=by, at=NOON),
            "create": lambda: flows.create_profile(fields=new, by=by, at=NOON),
        }
        with pytest.raises(SwitchRefused) as refused:
            doors[door]()
        assert refused.value.code == "approval_required"
        assert not RecoveryProfile.objects.filter(mode="production").exists()
        assert not RecoveryProfile.objects.filter(description="changed").exists()

    def test_back_to_evaluation_one_is_enough(self, ann: User, profile: RecoveryProfile) -> None:
        RecoveryProfile.objects.update(mode="production")
        profile.refresh_from_db()
        assert flows.switch_mode(profile=profile, mode="evaluation", changed_by=ann, at=NOON)

    def test_what_changed_after_the_proposal_is_not_approved(
        self, ann: User, ben: User, profile: RecoveryProfile
    ) -> None:
        """Else the proposer could widen the profile once somebody trusts the proposal."""
        proposal = proposing.propose_production(profile=profile, by=ann, at=NOON)
        profile.include_groups.add(DirectoryGroup.objects.create(display_name="Everybody else"))
        with pytest.raises(ProposalRefused) as refused:
            proposing.approve(proposal=proposal, by=ben, at=NOON)
        assert refused.value.code == "profile_changed"
        assert mode_of(profile) == "evaluation"
        assert Proposal.objects.get().decision == "pending"
        page = logged_in(ben).get(reverse("console:proposal", args=[proposal.pk])).content.decode()
        assert "cannot be approved as it is" in page
        assert 'value="approve"' not in page

    def test_a_proposal_is_decided_once(self, ann: User, ben: User, profile: RecoveryProfile) -> None:
        proposal = proposing.propose_production(profile=profile, by=ann, at=NOON)
        with pytest.raises(ProposalRefused):
            proposing.propose_production(profile=profile, by=ben, at=NOON)
        proposing.reject(proposal=proposal, by=ben, at=NOON)
        stale = Proposal.objects.get()
        with pytest.raises(ProposalRefused) as refused:
            proposing.approve(proposal=stale, by=ben, at=NOON)
        assert refused.value.code == "decided_already"
        again = proposing.propose_production(profile=profile, by=ann, at=NOON)
        proposing.reject(proposal=again, by=ann, at=NOON)
        assert {row.decision for row in Proposal.objects.all()} == {"rejected", "withdrawn"}

    def test_a_proposal_does_not_keep_for_ever(self, ann: User, ben: User, profile: RecoveryProfile) -> None:
        proposal = proposing.propose_production(profile=profile, by=ann, at=NOON)
        late = NOON + timedelta(days=7)
        with pytest.raises(ProposalRefused) as refused:
            proposing.approve(proposal=proposal, by=ben, at=late)
        assert refused.value.code == "expired"
        proposing.propose_production(profile=profile, by=ann, at=late)

    def test_the_database_agrees_that_nobody_approves_their_own(self, ann: User, profile: RecoveryProfile) -> None:
        proposing.propose_production(profile=profile, by=ann, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.update(decision="approved", decided_by=ann)

    def test_doing_without_approvals_takes_two_as_well(self, ann: User, ben: User, profile: RecoveryProfile) -> None:
        client = logged_in(ann)
        page = client.post(reverse("console:safeguards"), {"evaluations_required": "0"}).content.decode()
        assert "Two operators agree on asking for less" in page
        assert RecoveryPolicy.objects.get().approval_required
        client.post(reverse("console:propose-no-approval"))
        proposing.approve(proposal=Proposal.objects.get(), by=ben, at=NOON)
        assert not RecoveryPolicy.objects.get().approval_required
        assert flows.switch_mode(profile=profile, mode="production", changed_by=ann, at=NOON)

    def test_who_may_not_decide_is_refused(self, ann: User, profile: RecoveryProfile) -> None:
        proposal = proposing.propose_production(profile=profile, by=ann, at=NOON)
        client = operator("recovery.view_proposal", "recovery.view_recoveryprofile")
        address = reverse("console:proposal", args=[proposal.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"decision": "approve"}).status_code == 403
        assert client.post(reverse("console:safeguards"), {}).status_code == 403
        assert mode_of(profile) == "evaluation"


class TestEnoughEvaluations:
    def test_so_many_must_have_succeeded(self, ann: User, alice: User, profile: RecoveryProfile) -> None:
        safeguarding.change_safeguards(approval_required=False, evaluations_required=2, by=ann, at=NOON)
        evaluate(alice, profile)
        evaluate(alice, profile, would_have="name_mismatch")
        page = logged_in(ann).get(reverse("admin:recovery_profile_mode", args=[profile.pk])).content.decode()
        assert "1 more must succeed before the switch" in page
        with pytest.raises(SwitchRefused) as refused:
            flows.switch_mode(profile=profile, mode="production", changed_by=ann, at=NOON)
        assert refused.value.code == "too_few_evaluations"
        evaluate(alice, profile)
        assert flows.switch_mode(profile=profile, mode="production", changed_by=ann, at=NOON)

    def test_approval_does_not_stand_in_for_them(
        self, ann: User, ben: User, alice: User, profile: RecoveryProfile
    ) -> None:
        safeguarding.change_safeguards(approval_required=True, evaluations_required=1, by=ann, at=NOON)
        with pytest.raises(SwitchRefused):
            proposing.propose_production(profile=profile, by=ann, at=NOON)
        evaluate(alice, profile)
        proposal = proposing.propose_production(profile=profile, by=ann, at=NOON)
        RecoveryAttempt.objects.all().delete()
        with pytest.raises(SwitchRefused):
            proposing.approve(proposal=proposal, by=ben, at=NOON)
        assert mode_of(profile) == "evaluation"


def test_without_safeguards_one_operator_switches(ann: User, profile: RecoveryProfile) -> None:
    logged_in(ann).post(reverse("admin:recovery_profile_mode", args=[profile.pk]), {"mode": "production"})
    assert mode_of(profile) == "production"


@pytest.mark.parametrize("form", [{"evaluations_required": "-1"}, {"evaluations_required": "x"}, {}])
def test_nonsense_changes_nothing(ann: User, db: None, form: dict[str, Any]) -> None:
    assert logged_in(ann).post(reverse("console:safeguards"), form).status_code == 200
    assert not RecoveryPolicy.objects.filter(evaluations_required__gt=0).exists()


def test_who_changes_something_else_does_not_switch_back_what_somebody_switched_meanwhile(
    ann: User, ben: User, profile: RecoveryProfile, rf: RequestFactory
) -> None:
    """Else a profile that was just taken out of Production would be in it again, and nobody would have approved it."""
    RecoveryProfile.objects.update(mode="production")
    in_a_flow, in_the_admin = (RecoveryProfile.objects.get(pk=profile.pk) for _ in range(2))
    flows.switch_mode(profile=profile, mode="evaluation", changed_by=ben, at=NOON)
    flows.change_profile(profile=in_a_flow, fields={"description": "Mine"}, by=Operator(user=ann), at=NOON)
    assert mode_of(profile) == "evaluation"
    form = modelform_factory(RecoveryProfile, fields=["priority"])({"priority": "7"}, instance=in_the_admin)
    assert form.is_valid()
    request = rf.post("/")
    request.user = ann
    door = admin.site.get_model_admin(RecoveryProfile)
    door.save_model(request, in_the_admin, form, change=True)
    door.save_related(request, form, [], change=True)
    profile.refresh_from_db()
    assert (profile.mode, profile.description, profile.priority) == ("evaluation", "Mine", 7)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_decisions_at_once_one_wins(ann: User, profile: RecoveryProfile) -> None:
    safeguarding.change_safeguards(approval_required=True, evaluations_required=0, by=ann, at=NOON)
    proposal = proposing.propose_production(profile=profile, by=ann, at=NOON)
    others = [
        make_person(f"op{n}@contoso.example", given_name=f"Op{n}", is_staff=True, is_superuser=True) for n in range(4)
    ]
    outcomes: list[str] = []

    def decide(by: User, number: int) -> None:
        fresh = Proposal.objects.select_related("profile").get(pk=proposal.pk)
        act = proposing.approve if number % 2 else proposing.reject
        try:
            act(proposal=fresh, by=by, at=NOON)
            outcomes.append("won")
        except ProposalRefused as lost:
            outcomes.append(lost.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(by, number)) for number, by in enumerate(others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["decided_already"] * 3 + ["won"]
    approved = Proposal.objects.get().decision == "approved"
    assert mode_of(profile) == ("production" if approved else "evaluation")
