"""Calm pages for what went wrong before a room was reached."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, heading: str, advice: str) -> HttpResponse:
    return render(request, "problem.html", {"heading": heading, "advice": advice}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    advice = _("Your page was open for too long, or cookies are blocked. Go back, reload the page and try again.")
    return _page(request, 403, _("This page has expired"), advice)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    advice = _("Something in the request could not be read. Go back and try again.")
    return _page(request, 400, _("That did not work"), advice)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, _("You cannot open this page"), _("Sign in with an account that may, or go back."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, _("Nothing here"), _("Check the address, or begin at the first page."))


def server_error(request: HttpRequest) -> HttpResponse:
    advice = _("The fault is ours and has been noted. Nothing you entered was lost. Try again in a minute.")
    return _page(request, 500, _("Something went wrong"), advice)
