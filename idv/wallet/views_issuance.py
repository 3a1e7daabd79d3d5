"""Doors of an offer: *Add a Verified ID* → *Next* → *Start* → *Success*."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from idv.wallet import authorizing, browser, deferred, display, links, offers, receiving
from idv.wallet.browser import for_open_wallet
from idv.wallet.errors import IssuerRefused, LinkRefused, WalletRefusal
from idv.wallet.forms import TransactionCodeForm
from idv.wallet.models import IncomingLink
from idv.wallet.pages import page, refused
from idv.wallet.sealing import OpenWallet
from recovery_portal.kit import clock


@for_open_wallet
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    try:
        link = links.get(opened=opened, link_id=link_id, kind=IncomingLink.Kind.OFFER)
        if link.outcome == IncomingLink.Outcome.ACCEPTED:
            return redirect("wallet:added", link.pk)
        if deferred.is_waiting(opened, link):
            return redirect("wallet:waiting", link.pk)
        offer = offers.read(opened=opened, link=link)
        form = _code_form(request, offer) if offer.needs_tx_code else None
        if request.method == "POST" and (form is None or form.is_valid()):
            if form is not None:
                offers.enter_tx_code(opened=opened, link=link, tx_code=form.cleaned_data["tx_code"])
            return redirect("wallet:start", link.pk)
    except WalletRefusal as error:
        return refused(request, error, retry_url=request.path)
    return page(request, "add", {"offer": offer, "form": form})


@for_open_wallet
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    try:
        link = links.get(opened=opened, link_id=link_id, kind=IncomingLink.Kind.OFFER)
        if link.outcome == IncomingLink.Outcome.ACCEPTED:
            return redirect("wallet:added", link.pk)
        if deferred.is_waiting(opened, link):
            return redirect("wallet:waiting", link.pk)
        offer = offers.read(opened=opened, link=link)
        if offer.needs_tx_code and not offer.has_tx_code:
            return redirect("wallet:add", link.pk)
        if request.method == "POST" and offer.needs_consent_there:
            leaving = authorizing.begin(opened=opened, link=link, at=clock.now())
            browser.remember_leaving(request, link.pk, state=leaving.state, url=leaving.url)
            return redirect("wallet:leave", link.pk)
        if request.method == "POST":
            credential = receiving.accept(opened=opened, link=link, at=clock.now())
            return redirect("wallet:waiting" if credential is None else "wallet:added", link.pk)
    except WalletRefusal as error:
        return refused(request, error, retry_url=reverse("wallet:add", args=[link_id]))
    return page(request, "start", {"offer": offer})


@for_open_wallet
@require_GET
def leave(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    """On to the issuer's own page. A page of ours stands between: see `views_presentation`."""
    url = browser.way_out(request, link_id)
    if url is None:
        return redirect("wallet:start", link_id)
    return page(request, "leave", {"url": url, "address": display.address(url)})


@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """Where an issuer's page leads back to, with a code or an error."""
    query = request.META.get("QUERY_STRING", "")
    opened = browser.find_open_wallet(request, at=clock.now())
    if opened is None:
        browser.keep_return(request, query)
        return redirect("wallet:unlock")
    return take_return(request, opened, query)


def take_return(request: HttpRequest, opened: OpenWallet, query: str) -> HttpResponse:
    """Go on with an issuer's answer, if it is to a question that this very session asked."""
    link_id = None
    try:
        link_id = browser.take_left(request, authorizing.state_in(query))
        link = links.get(opened=opened, link_id=link_id, kind=IncomingLink.Kind.OFFER) if link_id else None
        if link is None:
            raise LinkRefused("authorization_unknown", "this session asked nothing with this state")
        credential = authorizing.finish(opened=opened, link=link, query=query, at=clock.now())
    except WalletRefusal as error:
        return refused(request, error, retry_url=reverse("wallet:add", args=[link_id]) if link_id else None)
    return redirect("wallet:waiting" if credential is None else "wallet:added", link.pk)


@for_open_wallet
@require_GET
def added(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    link = get_object_or_404(opened.wallet.incoming_links, pk=link_id, outcome=IncomingLink.Outcome.ACCEPTED)
    if link.credential is None:  # deleted since
        return redirect("wallet:home")
    return page(request, "added", {"credential": link.credential})


@for_open_wallet
@require_GET
def waiting(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    """The issuer has not decided yet. Without scripts, loading the page again asks again."""
    try:
        link = links.get(opened=opened, link_id=link_id, kind=IncomingLink.Kind.OFFER)
        if link.outcome == IncomingLink.Outcome.ACCEPTED or _is_there(opened, link):
            return redirect("wallet:added", link.pk)
    except WalletRefusal as error:
        return refused(request, error, retry_url=request.path)
    return page(request, "waiting", {"status_url": reverse("wallet:waiting_status", args=[link.pk])})


@for_open_wallet
@require_GET
def waiting_status(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    """What the waiting page follows: where to go on, if anywhere."""
    message = _("The issuer is still working on it. You can keep this page open.")
    try:
        link = links.get(opened=opened, link_id=link_id, kind=IncomingLink.Kind.OFFER)
        is_over = bool(link.outcome) or _is_there(opened, link)
    except WalletRefusal as error:
        is_over = error.code != "issuer_unreachable"
    # The page itself says what came of it, in the words of a page.
    next_url = reverse("wallet:waiting", args=[link_id]) if is_over else None
    return JsonResponse({"next": next_url, "message": message, "progress": None})


def _is_there(opened: OpenWallet, link: IncomingLink) -> bool:
    if link.outcome == IncomingLink.Outcome.FAILED:
        raise IssuerRefused("issuer_refused", "it said no while the person waited")
    return receiving.collect(opened=opened, link=link, at=clock.now()) is not None


def _code_form(request: HttpRequest, offer: offers.Offer) -> TransactionCodeForm:
    return TransactionCodeForm(request.POST or None, numeric=offer.tx_code_is_numeric, hint=offer.tx_code_hint)
