"""Codes of an authenticator app as a way to sign in: TOTP (RFC 6238), six digits, thirty seconds."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import MethodNotFound, MethodRefused, RegistrationRefused
from accounts.flows import announce_registration, checked_name
from accounts.methods import MethodRow, RegistrationDuty
from accounts.models import User
from accounts.operators import Operator
from accounts.signin.models import AuthenticatorApp
from recovery_portal.kit import vault

METHOD = "softwareOath"
STEP_S = 30
# RFC 6238 §5.2: one step of delay either way, no more.
DRIFT_STEPS = (-1, 0, 1)
MAX_APPS = 5
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 16, 64
_PURPOSE = "accounts.authenticator_app"


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A secret that is offered to an app and not yet confirmed. The door keeps it sealed until the first code."""

    secret: str
    uri: str


class AuthenticatorAppMethod:
    """Graph calls it softwareOathAuthenticationMethod."""

    key = METHOD
    label = _("Use a verification code from your authenticator app")
    prompt_template = "accounts/prompt_code.html"
    strength = 50
    is_standing = True
    knows_why = False

    def usable_by(self, user: User, *, at: datetime) -> bool:
        return user.authenticator_apps.usable().exists()

    def verify(self, user: User | None, form: Mapping[str, str], *, at: datetime) -> None:
        code = _digits(form.get("code", ""))
        apps = list(user.authenticator_apps.usable()) if user else []
        if not apps:
            _matching_step(pyotp.random_base32(), code, at=at)
        for app in apps:
            step = _matching_step(vault.open(bytes(app.secret_sealed), purpose=_PURPOSE).decode(), code, at=at)
            if step is None:
                continue
            # The look and the note are one statement: of two requests with one code, one wins.
            fresh = AuthenticatorApp.objects.usable().filter(pk=app.pk, last_step__lt=step)
            if fresh.update(last_step=step, last_used_at=at):
                return
            raise MethodRefused("code_used", "this code, or a later one, was accepted before")
        raise MethodRefused("wrong_code", "no app of this account shows this code")

    def must_register_after(self, user: User, *, at: datetime) -> RegistrationDuty | None:
        return None

    def describe(self, user: User, *, at: datetime) -> Sequence[MethodRow]:
        return [
            MethodRow(
                method=self.key,
                id=str(app.pk),
                label=app.name,
                detail=_("Authenticator app"),
                created_at=app.created_at,
                last_used_at=app.last_used_at,
                can_rename=True,
                can_remove=True,
                is_suspended=app.suspended_at is not None,
            )
            for app in user.authenticator_apps.on_file()
        ]

    def rename(self, user: User, *, row_id: str, name: str, at: datetime) -> None:
        if not user.authenticator_apps.on_file().filter(pk=row_id).update(name=name):
            raise MethodNotFound("method_not_found", f"no app {row_id}")

    def remove(self, user: User, *, row_id: str, at: datetime) -> None:
        if not user.authenticator_apps.on_file().filter(pk=row_id).update(removed_at=at):
            raise MethodNotFound("method_not_found", f"no app {row_id}")

    def suspend(self, user: User, *, at: datetime) -> int:
        return AuthenticatorApp.objects.usable().filter(user=user).update(suspended_at=at)


def begin_enrolment(*, user: User, secret: str | None = None) -> Enrolment:
    """A new secret of 160 bits, or the page once more for one that is under way."""
    secret = secret or pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.user_principal_name, issuer_name=settings.ORGANISATION_NAME)
    return Enrolment(secret=secret, uri=uri)


@transaction.atomic
def enrol(*, user: User, secret: str, code: str, name: str, at: datetime) -> AuthenticatorApp:
    """Keep the app once it has shown a right code. Raises RegistrationRefused."""
    step = _matching_step(secret, _digits(code), at=at)
    if step is None:
        raise RegistrationRefused("wrong_code", "the app shows another code")
    # The code that confirmed it is spent.
    return _keep(user=user, secret=secret, name=checked_name(name), last_step=step, at=at, by=None)


@transaction.atomic
def provision(*, user: User, secret: str, by: Operator, at: datetime) -> AuthenticatorApp:
    """Keep a secret that somebody else put into a token for the user. Raises RegistrationRefused (secret_unusable,
    too_many_apps)."""
    spelt = "".join(secret.split()).upper().rstrip("=")
    try:
        length = len(base64.b32decode(spelt + "=" * (-len(spelt) % 8)))
    except (binascii.Error, ValueError) as error:
        raise RegistrationRefused("secret_unusable", "The secret is base32.") from error
    # RFC 4226 4, R6: 128 bits at least.
    if not SECRET_BYTES_MIN <= length <= SECRET_BYTES_MAX:
        raise RegistrationRefused("secret_unusable", f"The secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes.")
    return _keep(user=user, secret=spelt, name=str(_("Authenticator app")), last_step=0, at=at, by=by)


def _keep(*, user: User, secret: str, name: str, last_step: int, at: datetime, by: Operator | None) -> AuthenticatorApp:
    User.objects.select_for_update().get(pk=user.pk)  # the limit holds for two browsers at once, too
    if user.authenticator_apps.on_file().count() >= MAX_APPS:
        raise RegistrationRefused("too_many_apps", f"{MAX_APPS} apps on file")
    app = AuthenticatorApp.objects.create(
        user=user,
        name=name,
        secret_sealed=vault.seal(secret.encode(), purpose=_PURPOSE),
        last_step=last_step,
        created_at=at,
    )
    announce_registration(user=user, method=METHOD, label=app.name, at=at, by=by)
    return app


def _digits(code: str) -> str:
    """Codes are read out in groups; spaces and hyphens in them mean nothing."""
    return "".join(c for c in code if c.isascii() and c.isdigit())[:12]


def _matching_step(secret: str, code: str, *, at: datetime) -> int | None:
    """The step whose code this is. Every candidate is compared, in constant time, whichever matches."""
    now = int(at.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret)
    found = [now + d for d in DRIFT_STEPS if hmac.compare_digest(totp.generate_otp(now + d), code)]
    return found[-1] if found else None
