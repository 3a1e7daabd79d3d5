"""The control room's addresses, in front of those of the house that it stands in."""

from django.conf import settings
from django.urls import include, path

from recovery_portal.kit import views

from . import doors
from .api import load

load()

urlpatterns = [
    path("_emulation/", include(doors.patterns())),
    path("", include(settings.ROOT_URLCONF)),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
