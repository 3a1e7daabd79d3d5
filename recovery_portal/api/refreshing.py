"""Refresh tokens (RFC 6749 6): each is good once, and one that comes back ends its whole family (RFC 9700 4.14.2)."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.http import HttpRequest

from recovery_portal.kit import adapters, ratelimit
from recovery_portal.kit import tokens as secrets

from . import grants, registrations, tokens
from .grants import Granted, GrantRefused
from .models import AppRegistration, RefreshToken

GRANT_TYPE = "refresh_token"
SCOPE = "offline_access"
# Counted from the person's consent: no rotation makes it longer.
LIFETIME = timedelta(days=90)
_UNKNOWN = GrantRefused("invalid_grant", 70000, "The refresh token is unknown, used, revoked or expired.")


class SignIns(Protocol):
    """Who knows how people sign in, as the setting ``PROGRAM_SIGN_INS`` names it."""

    def method(self, request: HttpRequest) -> str:
        """How the person behind ``request`` signed in."""
        ...

    def may_outlive(self, user: Any, *, signed_in_with: str) -> bool:
        """Whether a program may go on acting for ``user`` when that sign-in is over."""
        ...


def sign_ins() -> SignIns:
    made: SignIns = adapters.load("PROGRAM_SIGN_INS")
    return made


def wants(asked_for: str) -> bool:
    """Whether a ``scope`` parameter asks for one."""
    return SCOPE in asked_for.split()


def begin(
    *, app: AppRegistration, user: Any, scopes: list[str], signed_in_with: str, code_digest: str, at: datetime
) -> str:
    """The first token of a family, which is known by the code that it began with: a person has just consented. Nothing
    where the sign-in is none that a program may outlive."""
    RefreshToken.objects.filter(expires_at__lte=at).delete()
    if not sign_ins().may_outlive(user, signed_in_with=signed_in_with):
        return ""
    return _make(
        app=app, user=user, scopes=scopes, signed_in_with=signed_in_with, family=_family_of(code_digest),
        expires_at=at + LIFETIME,
    )  # fmt: skip


def end(*, code_digest: str, app: AppRegistration, at: datetime) -> None:
    """A code came a second time: what the first one got is taken back (RFC 6749 4.1.2)."""
    _end_family_of(RefreshToken.objects.filter(family=_family_of(code_digest), app=app).first(), app, at)


def _family_of(code_digest: str) -> uuid.UUID:
    return uuid.UUID(hex=code_digest[:32])


def refresh(*, asked: grants.Asked, at: datetime) -> Granted:
    """A new access token and the next refresh token. Raises GrantRefused, RateLimited.

    The token is spent by the statement that finds it; what follows may still be refused, and then the program asks the
    person again. Whoever shows a spent one holds a copy: of the two holders nobody can say which is the thief.
    """
    app = grants.client_of(asked=asked, at=at)
    ratelimit.hit("oauth-refresh", asked.by(app), limit=600, period_s=60)
    digest = secrets.digest(asked.get("refresh_token"))
    mine = RefreshToken.objects.filter(digest=digest, app=app)
    # One transaction: who is second waits for the next token to be there, so that it ends with its family. A refusal is
    # raised outside of it, for a token that was shown stays spent.
    with transaction.atomic():
        is_spent = mine.filter(used_at=None, revoked_at=None, expires_at__gt=at).update(used_at=at)
        outcome = _next(mine.select_related("user").get(), app, asked.get("scope"), at) if is_spent else _UNKNOWN
    if not is_spent:
        _end_family_of(mine.exclude(used_at=None).first(), app, at)
    if isinstance(outcome, GrantRefused):
        raise outcome
    return outcome


def _next(row: RefreshToken, app: AppRegistration, asked_for: str, at: datetime) -> Granted | GrantRefused:
    user = row.user
    if not user.is_active or user.session_epoch != row.session_epoch:
        return GrantRefused("invalid_grant", 50173, "The sign-in behind the refresh token has ended.")
    if not sign_ins().may_outlive(user, signed_in_with=row.signed_in_with):
        return GrantRefused("invalid_grant", 50076, "The person must sign in again, in another way.")
    granted = [name for name in row.scopes if name in app.delegated_permissions]
    try:
        scopes = _narrowed(app, granted, asked_for)
    except GrantRefused as refusal:
        return refusal
    return Granted(
        tokens.issue(app=app, user=user, scopes=scopes, at=at),
        scopes,
        grants.id_token(app, user, at=at),
        _make(
            app=app,
            user=user,
            scopes=row.scopes,
            signed_in_with=row.signed_in_with,
            family=row.family,
            expires_at=row.expires_at,
        ),
    )


def _narrowed(app: AppRegistration, granted: list[str], asked_for: str) -> list[str]:
    """What is asked for of what was consented to; all of it where nothing is named (RFC 6749 6)."""
    if not granted:
        raise GrantRefused("invalid_grant", 65001, "The person has not consented to anything that is left.")
    named = [word for word in asked_for.split() if word not in grants.OPENID_SCOPES]
    wanted = grants.delegated_scopes(app, asked_for) if named else granted
    if any(word.endswith(".default") for word in named):
        wanted = granted
    if not set(wanted) <= set(granted):
        raise GrantRefused("invalid_scope", 65001, "The person has not consented to this scope.")
    return wanted


def _end_family_of(row: RefreshToken | None, app: AppRegistration, at: datetime) -> None:
    if row is None:
        return
    with transaction.atomic():
        ended = RefreshToken.objects.filter(family=row.family, revoked_at=None).update(revoked_at=at)
        if ended:
            registrations.announce(
                "Revoke refresh tokens", app, at=at, by=row.user, reason="a used token or code came back"
            )


def _make(
    *,
    app: AppRegistration,
    user: Any,
    scopes: list[str],
    signed_in_with: str,
    family: uuid.UUID,
    expires_at: datetime,
) -> str:
    token = secrets.new_token(32)
    RefreshToken.objects.create(
        digest=secrets.digest(token),
        family=family,
        app=app,
        user=user,
        scopes=scopes,
        session_epoch=user.session_epoch,
        signed_in_with=signed_in_with,
        expires_at=expires_at,
    )
    return token
