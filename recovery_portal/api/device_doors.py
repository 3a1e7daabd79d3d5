"""The device code flow's doors: where programs start it, and the page on which a person types the code."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from recovery_portal.kit import clock
from recovery_portal.kit.ratelimit import RateLimited
from recovery_portal.kit.views import speaks_json

from . import devices, oauth, refreshing
from .grants import GrantRefused


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        help_text=_("Eight letters, as the program or the device shows them."),
        error_messages={"required": _("Enter the code that the program shows.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "class": "code-input"}
        ),
    )


@speaks_json(oauth.UNREADABLE)
@csrf_exempt  # programs have no session here
@require_POST
def start(request: HttpRequest, tenant: UUID) -> HttpResponse:
    """RFC 8628 3.1 and 3.2. Without ``verification_uri_complete``: a link that carries the code invites misuse."""
    at = clock.now()
    try:
        started = devices.start(asked=oauth.read(request, tenant), at=at)
    except GrantRefused as refusal:
        return oauth.refused(refusal, at)
    except RateLimited as limited:
        return oauth.too_many(limited, at)
    address = f"{settings.PORTAL_BASE_URL}{reverse('api-device')}"
    body = {
        "device_code": started.device_code,
        "user_code": started.user_code,
        "verification_uri": address,
        "expires_in": int(devices.LIFETIME.total_seconds()),
        "interval": devices.INTERVAL_S,
        "message": f"To sign in, open the page {address} in a browser and enter the code {started.user_code}.",
    }
    return JsonResponse(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("code")
@login_required
def enter(request: HttpRequest) -> HttpResponse:
    """Type the code, see who asks for what, decide. The code travels in the body of forms alone."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" or not form.is_valid():
        return render(request, "api/device.html", {"form": form}, status=400 if form.errors else 200)
    at = clock.now()
    try:
        waiting = devices.find_waiting(typed=form.cleaned_data["code"], user=request.user, at=at)
    except RateLimited:
        form.add_error(None, _("Too many codes were tried. Wait ten minutes, then start again on the device."))
        return render(request, "api/device.html", {"form": form}, status=429)
    decision = request.POST.get("decision", "")
    if waiting is not None and not decision:
        context = {
            "app": waiting.app, "scopes": waiting.scopes, "account": request.user, "code": form["code"].value(),
            "stays": waiting.wants_refresh,
        }  # fmt: skip
        return render(request, "api/device_confirm.html", context)
    if waiting is None or not devices.decide(
        waiting=waiting, user=request.user, allowed=decision == "accept", at=at,
        signed_in_with=refreshing.sign_ins().method(request),
    ):  # fmt: skip
        form.add_error("code", _("This code is not valid, or its fifteen minutes are over. Look at the device again."))
        return render(request, "api/device.html", {"form": form}, status=400)
    return render(request, "api/device_done.html", {"app": waiting.app, "allowed": decision == "accept"})
