"""Doors of the wallet itself: its PIN, its list, its history, and the two links other people's pages lead to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from idv.wallet import browser, display, flows, formats, links, receiving, views_issuance
from idv.wallet.browser import for_open_wallet
from idv.wallet.errors import LinkRefused
from idv.wallet.forms import ChangePinForm, NewPinForm, PasteForm, PinForm
from idv.wallet.models import HeldCredential, IncomingLink
from idv.wallet.pages import page, refused
from idv.wallet.sealing import OpenWallet
from recovery_portal.kit import clock, http_peer, ratelimit, redirects, tokens


@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    if browser.find_wallet(request) is not None:
        return redirect("wallet:home")
    form = NewPinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ratelimit.hit(
                "wallet-create", http_peer.address(request), limit=settings.WALLETS_PER_ADDRESS, period_s=3600
            )
        except ratelimit.RateLimited as error:
            return refused(request, error)
        at, browser_token = clock.now(), tokens.new_token(32)
        opened = flows.create_wallet(browser_token=browser_token, pin=form.cleaned_data["pin"], at=at)
        browser.remember_unlocked(request, opened, browser_token=browser_token, at=at)
        response = _go_on(request, opened)
        browser.set_cookie(response, browser_token)
        return response
    return page(request, "set_up", {"form": form, "waiting": browser.has_waiting(request)}, unlocked=False)


@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    at, wallet = clock.now(), browser.find_wallet(request)
    if wallet is None:
        return redirect("wallet:set_up")
    if request.method == "GET" and browser.find_open_wallet(request, at=at) is not None:
        return redirect("wallet:home")
    form, try_again_at = PinForm(request.POST or None), None
    if wallet.paused_until_at is not None and at < wallet.paused_until_at:
        try_again_at = wallet.paused_until_at
    if request.method == "POST" and form.is_valid():
        outcome = flows.unlock(wallet=wallet, pin=form.cleaned_data["pin"], at=at)
        if outcome.opened is not None:
            browser_token = request.COOKIES[browser.cookie_name()]
            browser.remember_unlocked(request, outcome.opened, browser_token=browser_token, at=at)
            response = _go_on(request, outcome.opened)
            browser.set_cookie(response, browser_token)
            return response
        try_again_at = outcome.try_again_at
        form.add_error("pin", _wrong_pin(outcome))
    context = {"form": form, "try_again_at": try_again_at, "waiting": browser.has_waiting(request)}
    return page(request, "unlock", context, unlocked=False)


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    browser.lock(request)
    return redirect("wallet:unlock")


@require_GET
def stay(request: HttpRequest) -> HttpResponse:
    """The person is still there: begin the idle time anew. 403 when the wallet has locked meanwhile."""
    opened = browser.find_open_wallet(request, at=clock.now())
    return HttpResponse(status=204 if opened is not None else 403)


@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    wallet, unlocked = browser.find_wallet(request), browser.find_open_wallet(request, at=clock.now()) is not None
    if wallet is None:
        return redirect("wallet:set_up")
    if request.method == "GET":
        return page(request, "erase", unlocked=unlocked)
    flows.erase(wallet=wallet)
    browser.forget(request)
    response = redirect("wallet:set_up")
    response.delete_cookie(browser.cookie_name())
    return response


@for_open_wallet
@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest, opened: OpenWallet) -> HttpResponse:
    form, changed = ChangePinForm(request.POST or None), False
    if request.method == "POST" and form.is_valid():
        outcome = flows.unlock(wallet=opened.wallet, pin=form.cleaned_data["current"], at=clock.now())
        if outcome.opened is None:
            form.add_error("current", _wrong_pin(outcome))
        else:
            flows.change_pin(opened=outcome.opened, new_pin=form.cleaned_data["pin"])
            form, changed = ChangePinForm(), True
    return page(request, "settings", {"form": form, "changed": changed, "here": "settings"})


@for_open_wallet
@require_GET
def home(request: HttpRequest, opened: OpenWallet) -> HttpResponse:
    at, held = clock.now(), list(opened.wallet.credentials.all())
    rows = [{"credential": credential, "has_expired": _has_expired(credential, at)} for credential in held]
    return page(request, "home", {"rows": rows, "here": "home"})


@for_open_wallet
@require_GET
def credential(request: HttpRequest, opened: OpenWallet, credential_id: UUID) -> HttpResponse:
    held = get_object_or_404(opened.wallet.credentials, pk=credential_id)
    copy = held.copies.all()[0]
    compact = opened.open(copy.compact_sealed, purpose=receiving.COPY_SEAL).decode()
    context = {
        "credential": held,
        "claims": display.shown_claims(formats.of(held.format).claims(compact), held.labels),
        "has_expired": _has_expired(held, clock.now()),
        "here": "credential",
    }
    return page(request, "credential", context)


@for_open_wallet
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, opened: OpenWallet, credential_id: UUID) -> HttpResponse:
    held = get_object_or_404(opened.wallet.credentials, pk=credential_id)
    if request.method == "GET":
        return page(request, "delete", {"credential": held})
    receiving.delete(opened=opened, credential=held, at=clock.now())
    return redirect("wallet:home")


@for_open_wallet
@require_GET
def history(request: HttpRequest, opened: OpenWallet) -> HttpResponse:
    records = opened.wallet.sharing_records.all()[:200]
    return page(request, "history", {"records": records, "here": "history"})


@for_open_wallet
@require_http_methods(["GET", "POST"])
def paste(request: HttpRequest, opened: OpenWallet) -> HttpResponse:
    form = PasteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _take_in(request, opened, form.cleaned_data["link"])
    return page(request, "paste", {"form": form})


@require_GET
def receive(request: HttpRequest) -> HttpResponse:
    """Where an issuer's page leads to, with the parameters of a credential offer."""
    return _incoming(request, "openid-credential-offer")


