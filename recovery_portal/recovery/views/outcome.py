"""What a recovery leads to: the number, the pass, and every way it can end."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.signin import session
from recovery_portal.kit import clock

from .. import disowning, flows, privacy
from ..errors import AttemptMoved
from ..forms import NumberForm
from ..pages import Page
from .present import status_url, waiting_message
from .seat import Seat, SeatedView, home, page, seated


@page(Page.NUMBER, "GET", "HEAD", "POST")
def number(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/number/`: on the phone, pick the number that the other screen shows."""
    if request.method == "POST":
        form = NumberForm(request.POST)
        flows.choose_number(
            attempt=seat.attempt, number=form.cleaned_data["number"] if form.is_valid() else None, at=clock.now()
        )
        return home(seat)
    return render(request, "recovery/number.html", {"attempt": seat.attempt, "starter": seat.attempt.starter})


@page(Page.NUMBER_SHOWN)
def number_shown(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/show-number/`: in the browser that started, the number to pick."""
    context = {
        "attempt": seat.attempt,
        "status_url": status_url(Page.NUMBER_SHOWN),
        "message": waiting_message(seat),
    }
    return render(request, "recovery/number_shown.html", context)


@page(Page.CONFIRMED, "GET", "HEAD", "POST")
def confirmed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/confirmed/`: it is you. The button makes the pass; the answer to it is the passcode's only copy."""
    if request.method != "POST":
        return render(request, "recovery/confirmed.html", {"attempt": seat.attempt})
    issued = flows.reveal_pass(attempt=seat.attempt, at=clock.now())
    if issued is None:
        return home(seat)
    session.remember_account_name(request, seat.attempt.account_name)
    context = {
        "attempt": seat.attempt,
        "passcode": issued.passcode,
        "expires_at": issued.record.expires_at,
        "sign_in_url": _pass_prompt(),
    }
    response = render(request, "recovery/pass.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@page(Page.PASS)
def pass_issued(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/pass/`: the pass was shown. It cannot be shown again; a new recovery makes a new one."""
    session.remember_account_name(request, seat.attempt.account_name)
    context = {"attempt": seat.attempt, "expires_at": seat.attempt.pass_expires_at, "sign_in_url": _pass_prompt()}
    return render(request, "recovery/pass.html", context)


def _pass_prompt() -> str:
    return reverse("accounts:prompt", args=["temporaryAccessPass"])


@page(Page.OTHER_DEVICE)
def other_device(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/other-device/`: the next step is not this device's. The page follows it."""
    context = {
        "attempt": seat.attempt,
        "status_url": status_url(Page.OTHER_DEVICE),
        "message": waiting_message(seat),
    }
    return render(request, "recovery/other_device.html", context)


def _final(own: Page, template: str) -> SeatedView:
    @page(own)
    def final(request: HttpRequest, seat: Seat) -> HttpResponse:
        name = session.account_name(request)
        context = {
            "attempt": seat.attempt,
            "again_url": reverse("recovery:start") if name else reverse("accounts:sign_in"),
        }
        return render(request, template, context)

    return final


signed_in = _final(Page.SIGNED_IN, "recovery/signed_in.html")
completed = _final(Page.COMPLETED, "recovery/completed.html")
evaluated = _final(Page.EVALUATED, "recovery/evaluated.html")
refused = _final(Page.REFUSED, "recovery/refused.html")
mismatch = _final(Page.MISMATCH, "recovery/mismatch.html")
unavailable = _final(Page.UNAVAILABLE, "recovery/unavailable.html")
expired = _final(Page.EXPIRED, "recovery/expired.html")
cancelled = _final(Page.CANCELLED, "recovery/cancelled.html")


@seated("GET", "HEAD", "POST")
def cancel(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/cancel/`: ask once, then stop. What is over already stays as it ended."""
    if not seat.attempt.is_active:
        return home(seat)
    if request.method == "POST":
        flows.cancel(attempt=seat.attempt, at=clock.now())
        return home(seat)
    return render(request, "recovery/cancel.html", {"attempt": seat.attempt, "back_url": seat.url})


@seated("GET", "HEAD")
def your_data(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/your-data/`: what this recovery has left here now, when it goes, and the way to delete it."""
    context = {"attempt": seat.attempt, "holdings": list(privacy.about(seat.attempt)), "back_url": seat.url}
    return render(request, "recovery/your_data.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """`/recover/not-me/<token>/`: from the letter to the owner. Mail scanners open links, so only the button acts."""
    attempt = disowning.find_attempt(token, at=clock.now())
    stopped = False
    if attempt is not None and request.method == "POST":
        try:
            if attempt.is_active:
                flows.disown(attempt=attempt, at=clock.now())
        except AttemptMoved:
            return redirect(request.path)
        stopped = True
    context = {"attempt": attempt, "stopped": stopped, "contact": settings.HELP_DESK_CONTACT}
    return render(request, "recovery/not_me.html", context, status=200 if attempt else 410)
