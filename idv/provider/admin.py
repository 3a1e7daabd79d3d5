"""The provider's own admin site: which credentials there are, and which of them still count."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from recovery_portal.kit import clock

from .flows import status
from .models import IssuedCredential, StatusChange

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