@require_GET
def present(request: HttpRequest) -> HttpResponse:
    """Where a verifier's page leads to, with the parameters of an authorization request."""
    return _incoming(request, "openid4vp")


def _incoming(request: HttpRequest, scheme: str) -> HttpResponse:
    text = f"{scheme}://?{request.META.get('QUERY_STRING', '')}"
    opened = browser.find_open_wallet(request, at=clock.now())
    if opened is not None:
        return _take_in(request, opened, text)
    try:
        links.kind_of(text)
    except LinkRefused as error:
        return refused(request, error, unlocked=False)
    browser.keep_waiting(request, text)
    return redirect("wallet:unlock")


def _take_in(request: HttpRequest, opened: OpenWallet, text: str) -> HttpResponse:
    try:
        link = links.keep(opened=opened, text=text, at=clock.now())
    except LinkRefused as error:
        return refused(request, error)
    return redirect(place_of(link), link.pk)


def place_of(link: IncomingLink) -> str:
    """The name of the page where a kept link goes on."""
    return "wallet:add" if link.kind == IncomingLink.Kind.OFFER else "wallet:consent"


def _go_on(request: HttpRequest, opened: OpenWallet) -> HttpResponse:
    """After the PIN: to what came in while the wallet was locked, or to where the person was."""
    waiting, place, returned = browser.take_waiting(request), browser.take_place(request), browser.take_return(request)
    if returned is not None:
        return views_issuance.take_return(request, opened, returned)
    if waiting is not None:
        return _take_in(request, opened, waiting)
    return redirect(redirects.local_path(place, "/"))


def _wrong_pin(outcome: flows.Unlocking) -> str:
    if outcome.try_again_at is not None:
        return _("That PIN was not tried or not right. Wait until the time shown has passed.")
    return _("That is not the PIN. Tries left before a pause: %(tries)s.") % {"tries": outcome.tries_left}


def _has_expired(credential: HeldCredential, at: datetime) -> bool:
    return credential.expires_at is not None and credential.expires_at <= at
