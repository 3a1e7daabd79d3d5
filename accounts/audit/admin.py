"""The audit log in the admin site: read by everybody who may, written by nobody, superusers included."""

import json
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.api import shapes
from accounts.audit import flows as audit
from accounts.models import AuditEvent, User
from recovery_portal.kit import clock
from recovery_portal.kit.tables import csv_answer

_HEADER = (
    "number", "at", "activity", "result", "reason", "service", "category", "correlationId", "target", "initiatedBy",
    "details",
)  # fmt: skip


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    """Filters by what the original filters by; what they leave can be taken along as CSV or as JSON lines."""

    list_display = ("time", "activity", "result", "target_name", "initiated_by_name", "reason")
    list_filter = (("at", admin.DateFieldListFilter), "result", "service", "category", "activity")
    search_fields = ("target_name", "initiated_by_name", "correlation_id", "activity")
    search_help_text = _("Target, who did it, correlation id or activity")
    date_hierarchy = "at"
    list_select_related = False
    show_full_result_count = False
    actions = ("export",)
    fields = readonly_fields = (
        "time", "activity", "result", "reason", "target_name", "initiated_by_name", "service", "category",
        "correlation_id", "told", "sequence",
    )  # fmt: skip
    change_list_template = "admin/accounts/auditevent/change_list.html"

    @admin.display(description=_("time (UTC)"), ordering="at")
    def time(self, event: AuditEvent) -> str:
        return f"{event.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("details"))
    def told(self, event: AuditEvent) -> Any:
        rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", sorted(event.details.items()))
        return format_html('<dl class="told">{}</dl>', rows) if rows else "–"

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            return path(f"export.{name}", self.admin_site.admin_view(calm(view)), name=f"accounts_auditevent_{name}")

        def calm(view: Any) -> Any:
            def answer(request: HttpRequest) -> HttpResponseBase:
                if not self.has_view_permission(request):
                    raise PermissionDenied
                if request.method != "POST":  # it writes a row of its own
                    return HttpResponseNotAllowed(["POST"])
                try:
                    return cast("HttpResponseBase", view(request))
                except IncorrectLookupParameters:  # nonsense in the address: to the list, as the list itself does
                    return redirect("admin:accounts_auditevent_changelist")

            return answer

        return [door("csv", self.export_csv), door("jsonl", self.export_json_lines), *super().get_urls()]

    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        return self.export(request, self._filtered(request))

    def export_json_lines(self, request: HttpRequest) -> HttpResponseBase:
        """Each event as Graph's directoryAudit, one a line."""
        events = self._filtered(request)
        _note(request, events, "JSON lines")

        def lines() -> Iterator[str]:
            for event in events.order_by("at", "id").iterator(chunk_size=2000):
                yield json.dumps(shapes.audit(event)) + "\n"

        answer = StreamingHttpResponse(lines(), content_type="application/jsonl; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
        return answer

    @admin.action(description=_("Download selected audit events as CSV"), permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> HttpResponseBase:
        _note(request, queryset, "CSV")
        rows = (
            (e.sequence or "", e.at.isoformat(), e.activity, e.result, e.reason, e.service, e.category,
             e.correlation_id, e.target_name, e.initiated_by_name, json.dumps(e.details, sort_keys=True))
            for e in queryset.order_by("at", "id").iterator(chunk_size=2000)
        )  # fmt: skip
        return csv_answer("audit", _HEADER, rows)

    def _filtered(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """What the list shows under the same address."""
        found: QuerySet[AuditEvent] = self.get_changelist_instance(request).get_queryset(request)
        return found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        asked = request.GET.copy()
        asked.pop("p", None)
        return super().changelist_view(request, {"export_query": asked.urlencode(), **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False


def _note(request: HttpRequest, events: QuerySet[AuditEvent], form: str) -> None:
    """That it left the house is audited."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    audit.record(
        activity="Audit log exported", at=clock.now(), initiated_by=request.user, service="Core Directory",
        category="AuditLog", details={"rows": str(events.count()), "form": form},
    )  # fmt: skip
