"""Between a browser and its wallet: the cookie that names it, and the session that says it is unlocked."""

from __future__ import annotations

import base64
import binascii
import functools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from idv.wallet import sealing
from idv.wallet.errors import SealBroken
from idv.wallet.models import Wallet
from idv.wallet.sealing import OpenWallet
from recovery_portal.kit import clock, tokens

IDLE_LOCK = timedelta(minutes=5)
_COOKIE_AGE_S = 400 * 24 * 3600  # the longest a browser keeps one
_UNLOCKED = "wallet_unlocked"
_WAITING = "wallet_waiting"
_AFTER_UNLOCK = "wallet_after_unlock"
_WAY_BACK = "wallet_way_back"
_LEFT = "wallet_left"
_RETURNED = "wallet_returned"
_LEFT_AT_ONCE = 4


def cookie_name() -> str:
    """`__Host-` pins the cookie to this very host; browsers accept the prefix over https only."""
    return "__Host-wallet" if settings.SESSION_COOKIE_SECURE else "wallet"


def set_cookie(response: HttpResponse, browser_token: str) -> None:
    # Lax, not Strict: an offer or a request arrives as a link from another site and must find the wallet.
    response.set_cookie(
        cookie_name(),
        browser_token,
        max_age=_COOKIE_AGE_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def find_wallet(request: HttpRequest) -> Wallet | None:
    browser_token = request.COOKIES.get(cookie_name())
    if not browser_token:
        return None
    return Wallet.objects.filter(browser_digest=tokens.digest(browser_token)).first()


def remember_unlocked(request: HttpRequest, opened: OpenWallet, *, browser_token: str, at: datetime) -> None:
    request.session.cycle_key()  # whoever planted a session before the PIN was given must not share what follows
    sealed = sealing.seal_for_session(opened, browser_token=browser_token)
    request.session[_UNLOCKED] = {
        "wallet": str(opened.wallet.pk),
        "sealed": base64.b64encode(sealed).decode(),
        "used_at": at.isoformat(),
    }


def lock(request: HttpRequest) -> None:
    request.session.pop(_UNLOCKED, None)


def forget(request: HttpRequest) -> None:
    request.session.flush()


def find_open_wallet(request: HttpRequest, *, at: datetime) -> OpenWallet | None:
    """The unlocked wallet of this browser; None when there is none, or it lay idle too long."""
    wallet, remembered = find_wallet(request), request.session.get(_UNLOCKED)
    if wallet is None or not isinstance(remembered, dict) or remembered.get("wallet") != str(wallet.pk):
        return None
    if not timedelta(0) <= at - datetime.fromisoformat(remembered["used_at"]) < IDLE_LOCK:
        lock(request)
        return None
    try:
        sealed = base64.b64decode(remembered["sealed"])
        opened = sealing.open_from_session(sealed, wallet=wallet, browser_token=request.COOKIES[cookie_name()])
    except (SealBroken, binascii.Error):
        lock(request)
        return None
    request.session[_UNLOCKED] = remembered | {"used_at": at.isoformat()}
    return opened


def keep_waiting(request: HttpRequest, text: str) -> None:
    """Keep a link that came in while the wallet was locked. In the session, because it is a bearer secret."""
    request.session[_WAITING] = text


def has_waiting(request: HttpRequest) -> bool:
    return _WAITING in request.session


def take_waiting(request: HttpRequest) -> str | None:
    waiting = request.session.pop(_WAITING, None)
    return waiting if isinstance(waiting, str) else None


def keep_way_back(request: HttpRequest, link_id: uuid.UUID, *, continue_at: str | None, was_told: bool) -> None:
    request.session[_WAY_BACK] = {"link": str(link_id), "continue_at": continue_at, "was_told": was_told}


def way_back(request: HttpRequest, link_id: uuid.UUID) -> tuple[str | None, bool]:
    """Where the verifier wants this browser to go on, and whether it heard the answer."""
    kept = request.session.get(_WAY_BACK)
    if not isinstance(kept, dict) or kept.get("link") != str(link_id):
        return None, True
    return kept["continue_at"], kept["was_told"]


def remember_leaving(request: HttpRequest, link_id: uuid.UUID, *, state: str, url: str) -> None:
    """This session goes to an issuer's page; who comes back with this `state` in another one is somebody else."""
    left = dict(list(request.session.get(_LEFT, {}).items())[1 - _LEFT_AT_ONCE :])
    request.session[_LEFT] = left | {tokens.digest(state): {"link": str(link_id), "url": url}}


def way_out(request: HttpRequest, link_id: uuid.UUID) -> str | None:
    """Where this session was to go on for this link, last."""
    left = request.session.get(_LEFT, {}).values()
    return next((entry["url"] for entry in reversed(list(left)) if entry["link"] == str(link_id)), None)


def take_left(request: HttpRequest, state: str) -> str | None:
    """The id of the link for which this session left with this `state`; once."""
    left = dict(request.session.get(_LEFT, {}))
    entry = left.pop(tokens.digest(state), None)
    request.session[_LEFT] = left
    return entry["link"] if entry else None


def keep_return(request: HttpRequest, query: str) -> None:
    """Keep an issuer's answer that came while the wallet was locked. In the session, because a code is in it."""
    request.session[_RETURNED] = query


def take_return(request: HttpRequest) -> str | None:
    query = request.session.pop(_RETURNED, None)
    return query if isinstance(query, str) else None


def take_place(request: HttpRequest) -> str | None:
    """Where the person was when the wallet locked itself."""
    place = request.session.pop(_AFTER_UNLOCK, None)
    return place if isinstance(place, str) else None


def for_open_wallet(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the unlocked wallet, or lead to the PIN and back here afterwards."""

    @functools.wraps(view)
    def door(request: HttpRequest, *args: uuid.UUID, **kwargs: uuid.UUID) -> HttpResponse:
        opened = find_open_wallet(request, at=clock.now())
        if opened is None:
            request.session[_AFTER_UNLOCK] = request.path  # every such path can be read, also where it was posted to
            return redirect("wallet:unlock")
        response = view(request, opened, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return door
