"""Operators register programs. A secret is shown once, in the answer that makes it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from recovery_portal.kit import clock

from . import permissions, registrations
from .models import AppCertificate, AppRegistration, AppSecret


class _Lines(forms.CharField):
    """A list, one entry per line."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value.splitlines() if isinstance(value, str) else list(value or [])
        return [line.strip() for line in lines if line.strip()]

    def validate(self, value: Any) -> None:
        try:
            for line in value:
                registrations.check_redirect_uri(line)
        except registrations.RegistrationRefused as refusal:
            raise forms.ValidationError(refusal.reason) from refusal


def _choices() -> list[tuple[str, str]]:
    return [(name, name) for name in permissions.known()]


class AppRegistrationForm(forms.ModelForm):
    app_permissions = forms.MultipleChoiceField(
        label=_("Application permissions"),
        choices=_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What the program may do by itself."),
    )
    delegated_permissions = forms.MultipleChoiceField(
        label=_("Delegated permissions"),
        choices=_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What it may do for somebody who signed in, and never more than that person may."),
    )
    redirect_uris = _Lines(label=_("Redirect URIs"), required=False, help_text=_("One per line."))

    class Meta:
        model = AppRegistration
        fields = ("display_name", "enabled", "app_permissions", "delegated_permissions", "redirect_uris")


class AddCertificateForm(forms.ModelForm):
    class Meta:
        model = AppCertificate
        fields = ("pem",)

    def clean_pem(self) -> str:
        try:
            registrations.read_certificate(self.cleaned_data["pem"])
        except registrations.RegistrationRefused as refusal:
            raise forms.ValidationError(refusal.reason) from refusal
        return str(self.cleaned_data["pem"])


class SecretInline(admin.TabularInline):
    model = AppSecret
    fields = readonly_fields = ("hint", "description", "created_at", "expires_at")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CertificateInline(admin.TabularInline):
    model = AppCertificate
    form = AddCertificateForm
    fields = ("pem", "thumbprint", "expires_at")
    readonly_fields = ("thumbprint", "expires_at")
    extra = 0

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AppRegistration)
class AppRegistrationAdmin(admin.ModelAdmin):
    form = AppRegistrationForm
    list_display = ("display_name", "id", "enabled", "created_at")
    search_fields = ("display_name", "id")
    readonly_fields = ("id", "created_at")
    inlines = (SecretInline, CertificateInline)
    change_form_template = "admin/api/appregistration/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.add_secret)
        return [path("<uuid:app_id>/secret/", view, name="api_app_secret"), *super().get_urls()]

    @method_decorator(never_cache)
    @sensitive_variables("made")
    def add_secret(self, request: HttpRequest, app_id: Any) -> HttpResponse:
        """Ask; then answer with the only page that ever shows the secret."""
        app = get_object_or_404(AppRegistration, pk=app_id)
        if not self.has_change_permission(request, app):
            raise PermissionDenied
        made = None
        if request.method == "POST":
            made = registrations.add_secret(
                app=app, at=clock.now(), lifetime=timedelta(days=180), added_by=request.user
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("New client secret"),
            "opts": self.opts,
            "app": app,
            "made": made,
        }
        return TemplateResponse(request, "admin/api/appregistration/secret.html", context)

    def save_model(self, request: HttpRequest, obj: AppRegistration, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        registrations.announce(
            "Update application" if change else "Add application",
            obj,
            at=clock.now(),
            by=request.user,
            changed=", ".join(form.changed_data),
            applicationPermissions=" ".join(obj.app_permissions),
            delegatedPermissions=" ".join(obj.delegated_permissions),
        )

    def delete_model(self, request: HttpRequest, obj: AppRegistration) -> None:
        registrations.announce("Remove application", obj, at=clock.now(), by=request.user)
        super().delete_model(request, obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Certificates are added by the flow, which reads what the row says from the certificate itself."""
        if formset.model is not AppCertificate:
            super().save_formset(request, form, formset, change)
            return
        for added in formset.save(commit=False):
            registrations.add_certificate(app=form.instance, pem=added.pem, at=clock.now(), added_by=request.user)
        for removed in formset.deleted_objects:
            removed.delete()
