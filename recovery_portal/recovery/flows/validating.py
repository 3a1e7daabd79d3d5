"""Asking the organisation's own API about the claims of a credential. Whatever is not a clear yes is a no."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from django.conf import settings

from accounts.models import User
from idv.credentials import jose
from recovery_portal.api import tokens
from recovery_portal.api.models import AppRegistration
from recovery_portal.kit import http, ratelimit

from .. import claim_validation
from ..claim_validation import CallFailed, ExtensionError
from ..claim_validation.answer import MAX_BYTES
from ..models import ClaimExtension, ExtensionCall, ExtensionListener, RecoveryAttempt

log = structlog.get_logger(__name__)

_ALWAYS = frozenset({"firstName", "lastName"})
_TOKEN_LIFETIME = timedelta(minutes=5)
_FETCH_ERRORS = {
    "address_refused": ExtensionError.Blocked,
    "unreachable": ExtensionError.ConnectionError,
    "timeout": ExtensionError.TimedOut,
    "too_large": ExtensionError.ResponseSizeExceeded,
    "redirected": ExtensionError.InvalidHTTPStatus,
}
# Worth a second try: it may have been a moment's trouble.
_PASSING = frozenset({ExtensionError.ConnectionError, ExtensionError.TimedOut})


@dataclass(frozen=True, kw_only=True)
class Question:
    """Whom and what an extension is asked about. ``attempt`` is None when an operator tries an extension out."""

    user: User
    claims: Mapping[str, str] = field(repr=False)
    correlation_id: str
    client_ip: str
    attempt: RecoveryAttempt | None = None


def portal_app_id() -> str:
    """The application that people recover from: the portal itself."""
    return str(uuid5(NAMESPACE_URL, f"{settings.PORTAL_BASE_URL}/application"))


def ask_extension(*, extension_id: str, question: Question, at: datetime) -> ExtensionCall:
    """One question with its retry, and the row that tells how it went. Raises nothing: an error is an outcome.

    Takes up to both tries' time limits, so it is called outside a transaction.
    """
    extension = ClaimExtension.objects.filter(pk=extension_id).first()
    call = ExtensionCall(
        extension=extension,
        extension_name=extension.display_name if extension else "",
        attempt=question.attempt,
        correlation_id=question.correlation_id,
        at=at,
        duration_ms=0,
        tries=0,
    )
    began = time.monotonic()
    try:
        if extension is None:
            raise CallFailed(ExtensionError.NotFound)
        answer = _ask(extension, question, call, at)
        call.outcome = ExtensionCall.Outcome.PASSED if answer.passed else ExtensionCall.Outcome.FAILED
        call.failed_claims = list(answer.failed_claims)
    except CallFailed as failed:
        call.outcome, call.error_code = ExtensionCall.Outcome.ERROR, failed.error.value
    except Exception:  # fail closed, whatever it was; the trace is for whoever runs the portal
        log.exception("extension_call_failed", correlation_id=question.correlation_id)
        call.outcome, call.error_code = ExtensionCall.Outcome.ERROR, ExtensionError.UnexpectedError.value
    call.duration_ms = round((time.monotonic() - began) * 1000)
    call.save()
    return call


def _ask(extension: ClaimExtension, question: Question, call: ExtensionCall, at: datetime) -> claim_validation.Answer:
    listener = find_listener(extension)
    if listener is None:
        raise CallFailed(ExtensionError.NotFound)
    audience = check_callable(extension)
    try:
        ratelimit.hit(
            "recovery.extension", str(extension.pk), limit=settings.RECOVERY_EXTENSION_CALLS_PER_MINUTE, period_s=60
        )
    except ratelimit.RateLimited as limited:
        raise CallFailed(ExtensionError.ThrottlingError) from limited
    # What somebody consented to is what is sent, whatever an attempt that began earlier has brought along.
    allowed = _ALWAYS.union(extension.granted_claims)
    question = replace(question, claims={name: said for name, said in question.claims.items() if name in allowed})
    content = claim_validation.body(_event(extension, listener, question))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_token(audience, at)}"}
    timeout_ms = listener.timeout_ms or extension.timeout_ms
    retries = extension.maximum_retries if listener.maximum_retries is None else listener.maximum_retries
    while True:
        call.tries, call.http_status = call.tries + 1, None
        try:
            response = _post(extension.target_url, content, headers, timeout_ms)
            call.http_status = response.status
            return claim_validation.judge(response.status, response.headers, response.content, sent=question.claims)
        except CallFailed as failed:
            passing = failed.error in _PASSING or call.http_status == 429 or (call.http_status or 0) >= 500
            if not passing or call.tries > retries:
                raise


def _post(url: str, content: bytes, headers: Mapping[str, str], timeout_ms: int) -> http.Response:
    began = time.monotonic()
    try:
        response = http.fetch(
            "POST", url, content=content, headers=headers, timeout_s=timeout_ms / 1000, max_bytes=MAX_BYTES
        )
    except http.FetchFailed as failed:
        raise CallFailed(_FETCH_ERRORS.get(failed.code, ExtensionError.UnexpectedError)) from failed
    if (time.monotonic() - began) * 1000 > timeout_ms:  # the client times each step, the original the whole
        raise CallFailed(ExtensionError.TimedOut)
    return response


def find_listener(extension: ClaimExtension) -> ExtensionListener | None:
    """The listener that counts: of those that hear of this portal's application, the one asked first."""
    app_id = portal_app_id()
    return next(
        (
            listener
            for listener in extension.listeners.all()
            if listener.include_all_applications or app_id in listener.include_applications
        ),
        None,
    )


