"""Calm pages for what went wrong before a room was reached; JSON at doors for programs."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

Door = TypeVar("Door", bound=Callable[..., HttpResponse])
_BODY = "bad_request_body"


def speaks_json(body: Mapping[str, Any]) -> Callable[[Door], Door]:
    """Mark a door for programs: what cannot be a request at all (a Host that is not ours) is answered with ``body``.

    A class of doors says the same by an attribute of that name, ``bad_request_body``.
    """

    def mark(door: Door) -> Door:
        setattr(door, _BODY, dict(body))
        return door

    return mark


def _page(request: HttpRequest, status: int, heading: str, advice: str) -> HttpResponse:
    return render(request, "problem.html", {"heading": heading, "advice": advice}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    advice = _("Your page was open for too long, or cookies are blocked. Go back, reload the page and try again.")
    return _page(request, 403, _("This page has expired"), advice)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if (body := _body_at(request)) is not None:
        return JsonResponse(dict(body), status=400, headers={"Cache-Control": "no-store"})
    advice = _("Something in the request could not be read. Go back and try again.")
    return _page(request, 400, _("That did not work"), advice)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, _("You cannot open this page"), _("Sign in with an account that may, or go back."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, _("Nothing here"), _("Check the address, or begin at the first page."))


def server_error(request: HttpRequest) -> HttpResponse:
    advice = _("The fault is ours and has been noted. Nothing you entered was lost. Try again in a minute.")
    return _page(request, 500, _("Something went wrong"), advice)


def _body_at(request: HttpRequest) -> Mapping[str, Any] | None:
    # Refused before its address was looked up: that is done here, without believing anything else of the request.
    try:
        door = resolve(request.path_info, getattr(request, "urlconf", None)).func
    except Resolver404:
        return None
    body: Mapping[str, Any] | None = getattr(door, _BODY, getattr(getattr(door, "cls", None), _BODY, None))
    return body
