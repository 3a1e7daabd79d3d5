"""The provider's own admin site: which credentials there are, and which of them still count."""

import base64
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from recovery_portal.kit import clock

from .errors import ProofingMoved
from .flows import reviewing, status
from .machine import State
from .models import DecisionCheck, IssuedCredential, ProofingDecision, ProofingSession, StatusChange

_Status = IssuedCredential.Status
_PROOFINGS_AT_ONCE = 100


class OperatorSite(admin.AdminSite):
    """Nobody types a password here: ``manage.py operator_link`` prints a link that signs in once."""

    site_header = site_title = _("Identity verification provider")
    site_url = None
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return render(request, "provider/operator_wanted.html", status=403)


site = OperatorSite(name="provider-operators")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For the record. Name no person and quote no document."),
        widget=forms.TextInput(attrs={"size": 60, "autocomplete": "off"}),
    )


class RecordAdmin(admin.ModelAdmin):
    """What happened is read, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(IssuedCredential, site=site)
class IssuedCredentialAdmin(RecordAdmin):
    """That credentials exist, never what they say. Copies of one verification stand or fall together."""

    list_display = ("proofing_reference", "status", "status_reason", "status_changed_at", "issued_at", "expires_at")
    list_filter = ("status",)
    search_fields = ("=proofing_reference",)
    search_help_text = _("The reference of a verification, whole: the claim proofingReference.")
    fields = (
        "proofing_reference",
        "status",
        "status_reason",
        "status_changed_at",
        "issued_at",
        "expires_at",
        "notification_event",
    )
    actions = ("revoke", "suspend", "resume")
    show_full_result_count = False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """A row cannot be edited; whether it counts is for those who might have."""
        return request.user.has_perm("provider.change_issuedcredential")

    @admin.action(description=_("Revoke for good…"), permissions=["decide"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[IssuedCredential]) -> HttpResponse | None:
        return self._change(request, queryset, _Status.INVALID, "revoke", _("Revoke for good?"))

    @admin.action(description=_("Suspend…"), permissions=["decide"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[IssuedCredential]) -> HttpResponse | None:
        return self._change(request, queryset, _Status.SUSPENDED, "suspend", _("Suspend?"))

    @admin.action(description=_("Take a suspension back…"), permissions=["decide"])
    def resume(self, request: HttpRequest, queryset: QuerySet[IssuedCredential]) -> HttpResponse | None:
        return self._change(request, queryset, _Status.VALID, "resume", _("Take the suspension back?"))

    def _change(
        self, request: HttpRequest, queryset: QuerySet[IssuedCredential], wanted: Any, action: str, title: Any
    ) -> HttpResponse | None:
        """Ask for the reason first; then change every copy of the chosen verifications."""
        references = list(queryset.order_by().values_list("proofing_reference", flat=True).distinct())
        if len(references) > _PROOFINGS_AT_ONCE:
            messages.error(request, _("Choose fewer at once."))
            return None
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            at, by = clock.now(), request.user.get_username()
            changed = sum(
                status.set_status(
                    proofing_reference=reference, status=wanted, reason=form.cleaned_data["reason"], by=by, at=at
                )
                for reference in references
            )
            self._tell(request, changed)
            return None
        copies = IssuedCredential.objects.filter(proofing_reference__in=references).exclude(status=_Status.INVALID)
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "action": action,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "everything": request.POST.get("select_across", "0"),
            "touched": copies.count(),
            "is_final": wanted == _Status.INVALID,
        }
        return TemplateResponse(request, "provider/status_reason.html", context)

    def _tell(self, request: HttpRequest, changed: int) -> None:
        if not changed:
            messages.warning(request, _("Nothing was changed: what is revoked stays revoked."))
            return
        sentence = ngettext("%(number)s credential was changed.", "%(number)s credentials were changed.", changed)
        messages.success(request, sentence % {"number": changed})


@admin.register(StatusChange, site=site)
class StatusChangeAdmin(RecordAdmin):
    list_display = ("at", "status", "reason", "by", "credentials", "proofing_reference")
    list_filter = ("status",)
    search_fields = ("=proofing_reference",)
    search_help_text = _("The reference of a verification, whole.")
    show_full_result_count = False


class ChecksInline(admin.TabularInline):
    """Why it was decided so: every fact that was looked at, and what a failure led to."""

    model = DecisionCheck
    fields = ("name", "ok", "reason_code", "weight")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProofingDecision, site=site)
class ProofingDecisionAdmin(RecordAdmin):
    """What the checks found, with figures and codes; border cases are decided from here. No name and no picture."""

    list_display = ("decided_at", "outcome", "reason_code", "score", "threshold", "party", "reference", "to_do")
    list_filter = ("outcome",)
    list_select_related = ("proofing__relying_party", "proofing__review")
    search_fields = ("=proofing__reference",)
    search_help_text = _("The reference of a verification, whole.")
    fields = (
        "decided_at", "outcome", "reason_code", "score", "threshold", "engine", "engine_version", "calibration",
        "milliseconds", "party", "reference", "to_do",
    )  # fmt: skip
    readonly_fields = ("party", "reference", "to_do")
    inlines = (ChecksInline,)
    show_full_result_count = False

    @admin.display(description=_("for"))
    def party(self, decision: ProofingDecision) -> str:
        return decision.proofing.relying_party.name

    @admin.display(description=_("reference of the verification"))
    def reference(self, decision: ProofingDecision) -> str:
        return decision.proofing.reference

    @admin.display(description=_("review"))
    def to_do(self, decision: ProofingDecision) -> Any:
        """By whom, or the way to the page where it is decided."""
        if decision.outcome != ProofingDecision.Outcome.REVIEW:
            return ""
        if hasattr(decision.proofing, "review"):
            said = _("accepted") if decision.proofing.review.accepted else _("declined")
            return f"{said}: {decision.proofing.review.by}"
        if decision.proofing.state != State.IN_REVIEW:
            return _("ended before it was decided")
        address = reverse("admin:provider_review", args=[decision.proofing_id])
        return format_html('<a href="{}">{}</a>', address, _("Decide…"))

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view(self.review)
        own: list[URLPattern] = [path("review/<uuid:proofing_id>/", wrapped, name="provider_review")]
        return own + super().get_urls()

    def review(self, request: HttpRequest, proofing_id: Any) -> HttpResponse:
        """Photos and findings of one border case, and the two buttons. Looking is on record as deciding is."""
        if not request.user.has_perm("provider.change_proofingsession"):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        proofing = get_object_or_404(ProofingSession, pk=proofing_id)
        form = ReasonForm(request.POST or None)
        by, at = request.user.get_username(), clock.now()
        try:
            if request.method == "POST" and form.is_valid() and request.POST.get("answer") in {"accept", "decline"}:
                accepted = request.POST["answer"] == "accept"
                reviewing.conclude(
                    proofing=proofing, accepted=accepted, reason=form.cleaned_data["reason"], by=by, at=at
                )
                messages.success(request, _("Accepted.") if accepted else _("Declined."))
                return redirect("admin:provider_proofingdecision_changelist")
            case = reviewing.look(proofing=proofing, by=by, at=at)
        except ProofingMoved:
            messages.warning(request, _("This one waits no more: it was decided, cancelled or ran out of time."))
            return redirect("admin:provider_proofingdecision_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Is this the same person?"),
            "opts": self.opts,
            "form": form,
            "decision": proofing.decisions.first(),
            "document": case.document,
            "photos": [
                {"key": key, "address": f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"}
                for key, jpeg in case.photos.items()
            ],
        }
        return TemplateResponse(request, "provider/review_case.html", context)
