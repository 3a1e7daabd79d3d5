"""Doors of sign-in: the account name, the proof, the other ways."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import MethodRefused
from accounts.methods import find_method
from accounts.passkeys import flows as passkeys
from accounts.queries import find_user
from accounts.signin import flows, offers, session
from accounts.signin.flows import SignedIn
from accounts.signin.forms import AccountNameForm
from recovery_portal.kit import clock, http_peer, ratelimit, redirects
from recovery_portal.kit.ratelimit import RateLimited

# Names looked up, and challenges asked for, from one address in ten minutes.
LOOKUPS_PER_ADDRESS = 600

# One sentence per method, whatever the cause: unknown account, wrong proof, used code (ASVS 6.3.8).
REFUSALS: dict[str, Promise] = {
    "password": _("The account name or the password is not right. Try again, or choose another way to sign in."),
    "softwareOath": _("That code is not right, or it was used already. Wait for the next code and enter it."),
    "fido2": _("That passkey does not open this account. Try another one, or choose another way to sign in."),
}
REFUSED = _("That did not work. Check what you entered and try again, or choose another way to sign in.")
TOO_MANY = _("Too many tries. Wait ten minutes and try again, or choose another way to sign in.")


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """`/`: who are you?"""
    destination = redirects.local_path(request.GET.get("next"), "")
    if request.method != "POST" and request.user.is_authenticated:
        return redirect(destination or "accounts:apps")
    if destination:
        session.remember_next(request, destination)
    form = AccountNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _count_lookup(request)
        except RateLimited as refusal:
            form.add_error(None, TOO_MANY)
            return _limited(render(request, "accounts/sign_in.html", {"form": form}), refusal)
        name = form.cleaned_data["account_name"]
        session.remember_account_name(request, name)
        best = flows.methods_for(name, at=clock.now())[0]
        return redirect("accounts:prompt", method=best.key)
    # The page's script asks for a challenge while somebody types: its answer, late, must not bring another session.
    session.browser(request)
    return render(request, "accounts/sign_in.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def prompt(request: HttpRequest, method: str) -> HttpResponse:
    """`/sign-in/<method>/`: prove it."""
    name = session.account_name(request)
    if name is None:
        return redirect("accounts:sign_in")
    at = clock.now()
    offered = flows.methods_for(name, at=at)
    chosen = next((offer for offer in offered if offer.key == method), None)
    if chosen is None and request.method == "POST":
        # The way was there when the page was opened, or never was: refused alike, for everybody.
        chosen = find_method(method)
    if chosen is None:
        return redirect("accounts:prompt", method=offered[0].key)
    context: dict[str, object] = {"account_name": name, "method": chosen}
    if request.method != "POST":
        return render(request, chosen.prompt_template, context)
    try:
        outcome = flows.sign_in(
            account_name=name,
            method_key=chosen.key,
            form=request.POST.dict() | {"browser": session.browser(request)},
            address=http_peer.address(request),
            known_browser=session.known_browser(request, name),
            at=at,
        )
    except MethodRefused:
        return render(request, chosen.prompt_template, context | {"error": REFUSALS.get(chosen.key, REFUSED)})
    except RateLimited as refusal:
        return _limited(render(request, chosen.prompt_template, context | {"error": TOO_MANY}), refusal)
    return _welcome(request, outcome)


@require_safe
def confirm(request: HttpRequest) -> HttpResponse:
    """`/sign-in/confirm/`: to the best prompt of the account that is to sign in once more."""
    name = session.account_name(request)
    if name is None:
        return redirect("accounts:sign_in")
    return redirect("accounts:prompt", method=flows.methods_for(name, at=clock.now())[0].key)


@require_safe
def other_ways(request: HttpRequest) -> HttpResponse:
    """`/sign-in/other/`: the user's own methods, and what other rooms offer."""
    name = session.account_name(request)
    if name is None:
        return redirect("accounts:sign_in")
    at = clock.now()
    entries = [
        {"label": method.label, "url": reverse("accounts:prompt", args=[method.key])}
        for method in flows.methods_for(name, at=at)
    ] + [
        {"label": offer.label, "url": reverse(offer.url_name)}
        for offer in offers.offers_for(user=find_user(name), account_name=name, at=at)
    ]
    return render(request, "accounts/other_ways.html", {"account_name": name, "entries": entries})


@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """`/sign-in/passkey/options/`: a fresh challenge for `navigator.credentials.get`, the same for everybody."""
    try:
        _count_lookup(request)
    except RateLimited as refusal:
        return _limited(JsonResponse({"error": "rate_limited"}), refusal)
    return JsonResponse(passkeys.begin_sign_in(browser=session.browser(request), at=clock.now()))


@require_POST
def discovered_passkey(request: HttpRequest) -> HttpResponse:
    """`/sign-in/passkey/`: the browser's autofill found a passkey before a name was typed."""
    form = AccountNameForm()
    try:
        outcome = flows.sign_in_with_discovered_passkey(
            answer_text=request.POST.get("credential", ""),
            browser=session.browser(request),
            address=http_peer.address(request),
            at=clock.now(),
        )
    except MethodRefused:
        return render(request, "accounts/sign_in.html", {"form": form, "error": REFUSALS["fido2"]})
    except RateLimited as refusal:
        return _limited(render(request, "accounts/sign_in.html", {"form": form, "error": TOO_MANY}), refusal)
    return _welcome(request, outcome)


def _welcome(request: HttpRequest, outcome: SignedIn) -> HttpResponse:
    destination = session.take_next(request)
    session.begin(request, outcome, at=clock.now())
    target = "accounts:security_info" if outcome.duty else destination or "accounts:apps"
    response = redirect(target)
    session.mark_known(request, response, outcome.user.user_principal_name)
    return response


def _count_lookup(request: HttpRequest) -> None:
    ratelimit.hit("sign-in-lookup", http_peer.address(request), limit=LOOKUPS_PER_ADDRESS, period_s=600)


def _limited(response: HttpResponse, refusal: RateLimited) -> HttpResponse:
    response.status_code = 429
    response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
