"""Presenting the credential, on this device or on a phone that joins."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from idv.verifier import flows as verifier
from idv.verifier.machine import RequestStatus
from idv.verifier.models import PresentationRequest
from recovery_portal.kit import clock, http_peer, qr, ratelimit

from .. import flows, queries
from ..errors import HandOffRefused
from ..models import AttemptDevice, HandOff
from ..pages import Page
from .seat import Seat, find_seat, home, page, seated, sit_down
from .start import too_many

# Answered, and the browser with the response code is on its way: nothing changes on this page.
_WAITING = frozenset({RequestStatus.OPEN, RequestStatus.ANSWERED})


@page(Page.PRESENT, "GET", "HEAD", "POST")
def present(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/present/`: show the credential that was just made. POST asks for fresh codes."""
    at = clock.now()
    if request.method == "POST":
        try:
            flows.renew(attempt=seat.attempt, device=seat.device, at=at)
        except ratelimit.RateLimited as refusal:
            return too_many(request, refusal)
        return home(seat)
    here = queries.find_request(seat.device, same_device=True)
    across = queries.find_request(seat.device, same_device=False)
    hand_off = seat.attempt.hand_offs.first() if seat.is_starter and seat.attempt.companion is None else None
    link = hand_off_url(hand_off) if hand_off is not None and hand_off.is_open(at) else ""
    is_open = here is not None and here.request.status in _WAITING and here.request.expires_at > at
    statuses = {asked.request.status for asked in (here, across) if asked is not None}
    ends = [here.request.expires_at] if here is not None and is_open else []
    ends += [hand_off.expires_at] if hand_off is not None and link else []
    context = {
        "attempt": seat.attempt,
        "is_starter": seat.is_starter,
        "phone": seat.attempt.companion if seat.is_starter else None,
        "link": link,
        "link_svg": qr.svg(link) if link else "",
        "here": here.request if here is not None and is_open else None,
        "across": across.request if across is not None and is_open else None,
        "across_svg": qr.svg(across.request.authorization_request_uri) if across is not None and is_open else "",
        "declined": RequestStatus.DECLINED in statuses,
        "other_credential": RequestStatus.REFUSED in statuses,
        "expires_at": min(ends) if ends else None,
        "is_open": is_open,
        "status_url": status_url(Page.PRESENT, mark(seat, at)),
    }
    return render(request, "recovery/present.html", context)


def hand_off_url(hand_off: HandOff) -> str:
    return f"{settings.PORTAL_BASE_URL}{reverse('recovery:phone', args=[hand_off.token])}"


def status_url(own: Page, marked: str = "") -> str:
    return f"{reverse('recovery:status')}?page={own.value}&seen={marked}"


def mark(seat: Seat, at: datetime) -> str:
    """Changes whenever the present page has something new to show: a phone that joined, a request or code that ended.

    By this clock, not the browser's, which may be wrong.
    """
    requests = [queries.find_request(seat.device, same_device=same_device) for same_device in (True, False)]
    shown = [_shown_as(asked.request, at) for asked in requests if asked is not None]
    if seat.attempt.companion is not None:
        return "-".join([*shown, "phone"])
    hand_off = seat.attempt.hand_offs.first()
    return "-".join([*shown, "code" if hand_off is not None and hand_off.is_open(at) else "alone"])


def _shown_as(request: PresentationRequest, at: datetime) -> str:
    if request.status not in _WAITING:
        return request.status
    return "waiting" if at < request.expires_at else "expired"


@seated("GET", stranger="recovery/other_browser.html")
def presented(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/presented/`: the wallet on this device sends the browser back with a code made for it."""
    if seat.page is Page.PRESENT:
        flows.collect_answer(
            attempt=seat.attempt,
            device=seat.device,
            response_code=request.GET.get("response_code", ""),
            at=clock.now(),
        )
    return home(seat)


@require_http_methods(["GET", "HEAD", "POST"])
def phone(request: HttpRequest, token: str) -> HttpResponse:
    """`/recover/phone/<token>/`: who asks, for which account, from where. *Continue* and *Decline* weigh the same."""
    at = clock.now()
    try:
        hand_off = flows.get_hand_off(token=token, at=at)
        seat = find_seat(request)
        if seat is not None and seat.attempt.pk == hand_off.attempt_id:
            return home(seat)  # no code from one device to the same device (RFC 10027 6.1)
        if request.method == "POST":
            return _answer(request, token)
    except HandOffRefused as refused:
        own = find_seat(request)
        if own is not None and own.device.role == AttemptDevice.Role.COMPANION and own.attempt.is_active:
            return home(own)  # the phone that used the code opened it once more
        return render(request, "recovery/hand_off_over.html", {"code": refused.code}, status=410)
    context = {"attempt": hand_off.attempt, "starter": hand_off.attempt.starter, "expires_at": hand_off.expires_at}
    return render(request, "recovery/hand_off.html", context)


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    at = clock.now()
    if request.POST.get("answer") != "continue":
        flows.decline(token=token, at=at)
        return render(request, "recovery/hand_off_declined.html")
    joined = flows.accept(
        token=token, browser=http_peer.browser_and_city(request), address=http_peer.address(request), at=at
    )
    response = home(Seat(joined.attempt, joined.device))
    sit_down(response, joined.secret)
    return response


def waiting_message(seat: Seat) -> str:
    """One line for a page that only watches."""
    hand_off = seat.attempt.hand_offs.first()
    if seat.page is Page.PRESENT and seat.is_starter:
        if seat.attempt.companion is not None:
            return _("Your phone has joined. Go on there.")
        if hand_off is not None and hand_off.opened_at is not None and hand_off.used_at is None:
            return _("The code was scanned. Choose Continue on your phone.")
        return _("Waiting for your Verified ID.")
    if seat.page is Page.PRESENT:
        return _("Waiting for your Verified ID.")
    if seat.page is Page.CHECKING:
        return _turn_message(seat)
    if seat.page is Page.ASSISTANCE:
        return _("Waiting for an operator. Keep this page open, or come back to it on this device.")
    if seat.page is Page.NUMBER_SHOWN:
        return _("Waiting for the number to be chosen on your phone.")
    return _("Go on with your other device. This page follows by itself.")


def _turn_message(seat: Seat) -> str:
    face_check = seat.attempt.face_check
    before = verifier.waiting_before(face_check=face_check) if face_check is not None else 0
    if not before:
        return _("Your photos are being checked. This usually takes a few seconds.")
    return ngettext(
        "Your photos wait for their turn. %(number)d other is before you.",
        "Your photos wait for their turn. %(number)d others are before you.",
        before,
    ) % {"number": before}
