"""Following, the offer, and every end: what each device shows once the checks have spoken, and the way home."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from idv.protocol.issuance import SCHEME
from recovery_portal.kit import clock, qr, streams
from recovery_portal.kit.machine import IllegalTransition

from .. import privacy
from ..errors import ProofingMoved, ProofingOver
from ..flows import authorization, deciding, offers, steps
from ..machine import TABLE, State
from ..models import ProofingSession
from .visit import Role, address_of, admit, page, page_of, to_current_page

_STAGES = {
    State.DETAILS: _("Your phone has joined. Go on there."),
    State.DOCUMENT_CHOICE: _("Choose your document on the phone."),
    State.DOCUMENT_TIPS: _("Photograph your document with the phone."),
    State.DOCUMENT_PHOTOS: _("Photograph your document with the phone."),
    State.DOCUMENT_RETAKE: _("The document has to be photographed again. The phone says how."),
    State.SELFIE_TIPS: _("Take the photos of yourself with the phone."),
    State.SELFIE: _("Take the photos of yourself with the phone."),
    State.CHECKING: _("Your photos are being checked."),
    State.IN_REVIEW: _("Somebody is looking at your photos. This can take some minutes."),
    State.VERIFIED: _("You are verified. Add the credential to your wallet on the phone."),
    State.OFFERED: _("Add the credential to your wallet on the phone."),
}
_GOES_HOME = (Role.DESKTOP, Role.SINGLE)
# Ends from which the browser that the portal sent is taken home without being asked.
_HOME_BY_ITSELF = frozenset({State.ISSUED, State.CANCELLED})


@require_safe
def current(request: HttpRequest, proofing_id: uuid.UUID) -> HttpResponse:
    return to_current_page(*admit(request, proofing_id))


@require_safe
def status(request: HttpRequest, proofing_id: uuid.UUID) -> HttpResponseBase:
    """Where the page that waits should be now; ``?on=`` says which one it is."""

    def look() -> dict[str, Any]:
        at = clock.now()
        proofing, role = admit(request, proofing_id)
        deciding.ask_again_if_lost(proofing=proofing, at=at)
        return {
            "next": _next(proofing, role, request.GET.get("on", "")),
            "message": _message(proofing),
            "progress": proofing.progress,
        }

    return streams.answer(request, look)


def _message(proofing: ProofingSession) -> str:
    before = deciding.waiting_before(proofing=proofing)
    if before:
        return ngettext(
            "Your photos wait for their turn. %(number)d other is before you.",
            "Your photos wait for their turn. %(number)d others are before you.",
            before,
        ) % {"number": before}
    return str(_STAGES.get(State(proofing.state), ""))


def _next(proofing: ProofingSession, role: Role, on: str) -> str | None:
    current_page = page_of(proofing, role)
    if current_page != on:
        return address_of(proofing, current_page)
    if role in _GOES_HOME and State(proofing.state) in _HOME_BY_ITSELF:
        return address_of(proofing, "return")
    return None


@page("follow")
@require_safe
def follow(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    message = _STAGES.get(State(proofing.state), "")
    return render(request, "provider/follow.html", {"proofing": proofing, "message": message, "page": "follow"})


@page("review")
@require_safe
def review(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    context = {"proofing": proofing, "message": _STAGES[State.IN_REVIEW], "page": "review"}
    return render(request, "provider/review.html", context)


@page("add")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    if request.method == "POST":
        offers.offer_credential(proofing=proofing, at=clock.now())
        return to_current_page(proofing, role)
    return render(request, "provider/add.html", {"proofing": proofing, "page": "add"})


@page("open")
@require_safe
def open_wallet(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    try:
        offer = offers.current_offer(proofing=proofing, at=clock.now())
    except ProofingOver:
        return render(request, "provider/no_more_offers.html", {"proofing": proofing}, status=409)
    except ProofingMoved:
        offer = None  # the wallet is fetching it this very second; the page follows
    query = urlencode({"credential_offer_uri": offer.offer_uri}) if offer else ""
    any_wallet = f"{SCHEME}://?{query}"
    context = {
        "proofing": proofing,
        "offer": offer,
        "wallet_link": f"{settings.WALLET_URL}/receive?{query}",
        "any_wallet_link": any_wallet,
        "svg": qr.svg(any_wallet) if offer else "",
        "page": "open",
    }
    return render(request, "provider/open.html", context)


@page("finished")
@require_safe
def finished(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    return _end_page(request, proofing, role, "finished")


@page("declined")
@require_safe
def declined(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    return _end_page(request, proofing, role, "declined")


@page("cancelled")
@require_safe
def cancelled(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    return _end_page(request, proofing, role, "cancelled")


@page("expired")
@require_safe
def expired(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    return _end_page(request, proofing, role, "expired")


@require_POST
def cancel(request: HttpRequest, proofing_id: uuid.UUID) -> HttpResponse:
    proofing, role = admit(request, proofing_id)
    try:
        steps.cancel(proofing=proofing, at=clock.now())
    except (ProofingOver, ProofingMoved, IllegalTransition):
        proofing.refresh_from_db()
    return to_current_page(proofing, role)


@require_safe
def your_data(request: HttpRequest, proofing_id: uuid.UUID) -> HttpResponse:
    """What is stored about this person now, when it goes, and the button that deletes it."""
    proofing, _role = admit(request, proofing_id)
    context = {
        "proofing": proofing,
        "holdings": list(privacy.about(proofing)),
        "is_active": State(proofing.state) in TABLE.active,
    }
    return render(request, "provider/your_data.html", context)


@require_safe
def go_home(request: HttpRequest, proofing_id: uuid.UUID) -> HttpResponse:
    """Take the browser that the portal sent back to it, once there is something to say (RFC 6749 section 4.1.2)."""
    proofing, role = admit(request, proofing_id)
    if role not in _GOES_HOME:
        raise Http404("a phone has no portal to go home to")
    if State(proofing.state) not in _MAY_GO_HOME:
        return to_current_page(proofing, role)
    try:
        return HttpResponseRedirect(authorization.go_home(proofing=proofing, at=clock.now()))
    except ProofingOver:
        return to_current_page(proofing, role)


_MAY_GO_HOME = frozenset({State.ISSUED, State.DECLINED, State.CANCELLED, State.EXPIRED, State.RETURNED})


def _end_page(request: HttpRequest, proofing: ProofingSession, role: Role, name: str) -> HttpResponse:
    context = {
        "proofing": proofing,
        "goes_home": role in _GOES_HOME,
        "by_itself": role in _GOES_HOME and State(proofing.state) in _HOME_BY_ITSELF,
        "page": name,
        "help_desk": settings.HELP_DESK_CONTACT,
    }
    return render(request, f"provider/{name}.html", context)
