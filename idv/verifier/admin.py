"""Operators register providers and read what happened; nobody edits what happened."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import clock
from recovery_portal.kit.admin_filters import NamedValuesFilter

from . import signals, trust
from .models import FaceCheck, IdentityProvider, PresentationRequest, ProofingRequest, TypeAuthority


class IdentityProviderForm(forms.ModelForm):
    """Checks what would otherwise fail in the middle of somebody's recovery."""

    class Meta:
        model = IdentityProvider
        fields = [
            "name",
            "issuer",
            "client_id",
            "enabled",
            "description",
            "contact",
            "protocol",
            "allowed_vcts",
            "pinned_algorithms",
            "trust_frameworks",
            "trusted_certificates",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "protocol" in self.fields:  # not where the row is only looked at
            self.fields["protocol"].required = False  # who leaves it out means the one that issues

    def clean_trusted_certificates(self) -> str:
        pem: str = self.cleaned_data["trusted_certificates"]
        try:
            trust.certificates_in(pem)
        except ValueError as error:
            raise forms.ValidationError(_("Paste certificates in PEM form."), code="certificates_invalid") from error
        return pem

    def clean_protocol(self) -> str:
        return self.cleaned_data["protocol"] or IdentityProvider.Protocol.PROOFING


_TRUST = (
    "issuer", "protocol", "allowed_vcts", "pinned_algorithms", "trust_frameworks", "trusted_certificates",
)  # fmt: skip


def _is_held(provider: IdentityProvider | None) -> bool:
    """Whether somebody relies on what the provider is trusted for, so that nobody alone changes it."""
    answers = signals.provider_held.send(sender=IdentityProvider, provider=provider) if provider else []
    return any(held for _receiver, held in answers)


class TypeAuthorityInline(admin.StackedInline):
    model = TypeAuthority
    fields = ("vct", "certificates")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_held(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_held(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_held(obj)


@admin.register(IdentityProvider)
class IdentityProviderAdmin(admin.ModelAdmin):
    form = IdentityProviderForm
    inlines = [TypeAuthorityInline]
    list_display = ["name", "issuer", "enabled", "metadata_fetched_at"]
    list_filter = ["enabled"]
    search_fields = ["name", "issuer"]
    readonly_fields = ["metadata_fetched_at", "result_keys_fetched_at", "credential_keys_fetched_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: IdentityProvider | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(_TRUST if _is_held(obj) else ()))

    def render_change_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "GET" and _is_held(kwargs.get("obj")):
            messages.info(
                request,
                _(
                    "A profile in Production relies on this provider, and two operators agree on what is there: its "
                    "address and what it is trusted for stay as they are. Add another provider instead."
                ),
            )
        return super().render_change_form(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: IdentityProvider, form: Any, change: bool) -> None:
        if "issuer" in form.changed_data:  # documents of the old address must not vouch for the new one
            obj.forget_documents()
        super().save_model(request, obj, form, change)
        changes = {name: f"{form.initial.get(name, '')} -> {form.cleaned_data.get(name)}" for name in form.changed_data}
        signals.provider_edited.send(
            sender=IdentityProvider, provider=obj, by=request.user, changes=changes, at=clock.now()
        )


class ReadOnlyAdmin(admin.ModelAdmin):
    """Records of what happened."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProofingRequest)
class ProofingRequestAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "provider", "status", "reason_code", "correlation_id", "finished_at")
    list_filter = ["status", "provider"]
    search_fields = ["correlation_id", "proofing_reference"]
    fields = (
        "created_at",
        "provider",
        "status",
        "reason_code",
        "correlation_id",
        "finished_at",
        "proofing_reference",
        "expires_at",
    )


class FaceCheckInline(admin.TabularInline):
    model = FaceCheck
    fields = ("number", "status", "reason_code", "score", "threshold", "milliseconds", "decided_at")
    readonly_fields = ("number", "status", "reason_code", "score", "threshold", "milliseconds", "decided_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(PresentationRequest)
class PresentationRequestAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "provider", "status", "reason_code", "account_hint", "same_device", "correlation_id")
    list_filter = ["status", "provider", "same_device"]
    list_select_related = ("provider",)  # it may have none, and is then not fetched along by itself
    search_fields = ["correlation_id"]
    fields = [
        "created_at",
        "provider",
        "status",
        "reason_code",
        "account_hint",
        "same_device",
        "correlation_id",
        "reason",
        "purpose",
        "proofing_reference",
        "credential_issuer",
        "credential_vct",
        "credential_issued_at",
        "expires_at",
        "answered_at",
        "collected_at",
        "forgotten_at",
    ]
    inlines = [FaceCheckInline]


@admin.register(FaceCheck)
class FaceCheckAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "status", "reason_code", "score", "threshold", "number", "request")
    list_filter = ["status", ("reason_code", NamedValuesFilter)]
    search_fields = ["request__correlation_id"]
    fields = [
        "created_at",
        "status",
        "reason_code",
        "score",
        "threshold",
        "number",
        "request",
        "engine",
        "engine_version",
        "calibration",
        "liveness_engine",
        "liveness_measures",
        "frames",
        "milliseconds",
        "runs",
        "submitted_at",
        "decided_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FaceCheck]:
        return super().get_queryset(request).select_related("request")