def check_callable(extension: ClaimExtension) -> str:
    """The application id that tokens for ``extension`` are made out to. Raises CallFailed."""
    resource = claim_validation.resource_of(extension.resource_id, extension.target_url)
    if resource is None:
        raise CallFailed(ExtensionError.IncorrectResourceIdFormat)
    if not is_target(extension.target_url):
        raise CallFailed(ExtensionError.IncorrectTargetUrlFormat)
    app_id, is_on_host = resource
    if not is_on_host:
        raise CallFailed(ExtensionError.DomainNameDoesNotMatch)
    app = AppRegistration.objects.filter(pk=app_id).first()
    if app is None:
        raise CallFailed(ExtensionError.ResourceServicePrincipalNotFound)
    if not app.enabled:
        raise CallFailed(ExtensionError.ResourceServicePrincipalDisabled)
    if extension.granted_at is None:
        raise CallFailed(ExtensionError.PermissionNotGrantedToServicePrincipal)
    return str(UUID(str(app.pk)))


def is_target(url: str) -> bool:
    """https, or an origin that the installation itself names."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and not (parts.username or parts.password)
        return named and (parts.scheme == "https" or http.origin_of(url) in settings.OUTBOUND_ORIGINS)
    except ValueError:
        return False


def _token(audience: str, at: datetime) -> str:
    """What client credentials would have brought: the portal is the token service and the client at once. ``typ`` is
    not that of the portal's own access tokens, so that no extension can use it here."""
    payload: dict[str, Any] = {
        "iss": tokens.issuer(),
        "aud": audience,
        "azp": claim_validation.CALLER_APP_ID,
        "azpacr": "2",
        "idtyp": "app",
        "oid": claim_validation.CALLER_APP_ID,
        "sub": claim_validation.CALLER_APP_ID,
        "roles": [claim_validation.ROLE],
        "tid": settings.TENANT_ID,
        "ver": "2.0",
        "iat": jose.seconds(at),
        "nbf": jose.seconds(at),
        "exp": jose.seconds(at + _TOKEN_LIFETIME),
    }
    return jose.sign(payload, typ="JWT", key=tokens.signing_key(at=at))


def _event(extension: ClaimExtension, listener: ExtensionListener, question: Question) -> claim_validation.Event:
    user = question.user
    return claim_validation.Event(
        tenant_id=settings.TENANT_ID,
        app_id=portal_app_id(),
        app_object_id=str(uuid5(NAMESPACE_URL, f"{settings.PORTAL_BASE_URL}/service-principal")),
        app_name=settings.ORGANISATION_NAME,
        listener_id=str(listener.pk),
        extension_id=str(extension.pk),
        correlation_id=question.correlation_id,
        client_ip=question.client_ip,
        locale=(user.preferred_language or "en-us").lower(),
        account=claim_validation.Account(
            id=str(user.pk),
            user_principal_name=user.user_principal_name,
            given_name=user.given_name,
            surname=user.surname,
            mail=user.mail,
            user_type=user.user_type,
            created_at=user.created_at,
            employee_id=user.employee_id,
        ),
        claims=question.claims,
    )
