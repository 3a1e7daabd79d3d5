"""Refusals as Microsoft Graph words them: one envelope, a stable code, the ids that support asks for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import structlog
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.ratelimit import RateLimited

log = structlog.get_logger(__name__)

_CODES = {
    400: "badRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "resourceNotFound",
    405: "methodNotAllowed",
    406: "notAcceptable",
    409: "conflict",
    413: "requestEntityTooLarge",
    415: "unsupportedMediaType",
    429: "TooManyRequests",
    500: "generalException",
}


class GraphError(Exception):
    """An answer other than success. ``message`` is for the developer who reads it and names no secret."""

    def __init__(self, status: int, message: str, code: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or _CODES[status]
        self.message = message
        self.retry_after_s = retry_after_s


def not_found(what: str, key: object) -> GraphError:
    return GraphError(404, f"{what} '{quote(str(key)[:64], safe=' @.-_')}' does not exist.")


def envelope(error: GraphError, *, request_id: str, client_request_id: str) -> dict[str, Any]:
    """``{"error": {code, message, innerError}}``."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "innerError": {
                "date": clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": request_id,
                "client-request-id": client_request_id,
            },
        }
    }


def respond(error: GraphError, *, request_id: str, client_request_id: str) -> Response:
    answer = Response(envelope(error, request_id=request_id, client_request_id=client_request_id), status=error.status)
    if error.status == 401:
        answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if error.retry_after_s is not None:
        answer["Retry-After"] = str(error.retry_after_s)
    return answer


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler for every Graph view; nothing leaves as a page."""
    view = context["view"]
    error = as_graph_error(exc, getattr(view, "refusals", {}))
    note_failure(error, exc, context)
    return respond(error, request_id=view.request_id, client_request_id=view.client_request_id)


def note_failure(error: GraphError, exc: Exception, context: Mapping[str, Any]) -> None:
    """What is our fault is logged, and told to whoever listens for failures."""
    if error.status >= 500:
        log.exception("api.failed", exc_info=exc)
        got_request_exception.send(sender=type(context["view"]), request=getattr(context["request"], "_request", None))


def as_graph_error(exc: Exception, refusals: Mapping[str, tuple[int, str]]) -> GraphError:
    """``refusals`` maps the codes of a room's DomainErrors to status and Graph code; the rest are a 400."""
    if isinstance(exc, GraphError):
        return exc
    if isinstance(exc, RateLimited):
        return GraphError(429, "Too many requests. Try again later.", retry_after_s=exc.retry_after_s)
    if isinstance(exc, DomainError):
        status, code = refusals.get(exc.code, (400, ""))
        return GraphError(status, exc.reason or exc.code, code)
    if isinstance(exc, exceptions.ValidationError):
        return GraphError(400, first_complaint(exc.detail))
    if isinstance(exc, exceptions.APIException):
        return GraphError(exc.status_code if exc.status_code in _CODES else 400, str(exc.detail))
    if isinstance(exc, Http404):
        return GraphError(404, "The requested resource does not exist.")
    if isinstance(exc, PermissionDenied):
        return GraphError(403, "Insufficient privileges to complete the operation.")
    return GraphError(500, "The server could not complete the request.")


def first_complaint(detail: Any, path: str = "") -> str:
    """The first of a serializer's complaints, with the property it is about."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if inner:
                inside = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
                return first_complaint(inner, inside)
    if isinstance(detail, list):
        for index, inner in enumerate(detail):
            if inner:
                return first_complaint(inner, f"{path}[{index}]" if isinstance(inner, Mapping) else path)
    return f"Invalid value for property '{path}': {detail}" if path else str(detail)
