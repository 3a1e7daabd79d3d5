"""Operators decide who may recover and read what happened. What happened is never edited."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Case, Value, When
from django.forms import ModelForm, NumberInput
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.operators import Operator
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError

from . import flows, queries, scopes
from .console import switching
from .errors import ProfileRefused
from .flows import configuring
from .identity_admin import IdentityRecordAdmin
from .models import AttemptDevice, AttemptEvent, Consent, RecoveryAttempt, RecoveryPolicy, RecoveryProfile

__all__ = ["IdentityRecordAdmin"]  # found by the admin site through this module
_NAME_MAX_LENGTH = 120


class ReasonFilter(admin.AllValuesFieldListFilter):
    """A link without words is no link: attempts without a reason get a name, too."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or _("none")}


@admin.register(RecoveryProfile)
class RecoveryProfileAdmin(admin.ModelAdmin):
    """The mode is switched on a page of its own, which says whom it touches."""

    list_display = ("name", "provider", "state", "mode", "priority", "in_scope")
    list_editable = ("priority",)
    actions = ("enable", "disable", "copy")
    list_filter = ("state", "mode", "provider")
    list_select_related = ("provider",)
    search_fields = ("name", "description")
    filter_horizontal = ("include_groups",)
    readonly_fields = ("mode", "users_in_scope")
    change_form_template = "admin/recovery/recoveryprofile/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "description", "state", "mode", "priority")}),
        (_("People"), {"fields": ("include_all_users", "include_groups", "users_in_scope")}),
        (
            _("Verification"),
            {
                "fields": (
                    "provider",
                    "match_confidence",
                    "face_check_threshold",
                    "still_head_allowed",
                    "high_assurance",
                )
            },
        ),
        (_("Outcome"), {"fields": ("pass_reveal", "old_methods")}),
    )

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        # A field within a list has no label of its own (WCAG 4.1.2).
        number = NumberInput(attrs={"aria-label": _("priority"), "min": 0})
        return super().get_changelist_form(request, **{"widgets": {"priority": number}, **kwargs})

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[RecoveryProfile]:
        profiles = super().get_queryset(request)
        if getattr(request.resolver_match, "url_name", "") == "recovery_recoveryprofile_changelist":
            # Counted once for all rows; a disabled profile holds for nobody.
            counts = [When(pk=key, then=Value(n)) for key, n in scopes.users_in_scope().items()]
            profiles = profiles.annotate(in_scope=Case(*counts, default=Value(0), output_field=models.IntegerField()))
        return profiles

    @admin.display(description=_("users in scope"), ordering="in_scope")
    def in_scope(self, profile: Any) -> int:
        return int(profile.in_scope)

    @admin.action(description=_("Enable selected recovery profiles"), permissions=["change"])
    def enable(self, request: HttpRequest, chosen: models.QuerySet[RecoveryProfile]) -> None:
        self._set_state(request, chosen, RecoveryProfile.State.ENABLED)

    @admin.action(description=_("Disable selected recovery profiles"), permissions=["change"])
    def disable(self, request: HttpRequest, chosen: models.QuerySet[RecoveryProfile]) -> None:
        self._set_state(request, chosen, RecoveryProfile.State.DISABLED)

    def _set_state(
        self, request: HttpRequest, chosen: models.QuerySet[RecoveryProfile], state: RecoveryProfile.State
    ) -> None:
        by, at = Operator(user=_operator(request)), clock.now()
        for profile in chosen:
            configuring.change_profile(profile=profile, fields={"state": state.value}, by=by, at=at)

    @admin.action(description=_("Copy selected recovery profiles"), permissions=["add"])
    def copy(self, request: HttpRequest, chosen: models.QuerySet[RecoveryProfile]) -> None:
        by, at = Operator(user=_operator(request)), clock.now()
        for profile in chosen.select_related("provider"):
            name = _("Copy of %(name)s") % {"name": profile.name}
            try:
                configuring.copy_profile(profile=profile, name=name[:_NAME_MAX_LENGTH], by=by, at=at)
            except ProfileRefused:
                messages.error(request, _("There is a profile called %(name)s already.") % {"name": name})

    def delete_model(self, request: HttpRequest, obj: RecoveryProfile) -> None:
        configuring.delete_profile(profile=obj, by=Operator(user=_operator(request)), at=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[RecoveryProfile]) -> None:
        for profile in queryset:
            self.delete_model(request, profile)

    @admin.display(description=_("users in scope"))
    def users_in_scope(self, profile: RecoveryProfile) -> str:
        return "-" if profile._state.adding else str(queries.users_touched_by(profile).count())

    def get_urls(self) -> list[URLPattern]:
        switch = path("<uuid:profile_id>/mode/", switching.mode, name="recovery_profile_mode")
        return [switch, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: RecoveryProfile, form: ModelForm, change: bool) -> None:
        if change:  # a mode that somebody switches meanwhile is not switched back
            columns = {field.name for field in obj._meta.concrete_fields}
            obj.save(update_fields=columns.intersection(form.changed_data))
        else:
            super().save_model(request, obj, form, change)
        changes = {name: f"{form.initial.get(name, '')} -> {form.cleaned_data.get(name)}" for name in form.changed_data}
        flows.record_profile_change(
            profile=obj, changed_by=_operator(request), changes=changes, created=not change, at=clock.now()
        )


