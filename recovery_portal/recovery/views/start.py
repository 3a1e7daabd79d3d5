"""Information, the way to the provider, and back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.signin import session
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import clock, http, http_peer, masking, ratelimit

from .. import flows, queries
from ..errors import AssistanceRefused, AttemptMoved, NotOffered
from ..flows import assisting
from ..forms import ConsentForm
from ..models import RecoveryAttempt, RecoveryProfile
from ..pages import Page
from .seat import Seat, find_seat, home, page, seated, sit_down


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """`/recover/`: what will happen, before anything does. The attempt begins with the button, not with the visit."""
    seat = find_seat(request)
    name = session.account_name(request)
    if seat is not None and not _may_begin_here(seat, name):
        return _resume(request, seat) if seat.page is Page.INFORMATION else home(seat)
    if name is None:
        return redirect("accounts:sign_in")
    profile = queries.find_profile_for_name(name)
    if profile is None:
        return render(request, "recovery/unavailable.html")
    assisted = profile.assistance != RecoveryProfile.Assistance.OFF
    without_camera = assisted and request.POST.get("way") == "without_camera"
    form = ConsentForm(request.POST if request.method == "POST" else None, without_camera=without_camera)
    if request.method == "POST" and form.is_valid():
        return _begin(request, name, form, seat, without_camera=without_camera)
    context = {
        "form": form,
        "provider": profile.provider,
        "masked_account": masking.masked_account_name(name),
        "assisted": assisted,
    }
    return _may_leave_to(profile.provider, render(request, "recovery/information.html", context))


def _may_begin_here(seat: Seat, name: str | None) -> bool:
    """A finished attempt makes room for a new one; so does one of another account than the one just typed."""
    return name is not None and (not seat.attempt.is_active or name != seat.attempt.account_name)


def _begin(
    request: HttpRequest, name: str, form: ConsentForm, seat: Seat | None, *, without_camera: bool
) -> HttpResponse:
    at = clock.now()
    try:
        started = flows.start(
            account_name=name,
            address=http_peer.address(request),
            browser=http_peer.browser_and_city(request),
            consents=form.consents(),
            replaces=seat.attempt if seat is not None and seat.is_starter else None,
            without_camera=without_camera,
            at=at,
        )
    except ratelimit.RateLimited as refusal:
        return too_many(request, refusal)
    except (NotOffered, AssistanceRefused):
        return render(request, "recovery/unavailable.html")
    begun = Seat(started.attempt, started.device)
    response = home(begun) if without_camera else _leave(begun)
    sit_down(response, started.secret)
    return response


def _resume(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The browser was closed between the consent and the redirect: the consent stands, one button goes on."""
    if request.method == "POST":
        try:
            return _leave(seat)
        except AttemptMoved:
            return home(find_seat(request))
    context = {
        "attempt": seat.attempt,
        "provider_name": seat.attempt.terms.provider_name,
        "assisted": assisting.is_offered(attempt=seat.attempt, device=seat.device),
    }
    return _may_leave_to(_provider(seat.attempt), render(request, "recovery/provider.html", context))


def _leave(seat: Seat) -> HttpResponse:
    """To the provider, or to the page that says that it cannot be now."""
    address = flows.send_to_provider(attempt=seat.attempt, at=clock.now())
    return redirect(address) if address else home(seat)


@page(Page.PROVIDER, "GET", "HEAD", "POST")
def provider(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/provider/`: away, or back without an answer. The button goes there again."""
    if request.method == "POST":
        return _leave(seat)
    context = {
        "attempt": seat.attempt,
        "provider_name": seat.attempt.terms.provider_name,
        "away": True,
        "assisted": assisting.is_offered(attempt=seat.attempt, device=seat.device),
    }
    return _may_leave_to(_provider(seat.attempt), render(request, "recovery/provider.html", context))


@seated("GET", stranger="recovery/other_browser.html")
def provider_return(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/return/`: the provider sends the browser back with a code, or with an error."""
    if seat.page is not Page.PROVIDER:
        return home(seat)
    sent: dict[str, Any] = {
        "attempt": seat.attempt,
        "issuer": request.GET.get("iss", ""),
        "state": request.GET.get("state", ""),
        "at": clock.now(),
    }
    if "code" in request.GET:
        flows.receive_result(code=request.GET["code"], **sent)
    elif "error" in request.GET:
        flows.come_back_empty(error=request.GET["error"], **sent)
    return home(seat)


def _provider(attempt: RecoveryAttempt) -> IdentityProvider:
    return IdentityProvider.objects.get(pk=attempt.terms.provider_id)


def _may_leave_to(provider: IdentityProvider, response: HttpResponse) -> HttpResponse:
    """Browsers hold a form's redirects to `form-action` too (CSP 3, 6.4.2): name the one site the button leads to.

    A provider's endpoints are all on its own origin; the verifier accepts no others."""
    response._csp_update = {"form-action": [http.origin_of(provider.issuer)]}  # type: ignore[attr-defined]
    return response


def too_many(request: HttpRequest, refusal: ratelimit.RateLimited) -> HttpResponse:
    response = render(request, "recovery/too_many.html", {"again_url": reverse("recovery:start")}, status=429)
    response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
