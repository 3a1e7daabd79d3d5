"""The device code flow (RFC 8628): a program without a browser shows a code, a person types it in where they sign in.

What makes it dangerous is that the two need not sit side by side (RFC 8628 5.4): the address never carries the code,
the page says what is asked for, and every consent is in the audit.
"""

import secrets as random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from recovery_portal.kit import ratelimit
from recovery_portal.kit import tokens as secrets

from . import grants, refreshing, registrations, tokens
from .grants import Granted, GrantRefused
from .models import DeviceAuthorization

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LIFETIME = timedelta(minutes=15)
INTERVAL_S = 5
LONGEST_INTERVAL_S = 60
STARTS_PER_MINUTE = 60
TRIES_PER_PERSON, TRIES_PERIOD_S = 10, 600
# RFC 8628 6.1: no vowels, so that no words appear, and nothing that looks like something else. 20^8 codes.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_PENDING, _ALLOWED, _DECLINED = DeviceAuthorization.State.values


class Started:
    """What the program is told: ``device_code`` it keeps, ``user_code`` it shows."""

    def __init__(self, device_code: str, user_code: str) -> None:
        self.device_code, self.user_code = device_code, user_code


def start(*, asked: grants.Asked, at: datetime) -> Started:
    """A program asks for a code. Raises GrantRefused, RateLimited."""
    app = grants.find_app(asked.get("client_id"))
    if app is None:
        raise grants.unknown_app()
    ratelimit.hit("oauth-device", asked.by(app), limit=STARTS_PER_MINUTE, period_s=60)
    scopes = grants.delegated_scopes(app, asked.get("scope"))
    DeviceAuthorization.objects.filter(expires_at__lt=at - LIFETIME).delete()
    letters = "".join(random.choice(_LETTERS) for _ in range(8))
    started = Started(secrets.new_token(32), f"{letters[:4]}-{letters[4:]}")
    DeviceAuthorization.objects.create(
        device_digest=secrets.digest(started.device_code),
        user_digest=secrets.digest(letters),
        app=app,
        scopes=scopes,
        wants_refresh=refreshing.wants(asked.get("scope")),
        interval_s=INTERVAL_S,
        next_poll_at=at,
        created_at=at,
        expires_at=at + LIFETIME,
    )
    return started


def find_waiting(*, typed: str, user: Any, at: datetime) -> DeviceAuthorization | None:
    """The request behind a code that somebody typed, while it waits. Every try counts against the person until one
    is right. Raises RateLimited."""
    ratelimit.hit("oauth-user-code", str(user.pk), limit=TRIES_PER_PERSON, period_s=TRIES_PERIOD_S)
    letters = "".join(letter for letter in typed.upper()[:64] if letter.isascii() and letter.isalnum())
    found = (
        DeviceAuthorization.objects.select_related("app")
        .filter(user_digest=secrets.digest(letters), state=_PENDING, expires_at__gt=at, app__enabled=True)
        .first()
    )
    if found is not None:
        ratelimit.give_back("oauth-user-code", str(user.pk))
    return found


@transaction.atomic
def decide(*, waiting: DeviceAuthorization, user: Any, allowed: bool, at: datetime, signed_in_with: str = "") -> bool:
    """Answer for the person, once: False when somebody was quicker or the time ran out."""
    rows = DeviceAuthorization.objects.filter(pk=waiting.pk, state=_PENDING, expires_at__gt=at)
    answer = {"state": _ALLOWED if allowed else _DECLINED, "user": user, "session_epoch": user.session_epoch}
    if not rows.update(**answer, signed_in_with=signed_in_with):
        return False
    if allowed:
        registrations.announce(
            "Consent to application", waiting.app, at=at, by=user, scopes=" ".join(waiting.scopes), flow="device code"
        )
    return True


def device_code(*, asked: grants.Asked, at: datetime) -> Granted:
    """The program asks whether the person has answered. Raises GrantRefused, RateLimited.

    What was allowed is spent by the statement that finds it; whoever asks too soon waits longer from then on
    (RFC 8628 3.5).
    """
    app = grants.client_of(asked=asked, at=at)
    ratelimit.hit("oauth-code", asked.by(app), limit=600, period_s=60)
    mine = DeviceAuthorization.objects.filter(device_digest=secrets.digest(asked.get("device_code")), app=app)
    if not mine.filter(state=_ALLOWED, used_at=None, expires_at__gt=at).update(used_at=at):
        raise _not_yet(mine, at)
    row = mine.select_related("user").get()
    user = row.user
    if user is None or not user.is_active or user.session_epoch != row.session_epoch:
        raise GrantRefused("invalid_grant", 50057, "The sign-in behind the consent has ended.")
    return Granted(
        tokens.issue(app=app, user=user, scopes=row.scopes, at=at),
        row.scopes,
        grants.id_token(app, user, at=at),
        refreshing.begin(
            app=app,
            user=user,
            scopes=row.scopes,
            signed_in_with=row.signed_in_with,
            code_digest=row.device_digest,
            at=at,
        )
        if row.wants_refresh
        else "",
    )


def _not_yet(mine: Any, at: datetime) -> GrantRefused:
    row = mine.first()
    if row is None or row.used_at is not None:
        return GrantRefused("invalid_grant", 70008, "The device code is unknown or was used before.")
    if row.expires_at <= at:
        return GrantRefused("expired_token", 70020, "The device code has expired. Start again.")
    if row.state == _DECLINED:
        return GrantRefused("access_denied", 65004, "The person declined.")
    if mine.filter(next_poll_at__lte=at).update(next_poll_at=at + timedelta(seconds=row.interval_s)):
        return GrantRefused("authorization_pending", 70016, "The person has not answered yet. Ask again later.")
    if row.interval_s < LONGEST_INTERVAL_S:
        mine.update(interval_s=F("interval_s") + 5)
    return GrantRefused("slow_down", 70016, "Ask less often: wait five seconds longer than before.")
