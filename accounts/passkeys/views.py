"""Doors of adding a passkey or an authenticator app on Security info."""

import base64
import binascii
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import RegistrationRefused
from accounts.forms import AuthenticatorAppForm
from accounts.passkeys import flows
from accounts.signin import authenticator_app, session
from accounts.views import fresh_sign_in_required, me, renew_session
from recovery_portal.kit import clock, qr, vault
from recovery_portal.kit.vault import VaultError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_PENDING = "authenticator_app_pending"
_PURPOSE = "accounts.authenticator_app.pending"

REFUSALS: dict[str, "_StrPromise"] = {
    "credential_known": _("This passkey is registered already. Use another device or security key."),
    "method_disabled": _("Your organisation does not use passkeys. Choose another method."),
    "not_in_scope": _("Your organisation does not use passkeys for your account. Choose another method."),
    "self_service_off": _("Your organisation sets passkeys up for you. Ask your help desk, or choose another method."),
    "model_not_allowed": _(
        "Your organisation does not allow this kind of passkey. Use another device or security key."
    ),
    "too_many_passkeys": _("You have as many passkeys as one account can hold. Delete one first."),
    "too_many_apps": _("You have as many authenticator apps as one account can hold. Delete one first."),
    "user_not_verified": _(
        "The device did not check that it is you. Set up a screen lock or a PIN for it, then try again."
    ),
    "name_missing": _("Enter a name that you will recognise."),
    "wrong_code": _("That is not the code the app shows now. Check the clock of your device, then enter a new code."),
}
REFUSED = _("The passkey could not be created. Start once more on this page.")


@require_safe
@fresh_sign_in_required
def add_method(request: HttpRequest) -> HttpResponse:
    """`/security-info/add/`: which kind?"""
    return render(request, "accounts/add_method.html", {"duty": session.duty(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required
def add_passkey(request: HttpRequest) -> HttpResponse:
    error: _StrPromise | None = None
    if request.method == "POST":
        try:
            flows.register(
                user=me(request),
                answer_text=request.POST.get("credential", ""),
                name=request.POST.get("name", ""),
                browser=session.browser(request),
                at=clock.now(),
            )
        except RegistrationRefused as refusal:
            error = REFUSALS.get(refusal.code, REFUSED)
        else:
            return _added(request, "passkey")
    return render(request, "accounts/add_passkey.html", {"error": error})


@require_POST
@fresh_sign_in_required
def add_passkey_options(request: HttpRequest) -> HttpResponse:
    """Options for `navigator.credentials.create`."""
    try:
        options = flows.begin_registration(user=me(request), browser=session.browser(request), at=clock.now())
    except RegistrationRefused as refusal:
        return JsonResponse({"error": str(REFUSALS.get(refusal.code, REFUSED))}, status=409)
    return JsonResponse(options)


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required
def add_authenticator_app(request: HttpRequest) -> HttpResponse:
    """The secret waits sealed in the session until the app has shown a first code."""
    enrolment = authenticator_app.begin_enrolment(user=me(request), secret=_pending_secret(request))
    sealed = vault.seal(enrolment.secret.encode(), purpose=_PURPOSE)
    request.session[_PENDING] = base64.b64encode(sealed).decode()
    form = AuthenticatorAppForm(request.POST or None, initial={"name": _("Authenticator app")})
    if request.method == "POST" and form.is_valid():
        try:
            authenticator_app.enrol(user=me(request), secret=enrolment.secret, at=clock.now(), **form.cleaned_data)
        except RegistrationRefused as refusal:
            form.add_error("code" if refusal.code == "wrong_code" else None, REFUSALS.get(refusal.code, REFUSED))
        else:
            del request.session[_PENDING]
            return _added(request, "app")
    return render(
        request,
        "accounts/add_authenticator_app.html",
        {"form": form, "svg": qr.svg(enrolment.uri), "secret": _grouped(enrolment.secret)},
    )


@require_safe
@login_required
def method_added(request: HttpRequest, kind: str) -> HttpResponse:
    return render(request, "accounts/method_added.html", {"kind": kind})


def _added(request: HttpRequest, kind: str) -> HttpResponse:
    session.fulfil_duty(request)
    renew_session(request)
    return redirect("accounts:method_added", kind=kind)


def _pending_secret(request: HttpRequest) -> str | None:
    try:
        return vault.open(base64.b64decode(request.session[_PENDING]), purpose=_PURPOSE).decode()
    except (KeyError, VaultError, binascii.Error):
        return None


def _grouped(secret: str) -> str:
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
