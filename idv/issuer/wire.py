"""The manners of every endpoint for wallets: JSON whatever comes in, the standard's code, no-store, never a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from idv.protocol.issuance import error_members
from recovery_portal.kit import http_peer, ratelimit
from recovery_portal.kit.views import speaks_json

from .errors import ProtocolRefused

log = structlog.get_logger(__name__)
_FORM = "application/x-www-form-urlencoded"
_MAX_BYTES = 65_536

Endpoint = Callable[..., HttpResponse]


def endpoint(method: str, *, limit: int = 0, public: bool = False) -> Callable[[Endpoint], Endpoint]:
    """``limit`` requests a minute from one address; ``public`` ones any page may read."""

    def decorate(view: Endpoint) -> Endpoint:
        @speaks_json(error_members("invalid_request", "the request cannot be read"))
        @csrf_exempt
        @wraps(view)
        def door(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            response = _answer(view, request, method, limit, kwargs)
            response.headers.setdefault("Cache-Control", "no-store")
            if public:
                response.headers["Access-Control-Allow-Origin"] = "*"
            return response

        return door

    return decorate


def _answer(view: Endpoint, request: HttpRequest, method: str, limit: int, kwargs: dict[str, Any]) -> HttpResponse:
    if request.method != method and (request.method, method) != ("HEAD", "GET"):
        return JsonResponse(
            error_members("invalid_request", "method not allowed"), status=405, headers={"Allow": method}
        )
    try:
        if limit:
            ratelimit.hit(f"issuer-{view.__name__}", http_peer.address(request), limit=limit, period_s=60)
        return view(request, **kwargs)
    except ProtocolRefused as refusal:
        log.info("issuer.refused", door=view.__name__, code=refusal.code, reason=refusal.reason)
        # Who fails to prove who they are is told nothing more; the log knows.
        body = error_members(refusal.code, refusal.reason if refusal.status != 401 else "")
        answer = JsonResponse(body, status=refusal.status)
        if refusal.status == 401:
            answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return answer
    except ratelimit.RateLimited as busy:
        body = error_members("temporarily_unavailable", "too many requests")
        return JsonResponse(body, status=429, headers={"Retry-After": str(busy.retry_after_s)})
    except (RequestDataTooBig, UnreadablePostError):
        return JsonResponse(error_members("invalid_request", "the body cannot be read"), status=413)


def body_of(request: HttpRequest, content_type: str, *, code: str) -> bytes:
    """The body, where it has this type and a sensible size. Raises ProtocolRefused(code)."""
    if request.content_type != content_type:
        raise ProtocolRefused(code, f"send {content_type}")
    if len(request.body) > _MAX_BYTES:
        raise ProtocolRefused(code, "too large", status=413)
    return request.body


def form_of(request: HttpRequest) -> dict[str, str]:
    """The form in the body; no parameter twice (RFC 6749 section 3.2). Raises ProtocolRefused(invalid_request)."""
    body = body_of(request, _FORM, code="invalid_request")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise ProtocolRefused("invalid_request", "the form cannot be read") from error
    members = dict(pairs)
    if len(members) != len(pairs) or any("\0" in value for value in members.values()):
        raise ProtocolRefused("invalid_request", "the form cannot be read")
    return members
