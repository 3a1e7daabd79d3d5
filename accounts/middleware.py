"""Gates that every signed-in request passes."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

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
