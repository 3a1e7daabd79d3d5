"""Without a camera: what there is instead, asking for it, and the wait for an operator."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from recovery_portal.kit import clock

from ..errors import AssistanceRefused, NotThisDevice
from ..flows import assisting
from ..models import Assistance
from ..pages import Page
from .present import status_url, waiting_message
from .seat import Seat, home, page, seated


@seated("GET", "HEAD")
def no_camera(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/face/no-camera/`: what somebody without a camera can do. Nothing is promised that does not exist."""
    assisted = assisting.is_offered(attempt=seat.attempt, device=seat.device)
    if not assisted and seat.page is not Page.FACE:
        return home(seat)
    context = {"attempt": seat.attempt, "assisted": assisted, "back_url": seat.url}
    return render(request, "recovery/no_camera.html", context)


@seated("POST")
def ask(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/assistance/ask/`: an operator instead of the camera, where the profile allows it."""
    try:
        assisting.ask(attempt=seat.attempt, device=seat.device, at=clock.now())
    except (AssistanceRefused, NotThisDevice):  # nothing happened: back to where they are
        return home(seat)
    return home(seat)


@page(Page.ASSISTANCE)
def assistance(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/assistance/`: the number for the operator. The page follows what they decide."""
    asked = Assistance.objects.get(attempt=seat.attempt)
    context = {
        "attempt": seat.attempt,
        "code": f"{asked.code[:3]} {asked.code[3:]}",
        "expires_at": seat.attempt.expires_at,
        "status_url": status_url(Page.ASSISTANCE),
        "message": waiting_message(seat),
    }
    response = render(request, "recovery/assistance.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response
