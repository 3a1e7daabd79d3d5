"""Identity records in the admin site: a document's number can be set and never be read back."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.audit import flows as audit
from accounts.models import User
from recovery_portal.kit import clock

from .models import IdentityRecord


class IdentityRecordForm(forms.ModelForm):
    document_number = forms.CharField(
        label=_("Document number"),
        max_length=64,
        required=False,
        help_text=_("What stands here replaces the number on file, which is kept in a form that nobody can read."),
    )
    forget_number = forms.BooleanField(label=_("Take the number on file away"), required=False)

    class Meta:
        model = IdentityRecord
        fields = ("user", "date_of_birth")

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["document_number"] or self.cleaned_data["forget_number"]:
            self.instance.set_document_number(self.cleaned_data["document_number"])
        return super().save(commit)


@admin.register(IdentityRecord)
class IdentityRecordAdmin(admin.ModelAdmin):
    """Which record changed is audited, what it says is not."""

    form = IdentityRecordForm
    list_display = ("user", "has_date_of_birth", "has_document_number")
    list_select_related = ("user",)
    search_fields = ("user__user_principal_name",)
    raw_id_fields = ("user",)
    fields = ("user", "date_of_birth", "document_number", "forget_number")

    def get_readonly_fields(self, request: HttpRequest, obj: IdentityRecord | None = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    @admin.display(description=_("date of birth"), boolean=True)
    def has_date_of_birth(self, record: IdentityRecord) -> bool:
        return record.date_of_birth is not None

    @admin.display(description=_("document number"), boolean=True)
    def has_document_number(self, record: IdentityRecord) -> bool:
        return bool(record.document_number_mac)

    def save_model(self, request: HttpRequest, obj: IdentityRecord, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _note(request, "Update identity record" if change else "Add identity record", obj.user, form.changed_data)

    def delete_model(self, request: HttpRequest, obj: IdentityRecord) -> None:
        _note(request, "Delete identity record", obj.user, [])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for record in queryset.select_related("user"):
            self.delete_model(request, record)


def _note(request: HttpRequest, activity: str, user: User, changed: list[str]) -> None:
    if not isinstance(request.user, User):
        raise PermissionDenied
    audit.record(
        activity=activity,
        at=clock.now(),
        target=user,
        initiated_by=request.user,
        details={"changed": ", ".join(sorted(changed))},
        service="Core Directory",
    )
