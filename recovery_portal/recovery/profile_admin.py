"""Profiles, and the groups that no profile is for, in the admin site. What operators change here goes through the flows
that every other door uses."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Case, Value, When
from django.forms import ModelForm, NumberInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.operators import Operator
from recovery_portal.kit import clock

from . import flows, queries, scopes
from .console import changes, switching
from .console.access import operator_of
from .errors import ProfileRefused, SwitchRefused
from .flows import configuring
from .models import RecoveryPolicy, RecoveryProfile

_NAME_MAX_LENGTH = 120


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
                    "assistance",
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
        for profile in chosen:
            self._set(request, profile, {"state": state.value})

    def _set(
        self, request: HttpRequest, profile: RecoveryProfile, fields: dict[str, Any], groups: list[Any] | None = None
    ) -> None:
        """By the flow that changes profiles anywhere; what widens is proposed where two have to agree."""
        change: dict[str, Any] = {"fields": fields, "groups": groups, "excluded": None}
        try:
            by = Operator(user=operator_of(request))
            configuring.save_profile(profile=profile, by=by, at=clock.now(), **change)
        except SwitchRefused:
            request.was_proposed = True  # type: ignore[attr-defined]
            changes.propose(request, RecoveryProfile.objects.get(pk=profile.pk), **change)
        except ProfileRefused:  # somebody was quicker with the same name
            request.was_proposed = True  # type: ignore[attr-defined]
            messages.error(request, _("There is a profile of this name already."))

    @admin.action(description=_("Copy selected recovery profiles"), permissions=["add"])
    def copy(self, request: HttpRequest, chosen: models.QuerySet[RecoveryProfile]) -> None:
        by, at = Operator(user=operator_of(request)), clock.now()
        for profile in chosen.select_related("provider"):
            name = _("Copy of %(name)s") % {"name": profile.name}
            try:
                configuring.copy_profile(profile=profile, name=name[:_NAME_MAX_LENGTH], by=by, at=at)
            except ProfileRefused:
                messages.error(request, _("There is a profile called %(name)s already.") % {"name": name})

    def delete_model(self, request: HttpRequest, obj: RecoveryProfile) -> None:
        configuring.delete_profile(profile=obj, by=Operator(user=operator_of(request)), at=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[RecoveryProfile]) -> None:
        for profile in queryset:
            self.delete_model(request, profile)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        listed = super().changelist_view
        return _all_or_nothing(request, lambda: listed(request, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        deleted = super().delete_view
        return _all_or_nothing(request, lambda: deleted(request, object_id, extra_context))

    @admin.display(description=_("users in scope"))
    def users_in_scope(self, profile: RecoveryProfile) -> str:
        return "-" if profile._state.adding else str(queries.users_touched_by(profile).count())

    def get_urls(self) -> list[URLPattern]:
        switch = path("<uuid:profile_id>/mode/", switching.mode, name="recovery_profile_mode")
        return [switch, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: RecoveryProfile, form: ModelForm, change: bool) -> None:
        if not change:
            made = {name: f" -> {form.cleaned_data.get(name)}" for name in form.changed_data}
            super().save_model(request, obj, form, change)
            flows.record_profile_change(
                profile=obj, changed_by=operator_of(request), changes=made, created=True, at=clock.now()
            )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A change goes, all of it together, the way of every other; ``save_model`` has left it alone."""
        if not change:
            super().save_related(request, form, formsets, change)
            return
        fields = {name: form.cleaned_data[name] for name in form.changed_data if name != "include_groups"}
        groups = list(form.cleaned_data["include_groups"]) if "include_groups" in form.changed_data else None
        self._set(request, RecoveryProfile.objects.get(pk=form.instance.pk), fields, groups)

    def log_change(self, request: HttpRequest, obj: RecoveryProfile, message: Any) -> Any:
        return None if _was_proposed(request) else super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: RecoveryProfile) -> HttpResponse:
        if _was_proposed(request):  # said already, and not that it was changed
            return redirect("admin:recovery_recoveryprofile_change", obj.pk)
        return super().response_change(request, obj)


def _was_proposed(request: HttpRequest) -> bool:
    return getattr(request, "was_proposed", False)


def _all_or_nothing(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """Deleting a profile whose people would come under one that asks less of them is refused, and undone."""
    try:
        with transaction.atomic():
            return view()
    except SwitchRefused:
        messages.error(
            request,
            _(
                "Without it people would come under a profile that asks less of them, and two operators agree on that: "
                "propose to disable it first, then delete it. Nothing was deleted."
            ),
        )
        return redirect("admin:recovery_recoveryprofile_changelist")


@admin.register(RecoveryPolicy)
class RecoveryPolicyAdmin(admin.ModelAdmin):
    """The one row of excluded groups: its list is its form. What a switch to Production needs is decided in the
    console."""

    fields = ("excluded_groups",)
    filter_horizontal = ("excluded_groups",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = RecoveryPolicy.objects.get_or_create(pk=RecoveryPolicy.THE_ROW)[0]
        return redirect("admin:recovery_recoverypolicy_change", row.pk)

    def has_delete_permission(self, request: HttpRequest, obj: RecoveryPolicy | None = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        excluded = list(form.cleaned_data["excluded_groups"])
        try:
            by = Operator(user=operator_of(request))
            configuring.change_scopes(scopes=None, excluded=excluded, by=by, at=clock.now())
        except SwitchRefused:
            request.was_proposed = True  # type: ignore[attr-defined]
            changes.propose(request, None, excluded=excluded)

    def log_change(self, request: HttpRequest, obj: RecoveryPolicy, message: Any) -> Any:
        return None if _was_proposed(request) else super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: RecoveryPolicy) -> HttpResponse:
        if not _was_proposed(request):
            messages.success(request, _("The excluded groups were saved."))
        return redirect("admin:recovery_recoverypolicy_change", obj.pk)
