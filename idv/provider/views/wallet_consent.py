"""Where a wallet's authorization request meets the person: who asks, for what, and two equal answers."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from recovery_portal.kit import clock

from .. import credential
from ..errors import RequestRefused
from ..flows import wallets
from ..models import CredentialOffer, ProofingSession, WalletAuthorization, WalletClient
from .visit import Role, taken_part_in

_SESSION_KEY = "wallet-authorization"


def begin(request: HttpRequest, wallet: WalletClient) -> HttpResponse:
    """Show the request that the browser brought. Raises RequestRefused. Without a person it goes back at once."""
    at = clock.now()
    asked = wallets.open_request(client=wallet, request_uri=request.GET.get("request_uri", ""), at=at)
    if _subject(request, asked) is None:
        return _Home(wallets.refuse(asked=asked, at=at), asked.redirect_uri)
    request.session[_SESSION_KEY] = str(asked.pk)
    return render(request, "provider/wallet_consent.html", {"wallet": wallet, "credential": credential.DISPLAY_NAME})


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """The answer. A page with a link leads home: form-action forbids a form to end on a wallet's address."""
    at = clock.now()
    asked = WalletAuthorization.objects.filter(
        pk=request.session.pop(_SESSION_KEY, None), answered_at__isnull=True, opened_at__isnull=False
    ).first()
    if asked is None:
        return render(request, "provider/no_entry.html", status=400)
    subject = _subject(request, asked)
    accepted = request.POST.get("answer") == "accept" and subject is not None
    try:
        if accepted and subject is not None:
            home = wallets.consent(asked=asked, subject=subject, at=at)
        else:
            home = wallets.refuse(asked=asked, at=at)
    except RequestRefused:
        accepted, home = False, wallets.refuse(asked=asked, at=at)
    return render(
        request, "provider/wallet_answered.html", {"wallet": asked.client, "home": home, "accepted": accepted}
    )


def _subject(request: HttpRequest, asked: WalletAuthorization) -> CredentialOffer | ProofingSession | None:
    # The screen beside the phone did not see the person's face; the browser that was proofed did.
    proofings = taken_part_in(request, Role.PHONE, Role.SINGLE)
    return wallets.find_subject(asked=asked, proofings=proofings, at=clock.now())


class _Home(HttpResponseRedirect):
    """To an address that an operator registered; wallets on phones have schemes of their own."""

    def __init__(self, location: str, registered: str) -> None:
        self.allowed_schemes = [urlsplit(registered).scheme]
        super().__init__(location)
