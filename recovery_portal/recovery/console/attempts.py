"""Attempts: find one, read its whole story, stop it, and stop all further ones of an account."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.names import normalise_account_name
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError

from .. import flows, timeline, words
from ..errors import BlockRefused
from ..flows import blocking
from ..machine import State
from ..models import RecoveryAttempt, RecoveryBlock, RecoveryProfile
from ..models.review import REFUSALS
from ..reasons import GROUPS, in_words
from .access import answer, operator_of, page
from .paging import Slice

_SEES_BLOCKS = "recovery.view_recoveryblock"


class AttemptSearch(forms.Form):
    """Everything may be left out."""

    text = forms.CharField(
        label=_("Account, correlation id or provider reference"),
        required=False,
        max_length=254,
        help_text=_("The beginning of an account name is enough."),
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Any")), *((s.value, words.STATES[s]) for s in State)]
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=64, widget=forms.Select)
    profile = forms.ModelChoiceField(
        RecoveryProfile.objects.all(), label=_("Profile"), required=False, empty_label=_("Any")
    )
    provider = forms.ModelChoiceField(
        IdentityProvider.objects.all(), label=_("Provider"), required=False, empty_label=_("Any")
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        known = [(group, sorted(reasons.items(), key=lambda pair: str(pair[1]))) for group, reasons in GROUPS]
        asked = data.get("reason", "").strip()
        # Another provider's own codes are no table's; a link may name one.
        others = [] if any(asked in reasons for _group, reasons in GROUPS) or not asked else [(asked, in_words(asked))]
        self.fields["reason"].widget.choices = [("", _("Any")), *others, *known]

    def found(self) -> QuerySet[RecoveryAttempt]:
        """What was asked for, newest first; nonsense finds nothing."""
        attempts = RecoveryAttempt.objects.select_related("profile").order_by("-started_at", "-id")
        if not self.is_valid():
            return attempts.none()
        wanted = self.cleaned_data
        if text := wanted["text"].strip():
            attempts = attempts.filter(_by_text(text))
        if wanted["state"]:
            attempts = attempts.filter(state=wanted["state"])
        if wanted["reason"]:
            attempts = attempts.filter(reason_code=wanted["reason"].strip())
        if wanted["profile"]:
            attempts = attempts.filter(profile=wanted["profile"])
        if wanted["provider"]:
            attempts = attempts.filter(proofing__provider=wanted["provider"])
        if wanted["since"]:
            attempts = attempts.filter(started_at__gte=datetime.combine(wanted["since"], time.min, UTC))
        if wanted["until"]:
            until = datetime.combine(wanted["until"], time.min, UTC)
            attempts = attempts.filter(started_at__lte=until + timedelta(days=1, microseconds=-1))
        return attempts


def _by_text(text: str) -> Q:
    return (
        Q(account_name__startswith=normalise_account_name(text))
        | Q(correlation_id=text.lower())
        | Q(proofing__proofing_reference=text)
    )


@page("recovery.view_recoveryattempt")
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    form = AttemptSearch(request.GET)
    rows = Slice.of(form.found(), request.GET)
    with_scores = request.user.has_perm("recovery.view_match_detail")
    return answer(request, "attempts.html", _("Recovery attempts"), form=form, rows=rows, with_scores=with_scores)


@page("recovery.view_recoveryattempt", "recovery.view_attemptevent")
@require_safe
def timeline_page(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """One attempt, line by line."""
    attempt = _get(attempt_id)
    with_scores = request.user.has_perm("recovery.view_match_detail")
    told = timeline.entries(attempt, with_scores=with_scores, at=clock.now())
    context: dict[str, Any] = {
        "attempt": attempt,
        "entries": told,
        "terms": words.of_terms(attempt.terms_json),
        "reference": attempt.proofing.proofing_reference if attempt.proofing else "",
        "with_scores": with_scores,
        "check": attempt.face_check if with_scores else None,
        "match": words.of_match(attempt.match_detail) if with_scores else [],
        "in_force": _block_of(attempt.user) if attempt.user else None,
        "may_cancel": attempt.is_active and request.user.has_perm("recovery.cancel_recoveryattempt"),
        "review": getattr(attempt, "review", None),
        "was_refused": attempt.state in REFUSALS,
    }
    return answer(request, "attempt.html", _("Attempt of %(account)s") % {"account": attempt.account_name}, **context)


@page("recovery.view_recoveryattempt", "recovery.cancel_recoveryattempt")
@require_POST
def cancel(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    attempt = _get(attempt_id)
    try:
        flows.cancel(attempt=attempt, cancelled_by=operator_of(request), at=clock.now())
    except DomainError:
        messages.warning(request, _("The attempt had moved on; look again."))
    else:
        messages.success(request, _("The attempt was cancelled."))
    return redirect("console:attempt", attempt_id=attempt.pk)


@page(_SEES_BLOCKS)
@require_safe
def blocks(request: HttpRequest) -> HttpResponse:
    """Whose recoveries are stopped, and whose were."""
    found = RecoveryBlock.objects.select_related("user", "blocked_by", "lifted_by")
    return answer(request, "blocks.html", _("Blocked accounts"), rows=Slice.of(found, request.GET))


@page("accounts.view_user")
def block(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Ask for the reason, naming what will happen; then block, or lift the block."""
    user = get_object_or_404(User, pk=user_id)
    current = _block_of(user)
    may_act = request.user.has_perm("recovery.delete_recoveryblock" if current else "recovery.add_recoveryblock")
    # Who has just blocked an account reads that it is, also without the right to lift the block.
    if not may_act and not (request.method != "POST" and current and request.user.has_perm(_SEES_BLOCKS)):
        raise PermissionDenied
    if request.method == "POST":
        by, at = operator_of(request), clock.now()
        try:
            if request.POST.get("act") == "lift":
                blocking.unblock(user=user, by=by, at=at)
                messages.success(request, _("%(account)s can be recovered again.") % {"account": user})
            else:
                blocking.block(user=user, reason=request.POST.get("reason", ""), by=by, at=at)
                messages.success(request, _("No recovery of %(account)s can begin now.") % {"account": user})
        except BlockRefused as refused:
            if refused.code == "not_permitted":
                raise PermissionDenied from refused
            messages.error(request, refused.reason)
        return redirect("console:block", user_id=user.pk)
    running = RecoveryAttempt.objects.active().filter(user=user).count()
    return answer(
        request, "block.html", _("Recoveries of %(account)s") % {"account": user},
        person=user, in_force=current, running=running, may_act=may_act,
    )  # fmt: skip


def _get(attempt_id: UUID) -> RecoveryAttempt:
    found = RecoveryAttempt.objects.select_related(
        "user", "profile", "proofing__provider", "face_check", "review__proposed_by", "review__decided_by",
        "review__spent_by",
    )  # fmt: skip
    return get_object_or_404(found, pk=attempt_id)


def _block_of(user: User) -> RecoveryBlock | None:
    return RecoveryBlock.objects.filter(user=user, lifted_at=None).select_related("blocked_by").first()