@admin.register(RecoveryPolicy)
class RecoveryPolicyAdmin(admin.ModelAdmin):
    """The one row of excluded groups. What a switch to Production needs is decided in the console."""

    fields = ("excluded_groups",)
    filter_horizontal = ("excluded_groups",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not RecoveryPolicy.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: RecoveryPolicy | None = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        names = list(form.instance.excluded_groups.values_list("display_name", flat=True))
        flows.record_exclusion_change(changed_by=_operator(request), groups=names, at=clock.now())


class _ReadOnly:
    """Rows that tell what happened."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class AttemptEventInline(_ReadOnly, admin.TabularInline):
    model = AttemptEvent
    fields = readonly_fields = ("at", "event", "source", "target", "reason", "activities")
    extra = 0


class AttemptDeviceInline(_ReadOnly, admin.TabularInline):
    model = AttemptDevice
    fields = readonly_fields = ("role", "browser", "address", "joined_at")
    extra = 0


class ConsentInline(_ReadOnly, admin.TabularInline):
    model = Consent
    fields = readonly_fields = ("kind", "device", "text_version", "given_at")
    extra = 0


@admin.register(RecoveryAttempt)
class RecoveryAttemptAdmin(_ReadOnly, admin.ModelAdmin):
    """The attempts, step by step. Scores and match details need a permission of their own."""

    list_display = ("started_at", "account_name", "state", "reason_code", "profile", "would_have")
    list_filter = ("state", "profile", ("reason_code", ReasonFilter))
    list_select_related = ("profile",)
    search_fields = ("account_name", "correlation_id")
    search_help_text = _("Account name or correlation id")
    date_hierarchy = "started_at"
    inlines = (AttemptEventInline, AttemptDeviceInline, ConsentInline)
    actions = ("cancel_selected",)
    _FIELDS = (
        "account_name",
        "user",
        "correlation_id",
        "state",
        "reason_code",
        "profile",
        "terms_shown",
        "started_at",
        "moved_at",
        "expires_at",
        "ended_at",
        "pass_expires_at",
    )
    _DETAILS = ("score", "threshold", "face_check_reason", "match_shown", "would_have")

    def get_fields(self, request: HttpRequest, obj: RecoveryAttempt | None = None) -> tuple[str, ...]:
        may_read = request.user.has_perm("recovery.view_match_detail")
        return self._FIELDS + self._DETAILS if may_read else self._FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: RecoveryAttempt | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description=_("terms"))
    def terms_shown(self, attempt: RecoveryAttempt) -> str:
        return _lines(attempt.terms_json)

    @admin.display(description=_("Face Check score"))
    def score(self, attempt: RecoveryAttempt) -> str:
        check = attempt.face_check
        return "-" if check is None or check.score is None else f"{check.score:.1f}"

    @admin.display(description=_("Face Check threshold"))
    def threshold(self, attempt: RecoveryAttempt) -> str:
        return str(attempt.terms.face_check_threshold)

    @admin.display(description=_("Face Check reason"))
    def face_check_reason(self, attempt: RecoveryAttempt) -> str:
        return attempt.face_check.reason_code if attempt.face_check else ""

    @admin.display(description=_("match detail"))
    def match_shown(self, attempt: RecoveryAttempt) -> str:
        return _lines(attempt.match_detail)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recovery.cancel_recoveryattempt")

    @admin.action(description=_("Cancel selected recovery attempts"), permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, chosen: models.QuerySet[RecoveryAttempt]) -> None:
        cancelled = 0
        for attempt in chosen.select_related("user"):
            try:
                flows.cancel(attempt=attempt, cancelled_by=_operator(request), at=clock.now())
            except DomainError:  # over already
                continue
            cancelled += 1
        told = ngettext("%d recovery attempt was cancelled.", "%d recovery attempts were cancelled.", cancelled)
        messages.info(request, told % cancelled)


def _lines(facts: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items()) or "-"


def _operator(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
