"""Gates that every signed-in request passes."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts import operator_sign_in
from accounts.models import User
from accounts.signin import session
from recovery_portal.kit import clock

# What somebody who must register a method may open. All else leads back to Security info.
OPEN_WHILE_BOUND = frozenset(
    {
        "accounts:security_info",
        "accounts:add_method",
        "accounts:add_passkey",
        "accounts:add_passkey_options",
        "accounts:add_authenticator_app",
        "accounts:method_added",
        "accounts:sign_out",
        "accounts:sign_out_everywhere",
        "health",
    }
)


class RegistrationGate:
    """After a sign-in with a Temporary Access Pass nothing but registering a method is reachable, and only until the
    duty's deadline. Sessions that are idle or old end here, too (ASVS 7.3)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: Any) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        at = clock.now()
        if session.is_over(request, at=at):
            session.end(request)
            messages.info(request, _("You were signed out because the page was not used for a while."))
            return redirect("accounts:sign_in")
        if session.has_run_out(request, at=at):
            session.end(request)
            messages.info(request, _("The time for this sign-in has run out. Sign in again."))
            return redirect("accounts:sign_in")
        session.touch(request, at=at)
        duty = session.duty(request)
        if duty is None:
            return None
        if duty.until is not None and at >= duty.until:
            session.end(request)
            messages.warning(request, _("The time to add a sign-in method has run out. Sign in again."))
            return redirect("accounts:sign_in")
        match = request.resolver_match
        if match is None or match.view_name not in OPEN_WHILE_BOUND:
            return redirect("accounts:security_info")
        return None


# Where a program is let in to act for the person who is signed in, and where a passkey is made.
_FOR_PROGRAMS = frozenset({"api-authorize", "api-device"})
_NEW_PASSKEYS = frozenset({"accounts:add_passkey", "accounts:add_passkey_options"})
_OLD_PASSKEYS = "accounts:remove_method"


class OperatorGate:
    """Where operators must sign in with a passkey, no other sign-in lets a program act for one, and none makes a
    further passkey or deletes one to make a first: else a password would open the admin site by a detour. The admin
    site itself asks `accounts.admin`. Whoever has no usable passkey may make the first; so may a Temporary Access
    Pass, which another operator issued."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        guarded = name in _FOR_PROGRAMS | _NEW_PASSKEYS or (
            name == _OLD_PASSKEYS and kwargs.get("method") == operator_sign_in.PASSKEY
        )
        if not guarded or not isinstance(request.user, User):
            return None
        method = session.method(request)
        if not operator_sign_in.is_barred(request.user, signed_in_with=method):
            return None
        if name in _NEW_PASSKEYS and (method == "temporaryAccessPass" or not request.user.passkeys.usable().exists()):
            return None
        return redirect("accounts:operator_passkey")
