"""Doors of an offer: *Add a Verified ID* → *Next* → *Start* → *Success*."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from idv.wallet import links, receiving
from idv.wallet.browser import for_open_wallet
from idv.wallet.errors import WalletRefusal
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
        offer = receiving.read_offer(opened=opened, link=link)
        form = _code_form(request, offer) if offer.needs_tx_code else None
        if request.method == "POST" and (form is None or form.is_valid()):
            if form is not None:
                receiving.enter_tx_code(opened=opened, link=link, tx_code=form.cleaned_data["tx_code"])
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
        offer = receiving.read_offer(opened=opened, link=link)
        if offer.needs_tx_code and not offer.has_tx_code:
            return redirect("wallet:add", link.pk)
        if request.method == "POST":
            receiving.accept(opened=opened, link=link, at=clock.now())
            return redirect("wallet:added", link.pk)
    except WalletRefusal as error:
        return refused(request, error, retry_url=reverse("wallet:add", args=[link_id]))
    return page(request, "start", {"offer": offer})


@for_open_wallet
@require_GET
def added(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    link = get_object_or_404(opened.wallet.incoming_links, pk=link_id, outcome=IncomingLink.Outcome.ACCEPTED)
    if link.credential is None:  # deleted since
        return redirect("wallet:home")
    return page(request, "added", {"credential": link.credential})


def _code_form(request: HttpRequest, offer: receiving.Offer) -> TransactionCodeForm:
    return TransactionCodeForm(request.POST or None, numeric=offer.tx_code_is_numeric, hint=offer.tx_code_hint)
