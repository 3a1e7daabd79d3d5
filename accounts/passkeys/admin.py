"""The passkey policy in the admin site."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.errors import PolicyRefused
from accounts.operators import Operator
from accounts.passkeys import policing
from accounts.passkeys.policy import MOST_MODELS, PasskeyPolicy, models_named
from accounts.views import me
from recovery_portal.kit import clock


class OneModelPerLine(forms.Field):
    """AAGUIDs, one per line."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 40})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value.splitlines() if isinstance(value, str) else list(value or [])
        try:
            return models_named(line.strip() for line in lines if line.strip())
        except ValueError as error:
            raise forms.ValidationError(
                _("Write one AAGUID per line, at most %(most)d.") % {"most": MOST_MODELS}, code="aaguid_invalid"
            ) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return sorted(initial or []) != self.to_python(data)
        except forms.ValidationError:
            return True


class PasskeyPolicyForm(forms.ModelForm):
    aaguids = OneModelPerLine(label=_("Models (AAGUID)"), required=False, help_text=_("One per line."))

    class Meta:
        model = PasskeyPolicy
        fields = (
            "state", "self_service_allowed", "include_all_users", "include_groups", "exclude_groups",
            "restricts_models", "enforcement", "aaguids",
        )  # fmt: skip


@admin.register(PasskeyPolicy)
class PasskeyPolicyAdmin(admin.ModelAdmin):
    """The one row: its list is its form."""

    form = PasskeyPolicyForm
    filter_horizontal = ("include_groups", "exclude_groups")
    actions = None
    fieldsets = (
        (None, {"fields": ("state", "self_service_allowed")}),
        (_("Target"), {"fields": ("include_all_users", "include_groups", "exclude_groups")}),
        (_("Models"), {"fields": ("restricts_models", "enforcement", "aaguids")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PasskeyPolicy | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = PasskeyPolicy.objects.get_or_create(pk=PasskeyPolicy.THE_ROW)[0]
        return redirect("admin:accounts_passkeypolicy_change", row.pk)

    def save_model(self, request: HttpRequest, obj: PasskeyPolicy, form: Any, change: bool) -> None:
        """Left to ``save_related``: all of it together goes the way of every other door."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        changes |= {name: list(changes[name]) for name in ("include_groups", "exclude_groups") if name in changes}
        if not changes:
            return
        try:
            policing.change_policy(changes=changes, by=Operator(user=me(request)), at=clock.now())
        except PolicyRefused as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, _("The policy was saved."))

    def response_change(self, request: HttpRequest, obj: PasskeyPolicy) -> HttpResponse:
        return redirect(request.path)
