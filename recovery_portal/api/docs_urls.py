from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from . import docs

urlpatterns = [
    path(
        "schema",
        SpectacularAPIView.as_view(authentication_classes=(), permission_classes=()),
        name="api-schema",
    ),
    path("docs", docs.operations, name="api-docs"),
]
