"""The token service's doors: metadata, keys, the token endpoint, and the page on which a person lets a program act."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recovery_portal.kit import clock, http_peer, ratelimit
from recovery_portal.kit.ratelimit import RateLimited
from recovery_portal.kit.views import speaks_json

from . import devices, grants, permissions, refreshing, tokens
from .grants import GrantRefused
from .models import AppRegistration

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url (RFC 7636 4.2)
# Whole, since the address goes into a header: what parsers of addresses read over would be directives there.
# Of one network, whatever programs it says it is: devices behind one address ask twelve times a minute each.
ASKED_PER_MINUTE = 1200
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
UNREADABLE = {"error": "invalid_request", "error_description": "The request cannot be read."}


def _base() -> str:
    return f"{settings.PORTAL_BASE_URL}/{settings.TENANT_ID}"


def _is_ours(tenant: UUID) -> bool:
    return str(tenant) == settings.TENANT_ID


@speaks_json(UNREADABLE)
@require_safe
def configuration(request: HttpRequest, tenant: UUID) -> HttpResponse:
    """OpenID Connect Discovery 1.0."""
    if not _is_ours(tenant):
        return refused(_wrong_tenant(), clock.now())
    return JsonResponse(
        {
            "issuer": tokens.issuer(),
            "authorization_endpoint": f"{_base()}/oauth2/v2.0/authorize",
            "token_endpoint": f"{_base()}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{_base()}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{_base()}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(grants.ASSERTION_ALGORITHMS),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(_GRANTS),
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "scopes_supported": ["openid", "profile", refreshing.SCOPE, *permissions.known()],
            "tenant_region_scope": "WW",  # samples of the Request Service choose their host by it
            "authorization_response_iss_parameter_supported": True,
        }
    )


@speaks_json(UNREADABLE)
@require_safe
def keys(request: HttpRequest, tenant: UUID) -> HttpResponse:
    if not _is_ours(tenant):
        return refused(_wrong_tenant(), clock.now())
    tokens.signing_key(at=clock.now())
    return JsonResponse(tokens.published_jwks())


@speaks_json(UNREADABLE)
@csrf_exempt  # programs have no session here
@sensitive_post_parameters("client_secret", "client_assertion", "code", "code_verifier", "device_code", "refresh_token")
@require_POST
def token(request: HttpRequest, tenant: UUID) -> HttpResponse:
    """RFC 6749 3.2."""
    at = clock.now()
    try:
        asked = read(request, tenant)
        grant = _GRANTS.get(asked.get("grant_type"))
        if grant is None:
            raise GrantRefused("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        granted = grant(asked=asked, at=at)
    except GrantRefused as refusal:
        return refused(refusal, at)
    except RateLimited as limited:
        return too_many(limited, at)
    body: dict[str, Any] = {
        "token_type": "Bearer",
        "expires_in": int(tokens.LIFETIME.total_seconds()),
        "ext_expires_in": int(tokens.LIFETIME.total_seconds()),
        "access_token": granted.access_token,
        "scope": " ".join(granted.scopes),
    }
    if granted.id_token:
        body["id_token"] = granted.id_token
    if granted.refresh_token:
        body["refresh_token"] = granted.refresh_token
    return JsonResponse(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


_GRANTS = {
    "authorization_code": grants.authorization_code,
    "client_credentials": grants.client_credentials,
    devices.GRANT_TYPE: devices.device_code,
    refreshing.GRANT_TYPE: refreshing.refresh,
}


def read(request: HttpRequest, tenant: UUID) -> grants.Asked:
    """What a program posted, each parameter once. Raises GrantRefused, RateLimited."""
    if not _is_ours(tenant):
        raise _wrong_tenant()
    form = {name: values[-1] for name, values in request.POST.lists()}
    if any(len(values) > 1 for _, values in request.POST.lists()):
        raise GrantRefused("invalid_request", 900144, "A parameter was sent twice.")
    if any("\x00" in value or len(value) > 20_000 for value in form.values()):
        raise GrantRefused("invalid_request", 900144, "A parameter has a value that nothing has.")
    address = http_peer.network(http_peer.address(request))
    ratelimit.hit("oauth-address", address, limit=ASKED_PER_MINUTE, period_s=60)
    return grants.Asked(form=form, token_endpoint=f"{_base()}/oauth2/v2.0/token", address=address)


@require_http_methods(["GET", "POST"])
@login_required
def authorize(request: HttpRequest, tenant: UUID) -> HttpResponse:
    """A signed-in person lets a program act for them, or not (RFC 6749 4.1.1, PKCE required: RFC 9700 2.1.1).

    What is wrong with the program or its address is told to the person; everything else goes back to the program.
    """
    query = request.GET
    app = grants.find_app(query.get("client_id", ""))
    redirect_uri = query.get("redirect_uri", "")
    if app is None or not _is_ours(tenant) or not _is_registered(redirect_uri, app):
        return render(request, "api/authorize_refused.html", status=400)
    if query.get("response_type") != "code" or query.get("response_mode", "query") != "query":
        return _back(redirect_uri, query.get("state"), error="unsupported_response_type")
    challenge = query.get("code_challenge", "")
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        return _back(redirect_uri, query.get("state"), error="invalid_request", error_description="PKCE is required")
    if "\x00" in query.get("nonce", ""):
        return _back(redirect_uri, query.get("state"), error="invalid_request", error_description="nonce is no text")
    try:
        scopes = grants.delegated_scopes(app, query.get("scope", ""))
    except GrantRefused as refusal:
        return _back(redirect_uri, query.get("state"), error=refusal.error, error_description=refusal.description)
    if request.method == "GET":
        answer = render(
            request,
            "api/authorize.html",
            {"app": app, "scopes": scopes, "account": request.user, "stays": refreshing.wants(query.get("scope", ""))},
        )
        # Browsers hold a form to its page's policy through every redirect that follows.
        answer._csp_update = {"form-action": [_origin(redirect_uri)]}  # type: ignore[attr-defined]
        return answer
    if request.POST.get("decision") != "accept":
        return _back(redirect_uri, query.get("state"), error="access_denied")
    code = grants.make_code(
        app=app, user=request.user, scopes=scopes, redirect_uri=redirect_uri, challenge=challenge,
        nonce=query.get("nonce", ""), at=clock.now(), wants_refresh=refreshing.wants(query.get("scope", "")),
        signed_in_with=refreshing.sign_ins().method(request),
    )  # fmt: skip
    return _back(redirect_uri, query.get("state"), code=code)


def _is_registered(uri: str, app: AppRegistration) -> bool:
    """Exactly as registered; on loopback any port will do, as programs take a free one (RFC 8252 7.3)."""
    if uri in app.redirect_uris:
        return True
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    if parts.scheme != "http" or not _LOOPBACK.fullmatch(parts.netloc):
        return False
    for known in map(urlsplit, app.redirect_uris):
        if (known.scheme, known.hostname) == ("http", parts.hostname) and (
            known.path.rstrip("/"), known.query) == (parts.path.rstrip("/"), parts.query):  # fmt: skip
            return True
    return False


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def _back(redirect_uri: str, state: str | None, **parameters: str) -> HttpResponse:
    if state is not None:
        parameters["state"] = state
    parameters["iss"] = tokens.issuer()
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return HttpResponseRedirect(f"{redirect_uri}{joint}{urlencode(parameters)}")


def _wrong_tenant() -> GrantRefused:
    return GrantRefused("invalid_tenant", 90002, "The tenant was not found. Check the tenant id.")


def too_many(limited: RateLimited, at: datetime) -> HttpResponse:
    answer = refused(GrantRefused("temporarily_unavailable", 90055, "Too many requests.", 429), at)
    answer["Retry-After"] = str(limited.retry_after_s)
    return answer


def refused(refusal: GrantRefused, at: datetime) -> HttpResponse:
    trace, stamp = str(uuid4()), at.strftime("%Y-%m-%d %H:%M:%SZ")
    answer = JsonResponse(
        {
            "error": refusal.error,
            "error_description": (
                f"AADSTS{refusal.number}: {refusal.description} Trace ID: {trace} Timestamp: {stamp}"
            ),
            "error_codes": [refusal.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": trace,
        },
        status=refusal.status,
    )
    if refusal.status == 401:
        answer["WWW-Authenticate"] = 'Bearer error="invalid_client"'
    return answer
