"""Calm words for every refusal: what happened, and what to do now. The reason itself is for the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from idv.wallet import browser
from recovery_portal.kit.errors import DomainError

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Advice:
    title: str | Promise
    text: str | Promise
    can_retry: bool = False


_GENERAL = Advice(
    _("That did not work"),
    _("Nothing was added and nothing was shared. Go back to where you came from and try again."),
)

ADVICE: dict[str, Advice] = {
    "link_unknown": Advice(
        _("This link is nothing a wallet can use"),
        _("Copy the whole link once more, or go back to the page that offered it and start again there."),
    ),
    "link_too_long": Advice(_("This link is too long"), _("Ask the other side for a shorter one.")),
    "already_used": Advice(
        _("This was already answered"),
        _("Look under Verified IDs or History. To do it again, start again on the page it came from."),
    ),
    "offer_malformed": Advice(
        _("This offer cannot be read"), _("Go back to the issuer's page and ask for a new offer. Nothing was added.")
    ),
    "offer_gone": Advice(
        _("This offer is no longer there"),
        _("Offers work once and for a short time. Go back to the issuer's page and ask for a new one."),
    ),
    "not_supported": Advice(
        _("This wallet cannot do that"),
        _("The other side uses something this wallet does not know. Ask it for another way, or use another wallet."),
    ),
    "issuer_unreachable": Advice(
        _("The issuer does not answer"), _("Nothing was added. Wait a minute, then try again."), can_retry=True
    ),
    "issuer_misconfigured": Advice(
        _("The issuer's answer cannot be used"),
        _("Nothing was added. Tell the issuer, and ask for a new offer later."),
    ),
    "issuer_refused": Advice(
        _("The issuer said no"), _("Nothing was added. Go back to the issuer's page and ask for a new offer.")
    ),
    "nonce_refused": Advice(
        _("The issuer said no"), _("Nothing was added. Go back to the issuer's page and ask for a new offer.")
    ),
    "code_refused": Advice(
        _("The code was not accepted"),
        _(
            "Check the code on the issuer's page and type it again. "
            "If it still fails, the offer was used or has ended: ask for a new one."
        ),
        can_retry=True,
    ),
    "wallet_unknown": Advice(
        _("The issuer does not know this wallet"),
        _("Nothing was added. The issuer serves only wallets that it has registered: ask it, or use another."),
    ),
    "authorization_unknown": Advice(
        _("This answer belongs to nothing here"),
        _("Nothing was added. It was used before, or was not asked for in this browser. Start again with the offer."),
    ),
    "authorization_mixed_up": Advice(
        _("The answer came from somebody else"),
        _("Nothing was added. Whoever answered is not who was asked. Start again with a new offer."),
    ),
    "authorization_refused": Advice(
        _("The issuer did not agree"),
        _("Nothing was added. You declined there, or the issuer did. You can try once more."),
        can_retry=True,
    ),
    "not_ready": Advice(
        _("The issuer needs more time"), _("Nothing was added yet. Ask the issuer for a new offer when it is ready.")
    ),
    "credential_refused": Advice(
        _("The Verified ID was not genuine"),
        _("What came could not be verified, so it was not added. Tell the issuer."),
    ),
    "request_malformed": Advice(
        _("This request cannot be read"), _("Nothing was shared. Go back to the page that asked and start again.")
    ),
    "request_refused": Advice(
        _("Who asks could not be verified"),
        _("Nothing was shared. The request is not signed by who it claims to be from. Do not use this link again."),
    ),
    "request_expired": Advice(
        _("This request has ended"), _("Nothing was shared. Go back to the page that asked and start again.")
    ),
    "rate_limited": Advice(_("Too many tries"), _("Wait an hour, then try again.")),
    "verifier_unreachable": Advice(
        _("The other side does not answer"), _("Wait a minute, then try again."), can_retry=True
    ),
    "verifier_refused": Advice(
        _("It was not accepted"),
        _("The other side did not accept what was sent. Go back to the page that asked; it says what to do."),
    ),
    "nothing_fits": Advice(
        _("You'll have to add this Verified ID and try again"), _("Nothing in this wallet is what is being asked for.")
    ),
}


def page(
    request: HttpRequest, template: str, context: Mapping[str, object] | None = None, *, unlocked: bool = True
) -> HttpResponse:
    shared = {"unlocked": unlocked, "lock_after_s": int(browser.IDLE_LOCK.total_seconds())}
    response = render(request, f"wallet/{template}.html", {**shared, **(context or {})})
    response["Cache-Control"] = "no-store"
    return response


def refused(
    request: HttpRequest, error: DomainError, *, retry_url: str | None = None, unlocked: bool = True
) -> HttpResponse:
    """The page for a refusal. Status 400: the fault is in what came from outside, never 500."""
    # Not `code=`: the log blacks that name out, because elsewhere it is a secret.
    _log.info("wallet_refused", refusal=error.code, reason=error.reason)
    advice = ADVICE.get(error.code, _GENERAL)
    context = {"advice": advice, "retry_url": retry_url if advice.can_retry else None}
    response = page(request, "refused", context, unlocked=unlocked)
    response.status_code = 400
    return response
