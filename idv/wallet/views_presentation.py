"""Doors of a request: who asks for what, *Share* or *Decline*, and the way back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods

from idv.wallet import browser, display, links, presenting
from idv.wallet.browser import for_open_wallet
from idv.wallet.errors import WalletRefusal
from idv.wallet.models import IncomingLink
from idv.wallet.pages import page, refused
from idv.wallet.sealing import OpenWallet
from recovery_portal.kit import clock

_ANSWERED = (IncomingLink.Outcome.SHARED, IncomingLink.Outcome.DECLINED)


@for_open_wallet
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    at = clock.now()
    try:
        link = links.get(opened=opened, link_id=link_id, kind=IncomingLink.Kind.REQUEST)
        if link.outcome in _ANSWERED:
            return redirect("wallet:answered", link.pk)
        if request.method == "POST" and request.POST.get("answer") == "share":
            answered = presenting.share(opened=opened, link=link, wanted=request.POST.getlist("use"), at=at)
            return _to_answered(request, link, answered)
        if request.method == "POST" and request.POST.get("answer") == "decline":
            return _to_answered(request, link, presenting.decline(opened=opened, link=link, at=at))
        asked = presenting.read_request(opened=opened, link=link, wanted=request.GET.getlist("use"), at=at)
    except WalletRefusal as error:
        return refused(request, error, retry_url=request.path)
    return page(request, "consent", {"asked": asked})


@for_open_wallet
@require_GET
def answered(request: HttpRequest, opened: OpenWallet, link_id: UUID) -> HttpResponse:
    link = get_object_or_404(opened.wallet.incoming_links, pk=link_id, outcome__in=_ANSWERED)
    continue_at, was_told = browser.way_back(request, link.pk)
    context = {
        "declined": link.outcome == IncomingLink.Outcome.DECLINED,
        "was_told": was_told,
        "continue_at": continue_at,
        "continue_address": display.address(continue_at) if continue_at else "",
    }
    return page(request, "answered", context)


def _to_answered(request: HttpRequest, link: IncomingLink, outcome: presenting.Answered) -> HttpResponse:
    # A page of ours stands between, because `form-action 'self'` also governs where a submitted form is redirected.
    browser.keep_way_back(request, link.pk, continue_at=outcome.continue_at, was_told=outcome.was_told)
    return redirect("wallet:answered", link.pk)
