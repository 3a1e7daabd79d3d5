"""Access tokens: signed by the portal (RFC 9068), an hour long, and no better than the registration behind them.

A permission that is taken away, a registration that is disabled, a password that is changed: each holds at once, for
tokens already out as well, because the token only names whom to look up.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from idv.credentials import jose, keys
from recovery_portal.kit.errors import DomainError

from . import permissions
from .caller import Caller
from .models import AppRegistration, TokenKey

LIFETIME = timedelta(minutes=60)
CLOCK_SKEW = timedelta(seconds=60)
TYPE = "at+jwt"
MAX_CHARACTERS = 8_192


class TokenRefused(DomainError):
    """The access token opens nothing. Codes: malformed, wrong_issuer, expired, app_disabled, user_gone."""


def issuer() -> str:
    return f"{settings.PORTAL_BASE_URL}/{settings.TENANT_ID}/v2.0"


def issue(*, app: AppRegistration, user: Any, scopes: list[str], at: datetime) -> str:
    """An access token; ``user`` None for a program by itself, then ``scopes`` are its own permissions."""
    payload: dict[str, Any] = {
        "iss": issuer(),
        "aud": settings.PORTAL_BASE_URL,
        "sub": str(app.pk if user is None else user.pk),
        "client_id": str(app.pk),
        "appid": str(app.pk),
        "tid": settings.TENANT_ID,
        "iat": jose.seconds(at),
        "nbf": jose.seconds(at),
        "exp": jose.seconds(at + LIFETIME),
        "jti": str(uuid.uuid4()),
    }
    if user is None:
        payload |= {"idtyp": "app", "roles": sorted(scopes)}
    else:
        payload |= {"idtyp": "user", "scp": " ".join(sorted(scopes)), "oid": str(user.pk), "sep": user.session_epoch}
    return jose.sign(payload, typ=TYPE, key=signing_key(at=at))


def read(token: str, *, at: datetime) -> Caller:
    """Who the bearer of ``token`` is. Raises TokenRefused.

    1 form, type, our signature  2 issuer and audience  3 times  4 the program is enabled  5 the person, if any
    """
    # 1
    if len(token) > MAX_CHARACTERS:
        raise TokenRefused("malformed", "The access token is too long.")
    try:
        payload = jose.verify_with_jwks(token, jwks=published_jwks(), typ=TYPE).payload
        expires_at, valid_from = (jose.required_time_of(payload, name) for name in ("exp", "nbf"))
    except DomainError as error:
        raise TokenRefused("malformed", "The access token is not one of this portal's.") from error
    # 2
    if payload.get("iss") != issuer() or payload.get("aud") != settings.PORTAL_BASE_URL:
        raise TokenRefused("wrong_issuer", "The access token is meant for another resource.")
    # 3
    if at >= expires_at or at + CLOCK_SKEW < valid_from:
        raise TokenRefused("expired", "Lifetime validation failed, the token is expired.")
    # 4
    app = AppRegistration.objects.filter(pk=payload["client_id"], enabled=True).first()
    if app is None:
        raise TokenRefused("app_disabled", "The application is not enabled.")
    if payload["idtyp"] == "app":
        granted = set(payload["roles"]) & set(app.app_permissions)
        return Caller(app_id=app.pk, app_name=app.display_name, permissions=permissions.held_by(granted), user=None)
    # 5
    user = get_user_model().objects.filter(pk=payload["oid"], account_enabled=True).first()
    if user is None or user.session_epoch != payload["sep"]:
        raise TokenRefused("user_gone", "The sign-in behind the token has ended.")
    granted = set(payload["scp"].split()) & set(app.delegated_permissions)
    return Caller(app_id=app.pk, app_name=app.display_name, permissions=permissions.held_by(granted), user=user)


def published_jwks() -> dict[str, list[dict[str, str]]]:
    """The active key, and retired ones while their tokens may still be out."""
    return {"keys": list(TokenKey.objects.values_list("public_jwk", flat=True))}


def signing_key(*, at: datetime) -> keys.SigningKey:
    """The key that signs now, made on first use. Two processes at once: the database lets one of them win."""
    row = TokenKey.objects.filter(retired_at__isnull=True).first() or _make(at=at)
    return keys.from_pem(row.open_private_key().decode(), kid=row.kid)


def rotate(*, at: datetime) -> TokenKey:
    """Sign with a new key from now on; keys that no living token needs any more are forgotten."""
    with transaction.atomic():
        TokenKey.objects.filter(retired_at__lt=at - LIFETIME - CLOCK_SKEW).delete()
        TokenKey.objects.filter(retired_at__isnull=True).update(retired_at=at)
        return _make(at=at)


def _make(*, at: datetime) -> TokenKey:
    key = keys.generate()
    row = TokenKey(kid=key.kid, public_jwk=key.jwks_entry(), created_at=at)
    row.seal_private_key(key.private_pem().encode())
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return TokenKey.objects.get(retired_at__isnull=True)
    return row
