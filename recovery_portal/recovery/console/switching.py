"""From Evaluation to Production: whom it touches, what it needs, who proposes and who approves."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from recovery_portal.kit import clock

from .. import flows, queries
from ..errors import ProfileRefused, ProposalRefused, SwitchRefused
from ..flows import proposing, safeguarding
from ..models import Proposal, RecoveryProfile
from . import changes
from .access import answer, operator_of, page

PEOPLE_LISTED = 100
_DECIDED_SHOWN = 20
SENTENCES: dict[str, Promise] = {
    "approval_required": _("A second operator has to approve the switch: propose it."),
    "too_few_evaluations": _("Too few attempts in Evaluation have succeeded so far."),
    "not_needed": _("Nothing has to be approved."),
    "pending_already": _("The same waits for approval already."),
    "own_proposal": _("Somebody else approves what you propose."),
    "decided_already": _("It was decided already."),
    "expired": _("The proposal is too old: propose it again."),
    "profile_changed": _("The profile has changed since this was proposed: have it proposed again."),
    "name_taken": _("There is a profile of this name already."),
    "not_permitted": _("You may not do that."),
    "weaker": _("Two operators agree on asking for less: propose to do without approvals first."),
}


class SafeguardsForm(forms.Form):
    approval_required = forms.BooleanField(
        label=_("A second operator approves"),
        required=False,
        help_text=_(
            "A switch to Production, and every change of what is there that lets more people recover, or by less "
            "proof. Whoever proposes it cannot approve it. Two operators agree on doing without it again, too."
        ),
    )
    evaluations_required = forms.IntegerField(
        label=_("Attempts in Evaluation that must have succeeded before"), min_value=0, max_value=10_000
    )


@page("recovery.view_recoveryprofile", "recovery.change_recoveryprofile")
def mode(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Ask, naming the people; then switch, or propose it where somebody else has to agree."""
    profile = get_object_or_404(RecoveryProfile.objects.select_related("provider", "claim_extension"), pk=profile_id)
    target = next(mode for mode in RecoveryProfile.Mode if mode != profile.mode)
    back = reverse("admin:recovery_recoveryprofile_change", args=[profile.pk])
    if request.method == "POST":
        if request.POST.get("mode") == target:
            _switch_or_propose(request, profile, target)
        return redirect(back)
    to_production = target == RecoveryProfile.Mode.PRODUCTION
    touched = queries.users_touched_by(profile)
    context: dict[str, Any] = {
        "profile": profile,
        "target": target,
        "touched": touched.count(),
        "people": list(touched.order_by("user_principal_name")[:PEOPLE_LISTED])
        if request.user.has_perm("accounts.view_user")
        else [],
        "running": queries.active_attempts().filter(profile=profile).count(),
        "back_url": back,
        "needs_approval": to_production and safeguarding.the_policy().approval_required,
        "missing": safeguarding.missing_evaluations(profile) if to_production else 0,
        "succeeded": safeguarding.successful_evaluations(profile),
        "pending": profile.proposals.filter(decision=Proposal.Decision.PENDING).select_related("proposed_by").first(),
    }
    return answer(request, "mode.html", _("Switch to %(mode)s?") % {"mode": target.label}, **context)


def _switch_or_propose(request: HttpRequest, profile: RecoveryProfile, target: RecoveryProfile.Mode) -> None:
    operator, at = operator_of(request), clock.now()
    try:
        if target == RecoveryProfile.Mode.PRODUCTION and safeguarding.the_policy().approval_required:
            proposing.propose_production(profile=profile, by=operator, at=at)
            messages.success(request, _("The switch waits for another operator's approval."))
        elif flows.switch_mode(profile=profile, mode=target.value, changed_by=operator, at=at):
            messages.success(request, _("%(name)s is now in %(mode)s.") % {"name": profile, "mode": target.label})
    except (SwitchRefused, ProposalRefused) as refused:
        messages.error(request, str(SENTENCES[refused.code]))


@page("recovery.view_recoveryprofile", "recovery.view_proposal")
def safeguards(request: HttpRequest) -> HttpResponse:
    """What Production needs, what waits for approval, and what was decided lately."""
    policy = safeguarding.the_policy()
    initial = {"approval_required": policy.approval_required, "evaluations_required": policy.evaluations_required}
    form = SafeguardsForm(request.POST or None, initial=initial)
    may_change = request.user.has_perm("recovery.change_recoverypolicy")
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if form.is_valid():
            try:
                safeguarding.change_safeguards(**form.cleaned_data, by=operator_of(request), at=clock.now())
                messages.success(request, _("The safeguards were changed."))
                return redirect("console:safeguards")
            except ProposalRefused as refused:
                form.add_error(None, str(SENTENCES[refused.code]))
    proposals = Proposal.objects.select_related("profile", "proposed_by", "decided_by")
    fresh = clock.now() - proposing.PROPOSAL_LIFETIME
    pending = proposals.filter(decision=Proposal.Decision.PENDING, proposed_at__gt=fresh)
    context = {
        "form": form,
        "policy": policy,
        "may_change": may_change,
        "pending": list(pending),
        "decided": list(proposals.exclude(decision=Proposal.Decision.PENDING).order_by("-decided_at")[:_DECIDED_SHOWN]),
    }
    return answer(request, "safeguards.html", _("Before Production"), **context)


@page("recovery.view_proposal", "recovery.change_recoverypolicy")
@require_POST
def propose_no_approval(request: HttpRequest) -> HttpResponse:
    try:
        proposing.propose_no_approval(by=operator_of(request), at=clock.now())
        messages.success(request, _("It waits for another operator's approval."))
    except ProposalRefused as refused:
        messages.error(request, str(SENTENCES[refused.code]))
    return redirect("console:safeguards")


@page("recovery.view_proposal", "recovery.view_recoveryprofile")
def proposal(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """What is proposed, whom it touches, and the two answers to it."""
    rows = Proposal.objects.select_related("profile__provider", "profile__claim_extension", "proposed_by")
    found = get_object_or_404(rows, pk=proposal_id)
    is_own = found.proposed_by_id == operator_of(request).pk
    if request.method == "POST":
        _decide(request, found, is_own=is_own)
        return redirect("console:safeguards")
    context: dict[str, Any] = {"proposal": found, "is_own": is_own}
    if found.decision == Proposal.Decision.PENDING:
        context["changed"] = proposing.is_outdated(found)
    if found.kind == Proposal.Kind.CHANGE:
        context["lines"] = changes.lines(found)
    if found.profile is not None:
        touched = changes.touched(found)
        context |= {
            "profile": found.profile,
            "groups": list(found.profile.include_groups.all()),
            "touched": touched.count(),
            "succeeded": safeguarding.successful_evaluations(found.profile),
        }
        if request.user.has_perm("accounts.view_user"):
            context["people"] = list(touched.order_by("user_principal_name")[:PEOPLE_LISTED])
    return answer(request, "proposal.html", str(found), **context)


def _decide(request: HttpRequest, found: Proposal, *, is_own: bool) -> None:
    decision, operator, at = request.POST.get("decision", ""), operator_of(request), clock.now()
    if not (request.user.has_perm("recovery.decide_proposal") or (is_own and decision == "reject")):
        raise PermissionDenied
    try:
        if decision == "approve":
            proposing.approve(proposal=found, by=operator, at=at)
            messages.success(request, _("Approved and done."))
        elif decision == "reject":
            proposing.reject(proposal=found, by=operator, at=at)
            messages.success(request, _("It will not be done."))
    except (ProposalRefused, SwitchRefused, ProfileRefused) as refused:
        messages.error(request, str(SENTENCES[refused.code]))
