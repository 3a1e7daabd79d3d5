"""The control room's addresses, in front of those of the house that it stands in."""

from django.conf import settings
from django.urls import include, path

from recovery_portal.kit import views

from . import doors
from .api import load

load()
_pages = []
if settings.ROLE in {"portal", "all"}:
    from .inspector import playing
    from .inspector import views as inspector

    _pages = [
        path("", inspector.attempts, name="emulation-attempts"),
        path("scenarios/", playing.scenarios, name="emulation-scenarios"),
        path("attempts/<uuid:attempt_id>/", inspector.attempt, name="emulation-attempt"),
        path("attempts/<uuid:attempt_id>/bundle.json", inspector.bundle, name="emulation-bundle"),
    ]

urlpatterns = [
    path("_emulation/", include([*_pages, *doors.patterns()])),
    path("", include(settings.ROOT_URLCONF)),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
