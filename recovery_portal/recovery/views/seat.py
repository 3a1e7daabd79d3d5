"""Who is at the other end: the device cookie, the attempt behind it, and the page that belongs to both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.machine import IllegalTransition

from .. import flows, queries
from ..errors import AttemptMoved
from ..models import AttemptDevice, RecoveryAttempt
from ..pages import Page, page_for

# Outlives the browser window: the attempt is taken up again on the same device after closing it.
COOKIE_AGE_S = 24 * 3600
COOKIE_PATH = "/recover/"


@dataclass
class Seat:
    """A device of an attempt."""

    attempt: RecoveryAttempt
    device: AttemptDevice

    @property
    def page(self) -> Page:
        return page_for(self.attempt, self.device)

    @property
    def url(self) -> str:
        return page_url(self.page)

    @property
    def is_starter(self) -> bool:
        return self.device.role == AttemptDevice.Role.STARTER


def page_url(page: Page) -> str:
    return reverse(f"recovery:{page.value}")


def _cookie_name() -> str:
    return f"{'__Secure-' if settings.SESSION_COOKIE_SECURE else ''}recovery-device"


def sit_down(response: HttpResponse, secret: str) -> None:
    """Make this browser the device that ``secret`` stands for."""
    response.set_cookie(
        _cookie_name(),
        secret,
        max_age=COOKIE_AGE_S,
        path=COOKIE_PATH,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",  # the provider and the wallet send the browser back from another site
    )


def find_seat(request: HttpRequest) -> Seat | None:
    """The seat of this browser, the attempt expired if its time is over. None for a browser that takes no part."""
    secret = request.COOKIES.get(_cookie_name(), "")
    device = queries.find_device(secret) if secret else None
    if device is None:
        return None
    attempt = device.attempt
    try:
        flows.expire(attempt=attempt, at=clock.now())
    except DomainError:  # moved by another tab, task or device between reading and expiring
        attempt.refresh_from_db()
    return Seat(attempt, device)


def home(seat: Seat | None) -> HttpResponseRedirect:
    """To where the person is."""
    response = HttpResponseRedirect(seat.url if seat else page_url(Page.INFORMATION))
    response.status_code = 303
    return response


SeatedView = Callable[..., HttpResponseBase]


def page(own: Page, *methods: str) -> Callable[[SeatedView], SeatedView]:
    """The view of one page: visitors in every other state, by whatever method, are led to where they are.

    A flow that loses a race (double click, second tab, a task that was quicker) moved nothing; the person is led to
    where the winner put them.
    """

    def decorate(view: SeatedView) -> SeatedView:
        allowed = require_http_methods(list(methods) or ["GET", "HEAD"])(view)

        @wraps(view)
        def seated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            seat = find_seat(request)
            if seat is None or seat.page is not own:
                return home(seat)
            try:
                response: HttpResponseBase = allowed(request, seat, *args, **kwargs)
            except (AttemptMoved, IllegalTransition):
                return home(find_seat(request))
            return response

        return seated

    return decorate


def seated(*methods: str, stranger: str = "") -> Callable[[SeatedView], SeatedView]:
    """A view that belongs to no page (returns, status, cancel): for any device of an attempt.

    A browser that takes no part is led to the beginning, or reads the template ``stranger``.
    """

    def decorate(view: SeatedView) -> SeatedView:
        allowed = require_http_methods(list(methods) or ["GET", "HEAD"])(view)

        @wraps(view)
        def found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            seat = find_seat(request)
            if seat is None:
                return render(request, stranger) if stranger else home(None)
            try:
                response: HttpResponseBase = allowed(request, seat, *args, **kwargs)
            except (AttemptMoved, IllegalTransition):
                return home(find_seat(request))
            return response

        return found

    return decorate
