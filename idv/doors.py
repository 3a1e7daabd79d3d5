"""The manners of an issuer's endpoints: JSON whatever comes in, the standard's code, no-store, never a page."""

import gzip
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from idv.credentials.status_list import MEDIA_TYPE
from idv.protocol import strict_json
from idv.protocol.refusals import ProtocolRefused, error_members
from recovery_portal.kit import http_peer, ratelimit
from recovery_portal.kit.views import speaks_json

_log = structlog.get_logger(__name__)
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_MAX_BYTES = 1 << 17  # eight proofs of the size that is read, and room
_NOTIFICATION = "invalid_notification_request"
_EVENTS = frozenset({"credential_accepted", "credential_failure", "credential_deleted"})

Endpoint = Callable[..., HttpResponse]
Extras = Callable[[ProtocolRefused], Mapping[str, str]]


def endpoint(
    house: str, *methods: str, limit: int = 0, public: bool = False, extras: Extras = lambda refusal: {}
) -> Callable[[Endpoint], Endpoint]:
    """An endpoint of ``house`` for ``methods``.

    ``limit`` requests a minute from one address; ``public`` ones any page may read; ``extras`` are headers that a
    refusal brings along.
    """

    def decorate(view: Endpoint) -> Endpoint:
        def refused(refusal: ProtocolRefused) -> JsonResponse:
            _log.info(f"{house}.refused", door=view.__name__, error=refusal.code, reason=refusal.reason)
            # Who fails to prove who they are is told nothing more (RFC 9700); the log knows.
            description = refusal.reason if refusal.status != 401 else ""
            response = JsonResponse(error_members(refusal.code, description), status=refusal.status)
            if challenge := refusal.challenge():
                response["WWW-Authenticate"] = challenge
            for name, value in extras(refusal).items():
                response[name] = value
            return response

        def answer(request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
            try:
                if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
                    response = refused(ProtocolRefused("invalid_request", "method not allowed", status=405))
                    response["Allow"] = ", ".join(methods)
                    return response
                if limit:
                    ratelimit.hit(f"{house}-{view.__name__}", http_peer.address(request), limit=limit, period_s=60)
                return view(request, **kwargs)
            except ProtocolRefused as refusal:
                return refused(refusal)
            except ratelimit.RateLimited as busy:
                body = error_members("temporarily_unavailable", "too many requests")
                return JsonResponse(body, status=429, headers={"Retry-After": str(busy.retry_after_s)})
            except (RequestDataTooBig, UnreadablePostError):
                return JsonResponse(error_members("invalid_request", "the body cannot be read"), status=413)

        @speaks_json(error_members("invalid_request", "the request cannot be read"))
        @csrf_exempt
        @wraps(view)
        def door(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            response = answer(request, kwargs)
            response.headers.setdefault("Cache-Control", "no-store")
            if public:
                response.headers["Access-Control-Allow-Origin"] = "*"
            return response

        return door

    return decorate


def form_of(request: HttpRequest) -> dict[str, str]:
    """The form in the body; no parameter twice (RFC 6749 section 3.2). Raises ProtocolRefused(invalid_request)."""
    body = _body_of(request, _FORM, code="invalid_request")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50, errors="strict")
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
    return _body_of(request, _JSON, code=code)


def json_object_in(body: bytes, *, code: str) -> dict[str, Any]:
    """The object that ``body`` is. Raises ProtocolRefused(code)."""
    try:
        return strict_json.load_object(body)
    except strict_json.JsonInvalid as error:
        raise ProtocolRefused(code, error.reason) from error


def notification_of(request: HttpRequest) -> tuple[str, str]:
    """What a wallet tells of a credential (OpenID4VCI 1.0 section 11): notification id and event.

    Raises ProtocolRefused(invalid_notification_request).
    """
    members = json_object_in(json_body_of(request, code=_NOTIFICATION), code=_NOTIFICATION)
    notification_id, event = members.get("notification_id"), members.get("event")
    if not isinstance(notification_id, str) or not isinstance(event, str) or event not in _EVENTS:
        raise ProtocolRefused(_NOTIFICATION, "notification_id and a known event are required")
    if not isinstance(members.get("event_description", ""), str):
        raise ProtocolRefused(_NOTIFICATION, "event_description is a text")
    return notification_id, event


def status_list_answer(request: HttpRequest, token: str) -> HttpResponse:
    """A status list ``token``, compressed for who takes it so."""
    signed = token.encode("ascii")
    response = HttpResponse(signed, content_type=MEDIA_TYPE)
    # Nothing secret is in it, so compression tells nobody anything (BREACH); lists are long runs of the same.
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(gzip.compress(signed), content_type=MEDIA_TYPE, headers={"Content-Encoding": "gzip"})
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _body_of(request: HttpRequest, content_type: str, *, code: str) -> bytes:
    if request.content_type != content_type:
        raise ProtocolRefused(code, f"send {content_type}")
    if len(request.body) > _MAX_BYTES:
        raise ProtocolRefused(code, "too large", status=413)
    return request.body
