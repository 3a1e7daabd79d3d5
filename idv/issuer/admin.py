"""Contracts, to be written; credentials of the organisation, to be looked up by a program's request id and revoked."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import clock

from . import flows
from .models import Contract, IssuedCredential

_EXAMPLE = [{"input": "given_name", "output": "firstName", "label": "First name", "required": True}]


class ClaimsField(forms.JSONField):
    """A claim a line is easier to read than all in one."""

    widget = forms.Textarea(attrs={"rows": 12, "cols": 90, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list) or not value:  # what somebody typed stays as they typed it
            return super().prepare_value(value)
        return "[\n" + ",\n".join(f"  {json.dumps(claim, ensure_ascii=False)}" for claim in value) + "\n]"


class ContractForm(forms.ModelForm):
    claims = ClaimsField(
        label=_("Claims"),
        initial=_EXAMPLE,
        help_text=_(
            "A JSON list: input is what programs call the claim, output what the credential calls it, label what the "
            "wallet shows."
        ),
    )

    class Meta:
        model = Contract
        fields = ("name", "type_name", "format", "claims", "validity_days", "allow_expiration_override", "enabled")


@admin.register(Contract)
class ContractAdmin(admin.ModelAdmin):
    form = ContractForm
    list_display = ("name", "type_name", "format", "enabled", "validity_days")
    fields = ("name", "type_name", "format", "claims", "validity_days", "allow_expiration_override", "enabled")

    def get_readonly_fields(self, request: HttpRequest, obj: Contract | None = None) -> tuple[str, ...]:
        return () if obj is None else flows.SETTLED

    def save_model(self, request: HttpRequest, obj: Contract, form: Any, change: bool) -> None:
        flows.save_contract(contract=obj, by=request.user, at=clock.now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its credentials name it; it is switched off instead


@admin.register(IssuedCredential)
class IssuedCredentialAdmin(admin.ModelAdmin):
    list_display = ("issued_at", "contract", "correlation_id", "expires_at", "revoked_at")
    list_filter = ("contract",)
    list_select_related = ("contract",)
    search_fields = ("correlation_id",)
    fields = readonly_fields = ("contract", "correlation_id", "issued_at", "expires_at", "revoked_at")
    actions = ("revoke",)

    @admin.action(description=_("Revoke for good"), permissions=("revoke",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[IssuedCredential]) -> None:
        at, by = clock.now(), request.user
        revoked = [row.pk for row in queryset if flows.revoke(credential_id=row.pk, by=by, at=at)]
        self.message_user(request, _("%(count)d revoked.") % {"count": len(revoked)})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("issuer.revoke_issuedcredential"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
