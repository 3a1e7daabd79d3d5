"""Operators read what happened. What happened is never edited."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from recovery_portal.kit import clock
from recovery_portal.kit.admin_filters import NamedValuesFilter
from recovery_portal.kit.errors import DomainError

from . import flows, words
from .identity_admin import IdentityRecordAdmin
from .models import AttemptDevice, AttemptEvent, Consent, RecoveryAttempt
from .profile_admin import RecoveryPolicyAdmin, RecoveryProfileAdmin
from .reasons import in_words
from .templatetags.console import because

# Found by the admin site through this module.
__all__ = ["IdentityRecordAdmin", "RecoveryPolicyAdmin", "RecoveryProfileAdmin"]


class ReasonFilter(NamedValuesFilter):
    """In words."""

    def named(self, value: str) -> Any:
        return super().named(str(in_words(value)))


class StateFilter(admin.ChoicesFieldListFilter):
    """In words."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": words.of_state(str(choice["display"]))}


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
    fields = readonly_fields = ("at", "event_shown", "target_shown", "reason_shown", "activities")
    extra = 0

    @admin.display(description=_("event"))
    def event_shown(self, event: AttemptEvent) -> words.Words:
        return words.of_event(event.event)

    @admin.display(description=_("state"))
    def target_shown(self, event: AttemptEvent) -> words.Words:
        return words.of_state(event.target)

    @admin.display(description=_("reason"))
    def reason_shown(self, event: AttemptEvent) -> str | SafeString:
        return because(event.reason)


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

    list_display = ("started_at", "account_name", "state_shown", "reason_shown", "profile", "outcome_shown")
    list_filter = (("state", StateFilter), "profile", ("reason_code", ReasonFilter))
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
        "state_shown",
        "reason_shown",
        "profile",
        "terms_shown",
        "started_at",
        "moved_at",
        "expires_at",
        "ended_at",
        "pass_expires_at",
    )
    _DETAILS = ("score", "threshold", "face_check_reason", "match_shown", "outcome_shown")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        may_read = request.user.has_perm("recovery.view_match_detail")
        return self.list_display if may_read else self.list_display[:-1]

    def get_fields(self, request: HttpRequest, obj: RecoveryAttempt | None = None) -> tuple[str, ...]:
        may_read = request.user.has_perm("recovery.view_match_detail")
        return self._FIELDS + self._DETAILS if may_read else self._FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: RecoveryAttempt | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, attempt: RecoveryAttempt) -> words.Words:
        return words.of_state(attempt.state)

    @admin.display(description=_("reason"), ordering="reason_code")
    def reason_shown(self, attempt: RecoveryAttempt) -> str | SafeString:
        return because(attempt.reason_code)

    @admin.display(description=_("in Production"), ordering="would_have")
    def outcome_shown(self, attempt: RecoveryAttempt) -> str | SafeString:
        return because(attempt.would_have)

    @admin.display(description=_("terms"))
    def terms_shown(self, attempt: RecoveryAttempt) -> str:
        return _lines(words.of_terms(attempt.terms_json))

    @admin.display(description=_("Face Check score"))
    def score(self, attempt: RecoveryAttempt) -> str:
        check = attempt.face_check
        return "-" if check is None or check.score is None else f"{check.score:.1f}"

    @admin.display(description=_("Face Check threshold"))
    def threshold(self, attempt: RecoveryAttempt) -> str:
        return str(attempt.terms.face_check_threshold)

    @admin.display(description=_("Face Check reason"))
    def face_check_reason(self, attempt: RecoveryAttempt) -> str | SafeString:
        return because(attempt.face_check.reason_code if attempt.face_check else "")

    @admin.display(description=_("match detail"))
    def match_shown(self, attempt: RecoveryAttempt) -> str:
        return _lines(words.of_match(attempt.match_detail))

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


def _lines(facts: list[tuple[words.Words, str]]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts) or "-"


def _operator(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
