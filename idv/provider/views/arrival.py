"""How browsers come in: sent by the portal, or joined by the code on the portal's screen."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recovery_portal.kit import clock, http_peer, qr, ratelimit

from ..errors import HandOffRefused, RequestRefused
from ..flows import authorization, steps, wallets
from ..models import ProofingSession
from . import wallet_consent
from .visit import Role, address_of, bind, find_role, page, to_current_page


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "provider/home.html")


@require_safe
def authorize(request: HttpRequest) -> HttpResponse:
    """RFC 9126 section 4: the browser brings a reference and nothing else; other parameters are not looked at."""
    wallet = wallets.find_client(request.GET.get("client_id", ""))
    try:
        ratelimit.hit("provider-authorize", http_peer.address(request), limit=60, period_s=60)
        if wallet is not None:
            return wallet_consent.begin(request, wallet)
        proofing = authorization.begin_proofing(
            client_id=request.GET.get("client_id", ""),
            request_uri=request.GET.get("request_uri", ""),
            requested_from=http_peer.browser_and_city(request),
            at=clock.now(),
        )
    except (RequestRefused, ratelimit.RateLimited):
        return render(request, "provider/no_entry.html", status=400)
    bind(request, proofing, Role.DESKTOP)
    return to_current_page(proofing, Role.DESKTOP)


@page("scan")
@require_safe
def scan(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    token, expires_at = steps.make_hand_off(proofing=proofing, at=clock.now())
    link = f"{settings.PROVIDER_BASE_URL}/hand-over/{token}"
    return render(
        request,
        "provider/scan.html",
        {"proofing": proofing, "link": link, "svg": qr.svg(link), "expires_at": expires_at, "page": "scan"},
    )


@page("scan")
@require_POST
def continue_here(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    steps.continue_here(proofing=proofing, at=clock.now())
    bind(request, proofing, Role.SINGLE)
    return to_current_page(proofing, Role.SINGLE)


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, token: str) -> HttpResponse:
    """What the phone opens. Looking uses nothing up, so that a link preview cannot; *Continue* does."""
    at = clock.now()
    try:
        ratelimit.hit("provider-hand-over", http_peer.address(request), limit=30, period_s=60)
        if request.method != "POST":
            proofing = steps.get_hand_off(token, at=at).proofing
            return render(request, "provider/welcome.html", {"proofing": proofing})
        proofing = steps.join_by_hand_off(token=token, at=at)
    except (HandOffRefused, ratelimit.RateLimited):
        return render(request, "provider/hand_off_refused.html", status=404)
    # The link opened in the browser that shows the code: one device after all.
    role = Role.SINGLE if find_role(request, proofing.pk) else Role.PHONE
    bind(request, proofing, role)
    return redirect(address_of(proofing, "details"))
