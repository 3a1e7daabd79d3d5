"""People without a camera who wait for an operator to make sure who they are."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError

from .. import queries
from ..errors import AssistanceRefused
from ..flows import assisting
from ..models import Assistance
from .access import answer, operator_of, page
from .paging import Slice

_SEES = ("recovery.view_recoveryattempt", "recovery.view_attemptreview")
_DECIDES = ("recovery.review_attempt", "tap.add_temporaryaccesspass")
_Status = Assistance.Status


class AssistanceForm(forms.Form):
    code = forms.CharField(
        label=_("The number on their page"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Six digits. It ties what you decide to the browser that asked; three wrong ones end the attempt."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("How you made sure"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("What you checked and how. It stays in the audit log; leave out what is on the document."),
    )


class SecondForm(forms.Form):
    text = forms.CharField(
        label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("It stays in the audit log."),
    )  # fmt: skip


@page(*_SEES)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Who waits, the longest first."""
    rows = Slice.of(queries.waiting_for_assistance(clock.now()), request.GET)
    return answer(request, "assistances.html", _("People without a camera"), rows=rows)


@page(*_SEES)
def assist(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """One of them: confirm, approve, refuse, or read what was decided."""
    asked = _get(attempt_id)
    second = asked.status == _Status.CONFIRMED
    form = (SecondForm if second else AssistanceForm)(request.POST if request.method == "POST" else None)
    may_decide = request.user.has_perms(_DECIDES)
    if request.method == "POST":
        if not may_decide:
            raise PermissionDenied
        if form.is_valid() and _act(request, asked, request.POST.get("act", ""), form.cleaned_data):
            return redirect("console:assistance", attempt_id=attempt_id)
        asked = _get(attempt_id)
    is_open = asked.status in {_Status.WAITING, _Status.CONFIRMED} and asked.attempt.is_active
    return answer(
        request, "assistance.html", _("Without a camera: %(account)s") % {"account": asked.attempt.account_name},
        asked=asked, attempt=asked.attempt, form=form, is_open=is_open, may_decide=may_decide,
        is_second=asked.status == _Status.CONFIRMED, is_own=asked.confirmed_by_id == request.user.pk,
    )  # fmt: skip


def _act(request: HttpRequest, asked: Assistance, act: str, typed: dict[str, str]) -> bool:
    by, at = operator_of(request), clock.now()
    try:
        if act == "confirm":
            assisting.confirm(assistance=asked, by=by, code=typed.get("code", ""), method=typed["text"], at=at)
        elif act == "approve":
            assisting.approve(assistance=asked, by=by, note=typed["text"], at=at)
        elif act == "refuse":
            assisting.refuse(assistance=asked, by=by, note=typed["text"], at=at)
        else:
            messages.warning(request, _("Somebody was quicker; look again."))
            return True
    except AssistanceRefused as refused:
        if refused.code == "not_permitted":
            raise PermissionDenied from refused
        messages.error(request, refused.reason)
        return False
    except DomainError:  # the attempt ended at the same moment
        messages.warning(request, _("Somebody was quicker; look again."))
        return True
    messages.success(request, _("It was recorded."))
    return True


def _get(attempt_id: UUID) -> Assistance:
    found = Assistance.objects.select_related("attempt__user", "device", "confirmed_by", "decided_by")
    return get_object_or_404(found, attempt_id=attempt_id, attempt__user__isnull=False)
