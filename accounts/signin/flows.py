"""Signing in: one name, one method, one proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from accounts.audit import flows as audit
from accounts.errors import MethodRefused
from accounts.methods import AuthenticationMethod, RegistrationDuty, find_method, usable_methods
from accounts.models import User
from accounts.passkeys import flows as passkeys
from accounts.queries import find_user
from accounts.signals import signed_in
from accounts.signin import decoys, throttle

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    user: User
    method: str
    duty: RegistrationDuty | None


def methods_for(account_name: str, *, at: datetime) -> list[AuthenticationMethod]:
    """What to offer under this name, strongest first, never empty: the user's own ways, or a stranger's plausible
    ones (accounts.signin.decoys)."""
    user = find_user(account_name)
    # A stranger is asked the same questions of the database, so that the answer takes as long (ASVS 6.3.8).
    usable = usable_methods(user or decoys.stranger(), at=at)
    plausible = decoys.plausible_methods(account_name)
    return usable or plausible


def sign_in(
    *, account_name: str, method_key: str, form: Mapping[str, str], address: str, known_browser: str, at: datetime
) -> SignedIn:
    """Check the proof and sign the person in.

    `known_browser` is the id of a browser that has signed in to this account before, or "". Raises MethodRefused, and
    RateLimited before anything is looked at. Unknown and disabled accounts cost the same and are refused alike.
    """
    method = find_method(method_key)
    if method is None:
        raise MethodRefused("unknown_method", f"no method {method_key[:32]}")
    throttle.admit(account_name=account_name, method=method, address=address, known_browser=known_browser)
    user = find_user(account_name)
    usable = method.usable_by(user or decoys.stranger(), at=at)
    candidate = user if usable or method.knows_why else None
    with transaction.atomic():
        try:
            method.verify(candidate, form, at=at)
            if candidate is None:
                raise MethodRefused("unknown_account", f"{method.key} accepted a proof for nobody")
        except MethodRefused as refused:
            refusal: MethodRefused | None = refused  # raised after the commit: what was spent stays spent
            throttle.note_failure(account_name=account_name, method=method, known_browser=known_browser, at=at)
            _audit(user, method, at=at, refusal=refused)
        else:
            refusal = None
            outcome = _complete(candidate, method, at=at)
    if refusal is not None:
        log.info("sign_in.refused", account=decoys.account_digest(account_name), method=method.key, error=refusal.code)
        raise refusal
    throttle.note_success(account_name=account_name, address=address, known_browser=known_browser)
    return outcome


def sign_in_with_discovered_passkey(*, answer_text: str, browser: str, address: str, at: datetime) -> SignedIn:
    """Sign in whoever the passkey belongs to: the browser offered it before a name was typed. Raises as `sign_in`."""
    method = find_method(passkeys.METHOD)
    if method is None:
        raise MethodRefused("unknown_method", "passkeys are not among the methods")
    throttle.admit_address(address)
    with transaction.atomic():
        try:
            user = passkeys.verify(owner=None, answer_text=answer_text, browser=browser, at=at).user
        except MethodRefused as refused:
            refusal: MethodRefused | None = refused  # as above
            _audit(None, method, at=at, refusal=refused)
        else:
            refusal = None
            outcome = _complete(user, method, at=at)
    if refusal is not None:
        log.info("sign_in.refused", method=method.key, error=refusal.code)
        raise refusal
    throttle.give_back_address(address)
    return outcome


def _complete(user: User, method: AuthenticationMethod, *, at: datetime) -> SignedIn:
    # Asked first: the duty may depend on what the person has before receivers change it.
    duty = method.must_register_after(user, at=at)
    User.objects.filter(pk=user.pk).update(last_sign_in_at=at)
    user.last_sign_in_at = at
    _audit(user, method, at=at, refusal=None)
    signed_in.send(sender=User, user=user, method=method.key, at=at)
    return SignedIn(user=user, method=method.key, duty=duty)


def _audit(user: User | None, method: AuthenticationMethod, *, at: datetime, refusal: MethodRefused | None) -> None:
    audit.record(
        activity="User sign-in",
        at=at,
        result="failure" if refusal else "success",
        reason=refusal.code if refusal else "",
        target=user,
        initiated_by=None if refusal else user,
        service="Core Directory",
        category="SignInLogs",
        details={"method": method.key},
    )
