"""Refused attempts that wait for the help desk, and the two operators who overrule one."""

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from recovery_portal.kit import clock
from tap.errors import IssueRefused
from tap.models import TemporaryAccessPass

from .. import queries
from ..errors import ReviewRefused
from ..flows import reviewing
from ..models import AttemptReview, RecoveryAttempt
from ..reasons import in_words
from .access import answer, operator_of, page
from .paging import Slice

_NEEDED = ("recovery.view_recoveryattempt", "recovery.view_attemptreview")


class ReviewForm(forms.Form):
    text = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("What you checked and how. It stays in the audit log; leave out what is on the document."),
    )


@page(*_NEEDED)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Refused in the last seven days and not settled, newest first."""
    rows = Slice.of(queries.reviewable(clock.now()), request.GET)
    told = [(attempt, getattr(attempt, "review", None), in_words(attempt.reason_code)) for attempt in rows]
    return answer(request, "reviews.html", _("Refused attempts to review"), rows=rows, told=told)


@page(*_NEEDED)
def review(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """One refused attempt: propose, decide, or read what was decided."""
    attempt = _get(attempt_id)
    if request.method == "POST":
        if not request.user.has_perm("recovery.review_attempt"):
            raise PermissionDenied
        form = ReviewForm(request.POST)
        if form.is_valid():
            if _act(request, attempt, request.POST.get("act", ""), form.cleaned_data["text"]):
                return redirect("console:review", attempt_id=attempt.pk)
            attempt = _get(attempt_id)
    else:
        form = ReviewForm()
    current: AttemptReview | None = getattr(attempt, "review", None)
    return answer(
        request, "review.html", _("Review of the attempt of %(account)s") % {"account": attempt.account_name},
        attempt=attempt, review=current, form=form, reason=in_words(attempt.reason_code),
        is_own=current is not None and current.proposed_by_id == request.user.pk,
        is_good=current is not None and current.is_good(clock.now()),
    )  # fmt: skip


def _act(request: HttpRequest, attempt: RecoveryAttempt, act: str, text: str) -> bool:
    by, at = operator_of(request), clock.now()
    current: AttemptReview | None = getattr(attempt, "review", None)
    try:
        if current is None and act == "propose":
            reviewing.propose_overrule(attempt=attempt, by=by, justification=text, at=at)
        elif current is None and act == "uphold":
            reviewing.uphold(attempt=attempt, by=by, justification=text, at=at)
        elif current is not None and act == "approve":
            reviewing.approve(review=current, by=by, note=text, at=at)
        elif current is not None and act == "reject":
            reviewing.reject(review=current, by=by, note=text, at=at)
        else:
            messages.warning(request, _("Somebody was quicker; look again."))
            return True
    except ReviewRefused as refused:
        if refused.code == "not_permitted":
            raise PermissionDenied from refused
        messages.error(request, refused.reason)
        return False
    messages.success(request, _("It was recorded."))
    return True


@page(*_NEEDED, "recovery.review_attempt", "tap.add_temporaryaccesspass")
@never_cache
@require_POST
@sensitive_variables("issued")
def issue(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """The pass of an overruled refusal. This answer is the only page that ever shows the passcode."""
    attempt = _get(attempt_id)
    current = getattr(attempt, "review", None)
    if current is None:
        return redirect("console:review", attempt_id=attempt.pk)
    try:
        issued = reviewing.issue_overruled(review=current, by=operator_of(request), at=clock.now())
    except (ReviewRefused, IssueRefused) as refused:
        if refused.code == "not_permitted":
            raise PermissionDenied from refused
        messages.error(request, refused.reason)
        return redirect("console:review", attempt_id=attempt.pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Temporary Access Pass details"),
        "opts": TemporaryAccessPass._meta,
        "issued": issued,
        "usable": True,
    }
    return TemplateResponse(request, "admin/tap/temporaryaccesspass/issued.html", context)


def _get(attempt_id: UUID) -> RecoveryAttempt:
    found = RecoveryAttempt.objects.select_related(
        "user", "profile", "review__proposed_by", "review__decided_by", "review__spent_by"
    )
    return get_object_or_404(found, pk=attempt_id)
