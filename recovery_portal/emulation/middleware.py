"""The way into the control room, and the journal's ear at every door of the house."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .journal import exchange, writing

PREFIX: Final = "/_emulation/"


class ControlRoom:
    """Leads ``/_emulation/`` to its own addresses, whatever house this is; without a token nothing is there.

    Every other request is an exchange: what the house sends while it answers belongs to it in the journal.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.EMULATION or not settings.EMULATION_TOKEN:
            return self.get_response(request)
        if request.path.startswith(PREFIX):
            request.urlconf = "recovery_portal.emulation.urls"
            return self.get_response(request)
        return self._listened(request)

    def _listened(self, request: HttpRequest) -> HttpResponse:
        with exchange.during(writing.begin(request)) as one:
            arrived = writing.arrived(request, one)
            response = self.get_response(request)
            if arrived is not None:
                header = request.headers.get(exchange.HEADER, "")
                writing.answered(request, response, one, arrived, header)
        return response
