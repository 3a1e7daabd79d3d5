"""Doors for wallets and providers: protocol endpoints that answer in JSON, never by redirect and never by page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt

from idv.protocol.presentation import REQUEST_MEDIA_TYPE
from recovery_portal.kit import clock, ratelimit
from recovery_portal.kit.views import speaks_json

from . import flows, keys, policy
from .errors import PresentationRefused, RequestUnknown

# One body for every refusal: a wallet, or whoever plays one, does not learn which check failed.
_REFUSED = {"error": "invalid_request", "error_description": "The presentation was not accepted."}
_UNKNOWN = {"error": "invalid_request", "error_description": "No request waits here."}
_METHOD = {"error": "invalid_request", "error_description": "Another method is used here."}
_UNREADABLE = {"error": "invalid_request", "error_description": "The request cannot be read."}
_NOT_FOUND = {"error": "not_found"}
_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 20

View = Callable[..., HttpResponse]


def _door(*methods: str) -> Callable[[View], View]:
    """An endpoint for other programs: another method is answered in JSON, and no form of a page is expected."""

    def decorate(view: View) -> View:
        @speaks_json(_UNREADABLE)
        @csrf_exempt
        @wraps(view)
        def door(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
                return JsonResponse(_METHOD, status=405, headers={"Allow": ", ".join(methods)})
            return view(request, **kwargs)

        return door

    return decorate


@_door("GET")
@cache_control(public=True, max_age=300)
def jwks(request: HttpRequest) -> HttpResponse:
    """The public keys that providers check our requests and client assertions with."""
    return JsonResponse(keys.published_jwks(at=clock.now()))


@_door("GET")
def development_ca(request: HttpRequest) -> HttpResponse:
    """The development CA over our certificate, for wallets of an emulation; 404 with certificates of one's own."""
    anchor = keys.active_row(at=clock.now()).trust_anchor
    if not anchor:
        return JsonResponse(_NOT_FOUND, status=404)
    return HttpResponse(anchor, content_type="application/x-pem-file")


@_door("GET")
@cache_control(public=True, max_age=300)
def did_document(request: HttpRequest) -> HttpResponse:
    """did:web: the identifier that ``decentralized_identifier:`` requests are signed for."""
    return _public(keys.did_document(at=clock.now()))


@_door("GET")
@cache_control(public=True, max_age=300)
def did_configuration(request: HttpRequest) -> HttpResponse:
    """The linked domain: wallets that show a verifier's address look here whether DID and origin are one."""
    return _public(keys.did_configuration(at=clock.now()))


@speaks_json(_UNREADABLE)
@csrf_exempt
def unknown_well_known(request: HttpRequest, rest: str) -> HttpResponse:
    """Wallets try several addresses and read the answers as JSON: a page would be taken for a broken document."""
    return JsonResponse(_NOT_FOUND, status=404)


def _public(document: dict[str, object]) -> HttpResponse:
    # Wallets in browsers resolve it too; it is public.
    return JsonResponse(document, headers={"Access-Control-Allow-Origin": "*"})


@_door("GET", "POST")
@never_cache
def request_object(request: HttpRequest, reference: str) -> HttpResponse:
    """The signed request object (OpenID4VP 1.0 5.10).

    A POST may carry ``wallet_nonce``, which is echoed, and ``wallet_metadata``, of which one member is looked at.
    """
    wallet_nonce, wallet_metadata = None, None
    if request.method == "POST":
        try:
            form = _form(request)
            wallet_nonce, wallet_metadata = form.get("wallet_nonce"), form.get("wallet_metadata")
        except _FormRefused:
            return JsonResponse(_REFUSED, status=400)
        if wallet_nonce is not None and not 0 < len(wallet_nonce) <= 512:
            return JsonResponse(_REFUSED, status=400)
    try:
        ratelimit.hit("verifier-request", reference, limit=60, period_s=60)
        signed = flows.serve_request(
            reference=reference, wallet_nonce=wallet_nonce, wallet_metadata=wallet_metadata, at=clock.now()
        )
    except RequestUnknown:
        return JsonResponse(_UNKNOWN, status=404)
    except ratelimit.RateLimited as limited:
        return _too_many(limited)
    return HttpResponse(signed, content_type=REQUEST_MEDIA_TYPE)


@_door("POST")
@never_cache
def response(request: HttpRequest, reference: str) -> HttpResponse:
    """The wallet's answer (OpenID4VP 1.0 8.2): 200 with JSON when it was processed, else one constant 400."""
    try:
        ratelimit.hit("verifier-response", reference, limit=20, period_s=60)
        answer = flows.receive_answer(reference=reference, form=_form(request), at=clock.now())
    except ratelimit.RateLimited as limited:
        return _too_many(limited)
    except (_FormRefused, RequestUnknown, PresentationRefused):
        return JsonResponse(_REFUSED, status=400)
    return JsonResponse(answer.as_json())


class _FormRefused(Exception):
    """The body is no form of ours."""


def _form(request: HttpRequest) -> dict[str, str]:
    """The form's fields, each at most once. Read from the raw body, so that nothing of Django's answers with a page."""
    if request.content_type not in {_FORM, ""}:
        raise _FormRefused
    try:
        length = int(request.headers.get("Content-Length") or 0)
        if not 0 <= length <= policy.WALLET_ANSWER_MAX_BYTES:
            raise _FormRefused
        body = request.body
        if body and request.content_type != _FORM:
            raise _FormRefused
        fields = QueryDict(body.decode("ascii"), encoding="utf-8")
    except (SuspiciousOperation, ValueError, OSError) as error:
        raise _FormRefused from error
    if len(fields) > _MAX_FIELDS or any(len(values) != 1 for _, values in fields.lists()):
        raise _FormRefused
    return fields.dict()


def _too_many(limited: ratelimit.RateLimited) -> HttpResponse:
    return JsonResponse(_REFUSED, status=429, headers={"Retry-After": str(limited.retry_after_s)})
