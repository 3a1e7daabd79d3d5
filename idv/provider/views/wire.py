"""The manners of every protocol endpoint: JSON whatever comes in, the standard's code, no-store, never a page."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from idv.protocol import issuance_encryption
from idv.protocol.client_attestation import CHALLENGE_HEADER
from idv.protocol.issuance import error_members
from idv.protocol.issuance_encryption import ResponseEncryption
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.http_peer import address
from recovery_portal.kit.ratelimit import RateLimited, hit
from recovery_portal.kit.views import speaks_json

from .. import keyring
from ..errors import AttestationRefused, DpopRefused, ProtocolRefused
from ..flows import attesting, dpop, tokens
from ..models import AccessToken

_log = logging.getLogger(__name__)
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_JWT = "application/jwt"

Endpoint = Callable[..., HttpResponse]


def endpoint(*methods: str, limit: int = 0, public: bool = False) -> Callable[[Endpoint], Endpoint]:
    """An endpoint for ``methods``: ``limit`` requests a minute from one address; ``public`` ones any page may read."""

    def decorate(view: Endpoint) -> Endpoint:
        @speaks_json(error_members("invalid_request", "the request cannot be read"))
        @csrf_exempt
        @wraps(view)
        def door(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            response = _answer(view, request, methods, limit, kwargs)
            response.headers.setdefault("Cache-Control", "no-store")
            if public:
                response.headers["Access-Control-Allow-Origin"] = "*"
            return response

        return door

    return decorate


def _answer(
    view: Endpoint, request: HttpRequest, methods: tuple[str, ...], limit: int, kwargs: dict[str, Any]
) -> HttpResponse:
    try:
        if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
            raise ProtocolRefused("invalid_request", "method not allowed", status=405)
        if limit:
            hit(f"provider-{view.__name__}", address(request), limit=limit, period_s=60)
        return view(request, **kwargs)
    except ProtocolRefused as refusal:
        _log.info("%s refused: %s (%s)", view.__name__, refusal.code, refusal.reason)
        return _refusal(refusal, methods)
    except RateLimited as busy:
        body = error_members("temporarily_unavailable", "too many requests")
        return JsonResponse(body, status=429, headers={"Retry-After": str(busy.retry_after_s)})
    except (RequestDataTooBig, UnreadablePostError):
        return JsonResponse(error_members("invalid_request", "the body cannot be read"), status=413)


def _refusal(refusal: ProtocolRefused, methods: tuple[str, ...]) -> JsonResponse:
    # Who fails to prove who they are is told nothing more (RFC 9700); the log knows.
    description = refusal.reason if refusal.status != 401 else ""
    response = JsonResponse(error_members(refusal.code, description), status=refusal.status)
    if refusal.status == 405:
        response["Allow"] = ", ".join(methods)
    if challenge := refusal.challenge():
        response["WWW-Authenticate"] = challenge
    if isinstance(refusal, DpopRefused):
        response["DPoP-Nonce"] = dpop.new_nonce(at=clock.now())
    if isinstance(refusal, AttestationRefused):
        response[CHALLENGE_HEADER] = attesting.new_challenge(at=clock.now())
    return response


def form_of(request: HttpRequest) -> dict[str, str]:
    """The form in the body; no parameter twice (RFC 6749 section 3.2). Raises ProtocolRefused(invalid_request)."""
    if request.content_type != _FORM:
        raise ProtocolRefused("invalid_request", f"send {_FORM}")
    try:
        pairs = parse_qsl(
            request.body.decode("utf-8"), keep_blank_values=True, max_num_fields=50, encoding="utf-8", errors="strict"
        )
    except ValueError as error:
        raise ProtocolRefused("invalid_request", "the form cannot be read") from error
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ProtocolRefused("invalid_request", "a parameter stands there twice")
    if any("\0" in value for value in members.values()):
        raise ProtocolRefused("invalid_request", "the form cannot be read")
    return members


def json_body_of(request: HttpRequest, *, code: str) -> bytes:
    """The JSON text in the body. Raises ProtocolRefused(code) for another content type."""
    if request.content_type != _JSON:
        raise ProtocolRefused(code, f"send {_JSON}")
    return request.body


def sealed_or_plain_body_of(request: HttpRequest, *, at: datetime) -> tuple[bytes, bool]:
    """The JSON text in the body, and whether it came encrypted (OpenID4VCI 1.0 section 10). Raises ProtocolRefused."""
    if request.content_type != _JWT:
        return json_body_of(request, code="invalid_credential_request"), False
    try:
        return issuance_encryption.open_request(request.body, keys=keyring.encryption_keys(at=at)), True
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal


def answer_of(members: dict[str, Any], sealing: ResponseEncryption | None, *, status: int = 200) -> HttpResponse:
    """JSON, or a JWE of it for who asked so. Errors never come this way: they are never encrypted."""
    if sealing is None:
        return JsonResponse(members, status=status)
    return HttpResponse(sealing.seal(members), status=status, content_type=_JWT)


def token_of(request: HttpRequest, *, at: datetime) -> AccessToken:
    """The access token of the Authorization header, and of nowhere else. Raises InvalidToken or DpopRefused."""
    return tokens.require_token(
        authorization=request.headers.get("Authorization", ""),
        proof=request.headers.get("DPoP", ""),
        method=request.method or "",
        path=request.path,
        at=at,
    )


def with_dpop_nonce(response: HttpResponse, *, at: datetime) -> HttpResponse:
    """The nonce for the wallet's next proof (RFC 9449 section 8.2)."""
    response["DPoP-Nonce"] = dpop.new_nonce(at=at)
    return response
