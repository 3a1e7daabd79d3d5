"""What a browser's session remembers of signing in. Only doors (views, middleware) read and write it."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.core import signing
from django.http import HttpRequest, HttpResponse

from accounts.methods import RegistrationDuty
from accounts.names import normalise_account_name
from accounts.signin.decoys import account_digest
from accounts.signin.flows import SignedIn
from recovery_portal.kit import tokens

# ASVS 7.5.1: a change of factors needs somebody who has just signed in.
FRESH_FOR = timedelta(minutes=10)
# SP 800-63B-4 §2.2.3: at AAL2 an hour without a sign of life, and a day in any case, end a session.
IDLE_LIMIT = timedelta(hours=1)
ABSOLUTE_LIMIT = timedelta(hours=12)

_ACCOUNT_NAME = "account_name"
_NEXT = "next"
_BROWSER = "browser"
_SIGNED_IN_AT = "signed_in_at"
_SEEN_AT = "seen_at"
_DUTY = "registration_duty"
_ENDS_AT = "ends_at"
_METHOD = "signed_in_with"
_BACKEND = "accounts.backends.DirectoryBackend"

_KNOWN_COOKIE = f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}portal-known-browser"
_KNOWN_SALT = "accounts.signin.known_browser"
_KNOWN_ACCOUNTS = 5
_KNOWN_FOR = timedelta(days=180)


def account_name(request: HttpRequest) -> str | None:
    """The account name that was typed on the first page, in its normal form."""
    value = request.session.get(_ACCOUNT_NAME)
    return value if isinstance(value, str) else None


def remember_account_name(request: HttpRequest, name: str) -> None:
    request.session[_ACCOUNT_NAME] = normalise_account_name(name)


def remember_next(request: HttpRequest, path: str) -> None:
    request.session[_NEXT] = path


def take_next(request: HttpRequest) -> str | None:
    return request.session.pop(_NEXT, None)


def browser(request: HttpRequest) -> str:
    """A secret of this session: challenges are answered by the browser that asked for them."""
    if _BROWSER not in request.session:
        request.session[_BROWSER] = tokens.new_token()
    return str(request.session[_BROWSER])


def begin(request: HttpRequest, outcome: SignedIn, *, at: datetime) -> None:
    """Sign the browser in: new session id (ASVS 7.2.4), the duty to register beside it."""
    # Whoever heard of the sign-in may have ended the user's sessions; this one begins after that.
    outcome.user.refresh_from_db(fields=["session_epoch"])
    login(request, outcome.user, backend=_BACKEND)
    request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = at.isoformat()
    request.session[_METHOD] = outcome.method
    request.session.pop(_DUTY, None)
    request.session.pop(_ENDS_AT, None)
    if outcome.duty is not None:
        request.session[_DUTY] = outcome.duty.until.isoformat() if outcome.duty.until else ""
        if outcome.duty.session_until is not None:
            request.session[_ENDS_AT] = outcome.duty.session_until.isoformat()


def method(request: HttpRequest) -> str:
    """The key of the method that opened this session; "" for one that is older than this record."""
    return str(request.session.get(_METHOD, ""))


def end(request: HttpRequest) -> None:
    logout(request)


def duty(request: HttpRequest) -> RegistrationDuty | None:
    stored = request.session.get(_DUTY)
    if stored is None:
        return None
    return RegistrationDuty(until=datetime.fromisoformat(stored) if stored else None)


def fulfil_duty(request: HttpRequest) -> None:
    request.session.pop(_DUTY, None)


def is_fresh(request: HttpRequest, *, at: datetime) -> bool:
    """Whether the sign-in is recent enough to change factors. While a method must be registered, the duty's own
    deadline says how long."""
    if duty(request) is not None:
        return True
    began = _time(request, _SIGNED_IN_AT)
    return began is not None and at - began <= FRESH_FOR


def has_run_out(request: HttpRequest, *, at: datetime) -> bool:
    """Whether what the session was opened with has ended."""
    ends = _time(request, _ENDS_AT)
    return ends is not None and at >= ends


def is_over(request: HttpRequest, *, at: datetime) -> bool:
    began, seen = _time(request, _SIGNED_IN_AT), _time(request, _SEEN_AT)
    return (began is not None and at - began > ABSOLUTE_LIMIT) or (seen is not None and at - seen > IDLE_LIMIT)


def touch(request: HttpRequest, *, at: datetime) -> None:
    """Note a sign of life, at most once a minute: a session that does not change is not written."""
    seen = _time(request, _SEEN_AT)
    if seen is None or at - seen > timedelta(minutes=1):
        request.session[_SEEN_AT] = at.isoformat()


def known_browser(request: HttpRequest, name: str) -> str:
    """The id of this browser if it has signed in to the account before, else "" (accounts.signin.throttle)."""
    known = _known(request)
    return str(known["id"]) if account_digest(name) in known["accounts"] else ""


def mark_known(request: HttpRequest, response: HttpResponse, name: str) -> None:
    known = _known(request)
    account = account_digest(name)
    accounts = [account, *(other for other in known["accounts"] if other != account)][:_KNOWN_ACCOUNTS]
    response.set_cookie(
        _KNOWN_COOKIE,
        signing.dumps({"id": known["id"], "accounts": accounts}, salt=_KNOWN_SALT),
        max_age=_KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> dict[str, Any]:
    try:
        known: dict[str, Any] = signing.loads(
            request.COOKIES.get(_KNOWN_COOKIE, ""), salt=_KNOWN_SALT, max_age=_KNOWN_FOR
        )
    except signing.BadSignature:
        return {"id": secrets.token_urlsafe(16), "accounts": []}
    return known


def _time(request: HttpRequest, key: str) -> datetime | None:
    stored = request.session.get(key)
    return datetime.fromisoformat(stored) if isinstance(stored, str) else None
