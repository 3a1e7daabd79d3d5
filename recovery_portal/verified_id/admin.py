"""Requests of other programs, to be read: what was asked, how it ended, which calls got through."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from recovery_portal.kit.admin_filters import NamedValuesFilter

from .models import Callback, ServiceRequest


class CallbackInline(admin.TabularInline):
    model = Callback
    fields = readonly_fields = ("event", "created_at", "tries", "outcome", "delivered_at", "given_up_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ServiceRequest)
class ServiceRequestAdmin(admin.ModelAdmin):
    list_display = ("created_at", "client_name", "app", "kind", "status", "error_code", "reason_code", "ended_at")
    list_filter = ("kind", "status", ("error_code", NamedValuesFilter))
    list_select_related = ("app",)
    search_fields = ("client_name", "id")
    fields = readonly_fields = (
        "id", "app", "kind", "client_name", "callback_url", "status", "error_code", "reason_code", "threshold",
        "consented_at", "created_at", "expires_at", "ended_at",
    )  # fmt: skip
    inlines = (CallbackInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the right to add is a program's, through the API

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
