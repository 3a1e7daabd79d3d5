"""Doors of a signed-in person: My apps, Security info, signing out."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import flows
from accounts.errors import LastMethod, MethodNotFound, RegistrationRefused
from accounts.forms import NameForm, NewPasswordForm
from accounts.methods import MethodRow
from accounts.models import User
from accounts.passkeys import ceremony
from accounts.passkeys import flows as passkeys
from accounts.signin import session
from recovery_portal.kit import clock

View = Callable[..., HttpResponse]

LAST_METHOD = _("This is the only way you can sign in. Add another sign-in method first, then delete this one.")


def me(request: HttpRequest) -> User:
    """The signed-in user; behind `login_required` there is one."""
    return cast(User, request.user)


def fresh_sign_in_required(view: View) -> View:
    """Changes of factors need a sign-in of the last ten minutes (ASVS 7.5.1); otherwise: sign in again, come back."""

    @wraps(view)
    @login_required
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if session.is_fresh(request, at=clock.now()):
            return view(request, *args, **kwargs)
        messages.info(request, _("To change how you sign in, sign in once more."))
        session.remember_account_name(request, me(request).user_principal_name)
        session.remember_next(request, request.path if request.method == "GET" else "/security-info/")
        return redirect("accounts:confirm")

    return wrapped


def renew_session(request: HttpRequest) -> None:
    """A new session id after a change of factors (ASVS 7.2.4); a flow that ended all sessions did not mean this one."""
    me(request).refresh_from_db()
    update_session_auth_hash(request, me(request))


@require_safe
@login_required
def apps(request: HttpRequest) -> HttpResponse:
    """`/apps/`: where a sign-in leads."""
    return render(request, "accounts/apps.html")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def operator_passkey(request: HttpRequest) -> HttpResponse:
    """`/operators/passkey/`: administration wants a sign-in with a passkey."""
    user = me(request)
    if request.method == "POST":
        session.remember_account_name(request, user.user_principal_name)
        session.remember_next(request, reverse("admin:index"))
        return redirect("accounts:prompt", method=passkeys.METHOD)
    return render(request, "accounts/operator_passkey.html", {"has_passkey": user.passkeys.usable().exists()})


@require_safe
@login_required
def security_info(request: HttpRequest) -> HttpResponse:
    """`/security-info/`: the ways this person can sign in."""
    user = me(request)
    keys = list(user.passkeys.usable())
    return render(
        request,
        "accounts/security_info.html",
        {
            "rows": flows.list_methods(user=user, at=clock.now()),
            "duty": session.duty(request),
            "one_passkey": len(keys) == 1,
            # for PublicKeyCredential.signalAllAcceptedCredentials: password managers drop what we no longer take
            "user_handle": ceremony.encode(passkeys.user_handle(user)),
            "accepted": ",".join(ceremony.encode(bytes(key.credential_id)) for key in keys),
            "rp_id": passkeys.relying_party().id,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required
def rename_method(request: HttpRequest, method: str, row_id: str) -> HttpResponse:
    row = _row_or_404(request, method, row_id)
    form = NameForm(request.POST or None, initial={"name": row.label})
    if request.method == "POST" and form.is_valid():
        try:
            flows.rename_method(
                user=me(request), method=method, row_id=row_id, name=form.cleaned_data["name"], at=clock.now()
            )
        except RegistrationRefused:
            form.add_error("name", _("Enter a name that you will recognise."))
        except MethodNotFound as error:
            raise Http404 from error
        else:
            messages.success(request, _("The name was changed."))
            return redirect("accounts:security_info")
    return render(request, "accounts/rename_method.html", {"form": form, "row": row})


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required
def remove_method(request: HttpRequest, method: str, row_id: str) -> HttpResponse:
    row = _row_or_404(request, method, row_id)
    if request.method == "POST":
        try:
            flows.remove_method(user=me(request), method=method, row_id=row_id, at=clock.now())
        except LastMethod:
            messages.error(request, LAST_METHOD)
        except MethodNotFound as error:
            raise Http404 from error
        else:
            renew_session(request)
            messages.success(request, _("The sign-in method was deleted."))
        return redirect("accounts:security_info")
    return render(request, "accounts/remove_method.html", {"row": row})


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required
def change_password(request: HttpRequest) -> HttpResponse:
    form = NewPasswordForm(request.POST or None, user=me(request))
    if request.method == "POST" and form.is_valid():
        flows.change_password(user=me(request), password=form.cleaned_data["new_password"], at=clock.now())
        renew_session(request)
        messages.success(request, _("Your password was changed. Every other session was signed out."))
        return redirect("accounts:security_info")
    return render(request, "accounts/change_password.html", {"form": form})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    session.end(request)
    return _goodbye(request, str(_("You are signed out.")))


@require_POST
@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Ends this session, too: whoever presses it may sit at a strange computer."""
    flows.end_other_sessions(user=me(request), at=clock.now())
    session.end(request)
    return _goodbye(request, str(_("You are signed out everywhere.")))


def _goodbye(request: HttpRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    response = redirect("accounts:sign_in")
    # ASVS 14.3.1. Not "cookies": that would reach the other houses of the same host, which have sessions of their own;
    # the portal's own session cookie is void already.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _row_or_404(request: HttpRequest, method: str, row_id: str) -> MethodRow:
    rows = flows.list_methods(user=me(request), at=clock.now())
    row = next((row for row in rows if (row.method, row.id) == (method, row_id)), None)
    if row is None:
        raise Http404
    return row
