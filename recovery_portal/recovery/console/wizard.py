"""The profile wizard: six pages, each to be come back to; nothing is changed before *Complete*."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.operators import Operator
from recovery_portal.kit import clock

from .. import queries
from ..errors import ProfileRefused, ProposalRefused, SwitchRefused
from ..flows import configuring, proposing, safeguarding
from ..models import RecoveryPolicy, RecoveryProfile
from . import changes
from .access import answer, operator_of, page
from .steps import ORDER, REVIEW, STEPS, Step, of_profile
from .switching import PEOPLE_LISTED, SENTENCES

_KEY = "recovery.wizard"
_DRAFTS = 5
_EXCLUDES = "recovery.change_recoverypolicy"
_NOT_COLUMNS = ("include_groups", "excluded_groups", "mode")


@page("recovery.view_recoveryprofile", "recovery.add_recoveryprofile")
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    return _begin(request, None, {"groups": {"excluded_groups": sorted(map(str, _excluded()))}})


@page("recovery.view_recoveryprofile", "recovery.change_recoveryprofile")
@require_safe
def edit(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    profile = get_object_or_404(RecoveryProfile.objects.select_related("provider", "claim_extension"), pk=profile_id)
    return _begin(request, profile, of_profile(profile, _excluded()))


def _begin(request: HttpRequest, profile: RecoveryProfile | None, steps: dict[str, dict[str, Any]]) -> HttpResponse:
    drafts = request.session.get(_KEY, {})
    draft_id = str(uuid4())
    drafts[draft_id] = {
        "profile": str(profile.pk) if profile else "",
        "version": _version(profile),
        "steps": steps,
        "done": list(STEPS) if profile else [],
    }
    request.session[_KEY] = dict(list(drafts.items())[-_DRAFTS:])
    return redirect("console:wizard", draft_id, REVIEW if profile else ORDER[0])


@page("recovery.view_recoveryprofile")
def step(request: HttpRequest, draft_id: UUID, name: str) -> HttpResponse:
    """One page. *Next* keeps what it says and goes on; the review completes."""
    draft = request.session.get(_KEY, {}).get(str(draft_id))
    if draft is None or name not in ORDER:
        raise Http404
    _check_permission(request, draft)
    if name == REVIEW:
        return _review(request, draft_id, draft)
    form = _form(request, draft, name)
    if request.method == "POST" and form.is_valid():
        draft["steps"][name] = form.to_json()
        draft["done"] = sorted({*draft["done"], name}, key=ORDER.index)
        request.session.modified = True
        complete = set(draft["done"]) == set(STEPS)
        return redirect("console:wizard", draft_id, REVIEW if complete else ORDER[ORDER.index(name) + 1])
    context = {"form": form, "name": name, **_frame(draft_id, draft, name)}
    if name == "validation":
        context["may_add_extension"] = request.user.has_perm("recovery.add_claimextension")
    return answer(request, "wizard_step.html", form.title, **context)


def _check_permission(request: HttpRequest, draft: dict[str, Any]) -> None:
    if not request.user.has_perm(f"recovery.{'change' if draft['profile'] else 'add'}_recoveryprofile"):
        raise PermissionDenied


def _form(request: HttpRequest, draft: dict[str, Any], name: str) -> Step:
    form = STEPS[name](request.POST if request.method == "POST" else None, initial=draft["steps"].get(name))
    if name == "groups" and not request.user.has_perm(_EXCLUDES):
        form.fields["excluded_groups"].disabled = True
    return form


def _frame(draft_id: UUID, draft: dict[str, Any], name: str) -> dict[str, Any]:
    titles = [*((key, step.title) for key, step in STEPS.items()), (REVIEW, _("Review and finalize"))]
    steps = [(key, title, key in draft["done"], key == name) for key, title in titles]
    return {"draft_id": draft_id, "steps": steps, "number": ORDER.index(name) + 1, "count": len(ORDER)}


def _review(request: HttpRequest, draft_id: UUID, draft: dict[str, Any]) -> HttpResponse:
    forms = {name: form(draft["steps"].get(name, {})) for name, form in STEPS.items()}
    wrong = next((name for name, form in forms.items() if name not in draft["done"] or not form.is_valid()), None)
    if wrong is not None:
        return redirect("console:wizard", draft_id, wrong)
    fields = {name: value for form in forms.values() for name, value in form.cleaned_data.items()}
    if request.method == "POST":
        return _complete(request, draft_id, draft, fields)
    groups, excluded = list(fields["include_groups"]), list(fields["excluded_groups"])
    shown = RecoveryProfile(**{name: value for name, value in fields.items() if name not in _NOT_COLUMNS})
    shown.mode = fields["mode"]
    touched = queries.users_in(shown, groups=groups, excluded=excluded, own=draft["profile"] or None)
    context = {
        "profile": shown,
        "groups": groups,
        "excluded": excluded,
        "touched": touched.count(),
        "people": list(touched.order_by("user_principal_name")[:PEOPLE_LISTED])
        if request.user.has_perm("accounts.view_user")
        else [],
        **_frame(draft_id, draft, REVIEW),
    }
    return answer(request, "wizard_review.html", _("Review and finalize"), **context)


def _complete(request: HttpRequest, draft_id: UUID, draft: dict[str, Any], fields: dict[str, Any]) -> HttpResponse:
    operator, at = operator_of(request), clock.now()
    profile = _profile_of(draft)
    if draft["profile"] and (profile is None or _version(profile) != draft["version"]):
        messages.error(request, _("Somebody else has changed the profile meanwhile. Please begin again."))
        return _forget(request, draft_id)
    change: dict[str, Any] = {
        "fields": {name: value for name, value in fields.items() if name not in _NOT_COLUMNS},
        "groups": list(fields["include_groups"]),
        "excluded": list(fields["excluded_groups"]) if request.user.has_perm(_EXCLUDES) else None,
    }
    try:
        try:
            saved = configuring.save_profile(profile=profile, by=Operator(user=operator), at=at, **change)
        except SwitchRefused:
            return _propose(request, draft_id, profile, change)
    except ProfileRefused:
        messages.error(request, _("There is a profile of this name already."))
        return redirect("console:wizard", draft_id, "details")
    messages.success(request, _("“%(name)s” was saved.") % {"name": saved})
    if fields["mode"] != saved.mode:
        _switch(request, saved, fields["mode"])
    return _forget(request, draft_id)


def _propose(
    request: HttpRequest, draft_id: UUID, profile: RecoveryProfile | None, change: dict[str, Any]
) -> HttpResponse:
    """What gives more in Production waits for another operator; a draft of a new profile is kept meanwhile."""
    if profile is None:
        messages.error(
            request,
            _("The exclusions that were taken back let more people recover: propose that in a profile that is there."),
        )
        return redirect("console:wizard", draft_id, "groups")
    changes.propose(request, profile, **change)
    return _forget(request, draft_id)


def _switch(request: HttpRequest, profile: RecoveryProfile, mode: str) -> None:
    """After everything else: what is refused here leaves a saved profile in the mode that it had."""
    operator, at = operator_of(request), clock.now()
    try:
        if mode == RecoveryProfile.Mode.PRODUCTION and safeguarding.the_policy().approval_required:
            proposing.propose_production(profile=profile, by=operator, at=at)
            messages.warning(request, _("The switch to Production waits for another operator's approval."))
        else:
            safeguarding.switch_mode(profile=profile, mode=mode, changed_by=operator, at=at)
    except (SwitchRefused, ProposalRefused) as refused:
        messages.warning(request, f"{_('It is not in Production:')} {SENTENCES[refused.code]}")


def _forget(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    drafts = request.session.get(_KEY, {})
    drafts.pop(str(draft_id), None)
    request.session[_KEY] = drafts
    return redirect("admin:recovery_recoveryprofile_changelist")


def _profile_of(draft: dict[str, Any]) -> RecoveryProfile | None:
    rows = RecoveryProfile.objects.select_related("provider", "claim_extension")
    return rows.filter(pk=draft["profile"]).first() if draft["profile"] else None


def _version(profile: RecoveryProfile | None) -> str:
    return proposing.fingerprint(profile) + profile.name + profile.description if profile else ""


def _excluded() -> list[UUID]:
    policy = RecoveryPolicy.objects.first()
    return list(policy.excluded_groups.values_list("pk", flat=True)) if policy else []
