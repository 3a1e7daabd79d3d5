"""Health and metrics of a house. The proxy publishes neither."""

from typing import Any

from django.http import HttpResponse
from django.urls import path
from django_prometheus.exports import ExportToDjangoView
from health_check.views import HealthCheckView


class Health(HealthCheckView):
    """200 when the database and the cache answer, 500 with the failing part otherwise; always JSON."""

    checks = ("health_check.checks.Database", "health_check.checks.Cache")

    def render_to_response(self, context: dict[str, Any], **response: Any) -> HttpResponse:
        return self.render_to_response_json(response["status"])


health_patterns = [
    path("health/", Health.as_view(), name="health"),
    path("metrics/", ExportToDjangoView, name="metrics"),
]
