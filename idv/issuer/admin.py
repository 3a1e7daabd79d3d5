"""Contracts, to be written; credentials of the organisation, to be looked up by a program's request id and revoked."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import clock

from . import flows
from .models import Contract, IssuedCredential


@admin.register(Contract)
class ContractAdmin(admin.ModelAdmin):
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
