"""The way into the control room: its addresses exist in every house, and only while there is a token."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PREFIX: Final = "/_emulation/"


class ControlRoom:
    """Leads ``/_emulation/`` to its own addresses, whatever house this is; without a token nothing is there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.EMULATION and settings.EMULATION_TOKEN and request.path.startswith(PREFIX):
            request.urlconf = "recovery_portal.emulation.urls"
        return self.get_response(request)
