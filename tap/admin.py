"""Operators issue, read and revoke passes, and edit the policy. The passcode is shown once, in the answer itself."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from recovery_portal.kit import clock

from . import flows, policy, queries
from .errors import IssueRefused
from .forms import IssueForm
from .models import TemporaryAccessPass, TemporaryAccessPassPolicy

_USABILITY = {
    policy.Usability.ENABLED_BY_POLICY: _("Can be used"),
    policy.Usability.DISABLED_BY_POLICY: _("The policy does not let it be used"),
    policy.Usability.EXPIRED: _("Expired"),
    policy.Usability.NOT_YET_VALID: _("Not valid yet"),
    policy.Usability.ONE_TIME_USED: _("Used, and good for once"),
}
_FIELD_OF_REFUSAL = {
    "lifetime_out_of_policy": "lifetime_minutes",
    "multi_use_not_allowed": "is_usable_once",
    "start_out_of_range": "start_at",
    "external_guest": "account_name",
    "own_account": "account_name",
}


@admin.register(TemporaryAccessPass)
class TemporaryAccessPassAdmin(admin.ModelAdmin):
    """One pass per user. Adding replaces; nothing can be edited; deleting is revoking."""

    list_display = ("user", "usability_reason", "is_usable_once", "start_at", "expires_at", "issued_by")
    list_filter = ("is_usable_once",)
    list_select_related = ("user", "issued_by")
    search_fields = ("user__user_principal_name", "user__display_name", "correlation_id")
    search_help_text = _("Account name, display name or correlation id")
    ordering = ("-created_at",)
    actions = None
    fields = (
        "user",
        "usability_reason",
        "created_at",
        "start_at",
        "expires_at",
        "lifetime_minutes",
        "is_usable_once",
        "redeemed_at",
        "issued_by",
        "correlation_id",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[TemporaryAccessPass]:
        return queries.with_policy(super().get_queryset(request))

    @admin.display(description=_("usability"))
    def usability_reason(self, record: TemporaryAccessPass) -> SafeString:
        reason = queries.usability(record, clock.now())
        return format_html("{} <code>{}</code>", _USABILITY[reason], reason.value)

    def has_change_permission(self, request: HttpRequest, obj: TemporaryAccessPass | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TemporaryAccessPass | None = None) -> bool:
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or queries.may_issue(_operator(request), obj.user)

    def delete_model(self, request: HttpRequest, obj: TemporaryAccessPass) -> None:
        flows.revoke(user=obj.user, revoked_by=_operator(request), at=clock.now())

    @method_decorator(never_cache)
    @sensitive_variables("issued")
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Issue a pass. The answer to the POST is the only page that ever shows the passcode."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        rules = queries.get_policy()
        form = IssueForm(
            request.POST or None, policy=rules, initial={"account_name": request.GET.get("account_name", "")}
        )
        if request.method == "POST" and form.is_valid():
            user = form.cleaned_data["account_name"]
            at = clock.now()
            if user.pk != _operator(request).pk and not queries.may_issue(_operator(request), user):
                raise PermissionDenied
            try:
                issued = flows.issue(
                    user=user,
                    issued_by=_operator(request),
                    at=at,
                    lifetime_minutes=form.cleaned_data["lifetime_minutes"],
                    is_usable_once=form.cleaned_data["is_usable_once"],
                    start_at=form.cleaned_data["start_at"],
                )
            except IssueRefused as refusal:
                form.add_error(_FIELD_OF_REFUSAL.get(refusal.code), refusal.reason)
            else:
                self.log_addition(request, issued.record, "Temporary Access Pass issued")
                return self._page(
                    request,
                    "issued",
                    issued=issued,
                    title=_("Temporary Access Pass details"),
                    usable=queries.usability(issued.record, at) is not policy.Usability.DISABLED_BY_POLICY,
                )
        return self._page(request, "issue", form=form, title=_("Add Temporary Access Pass"))

    def _page(self, request: HttpRequest, name: str, **context: Any) -> TemplateResponse:
        context |= {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/tap/temporaryaccesspass/{name}.html", context)


@admin.register(TemporaryAccessPassPolicy)
class TemporaryAccessPassPolicyAdmin(admin.ModelAdmin):
    """The one row: its list is its form."""

    filter_horizontal = ("include_groups", "exclude_groups")
    actions = None
    fieldsets = (
        (None, {"fields": ("state",)}),
        (_("Target"), {"fields": ("include_all_users", "include_groups", "exclude_groups")}),
        (
            _("Configure"),
            {
                "fields": (
                    "minimum_lifetime_minutes",
                    "maximum_lifetime_minutes",
                    "default_lifetime_minutes",
                    "is_usable_once",
                    "default_length",
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TemporaryAccessPassPolicy | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = queries.get_policy()
        return HttpResponseRedirect(reverse("admin:tap_temporaryaccesspasspolicy_change", args=[row.pk]))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        before = _policy_words(form.initial)
        super().save_related(request, form, formsets, change)
        after = _policy_words(form.cleaned_data)
        changes = {name: f"{before[name]} -> {after[name]}" for name in form.changed_data}
        flows.record_policy_change(policy=form.instance, changed_by=_operator(request), changes=changes, at=clock.now())

    def response_change(self, request: HttpRequest, obj: TemporaryAccessPassPolicy) -> HttpResponse:
        self.message_user(request, _("The policy was saved."), messages.SUCCESS)
        return HttpResponseRedirect(request.path)


def _policy_words(values: dict[str, Any]) -> dict[str, str]:
    """Values of the policy form as text for the audit; groups by name."""
    words = {}
    for name, value in values.items():
        groups = name in {"include_groups", "exclude_groups"}
        words[name] = ", ".join(sorted(str(group) for group in value)) if groups else str(value)
    return words


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin site lets nobody else in
    return request.user
