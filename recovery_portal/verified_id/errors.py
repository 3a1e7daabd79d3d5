"""Refusals as the Request Service words them (facts: Verified ID error codes): an outer code for the status, an inner
one for the cause."""

from typing import Any

from rest_framework import serializers
from rest_framework.response import Response

from recovery_portal.api.errors import GraphError
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError

_OUTER = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "notFound",
    405: "methodNotAllowed",
    413: "payloadTooLarge",
    415: "unsupportedMediaType",
    429: "tooManyRequests",
    500: "internalServerError",
}
# One sentence for each status, as the original has them; what it was in particular stands in the inner error.
_SENTENCES = {
    400: "The request is invalid.",
    401: "The requested resource requires authentication",
    403: "Missing permissions to fulfill this request.",
    404: "The requested resource doesn't exist.",
    405: "The requested method isn't allowed on the requested resource.",
    413: "The payload is too large.",
    415: "The specified media type is unsupported.",
    429: "Too many requests, try again later.",
    500: "A generic error has occurred on the server.",
}
_INNER = {401: "tokenError", 403: "tokenError", 404: "notFound", 429: "transientError", 500: "transientError"}


class RequestInvalid(DomainError):
    """A field of the payload cannot be served; ``target`` names it."""

    def __init__(self, target: str, reason: str) -> None:
        super().__init__("badOrMissingField", reason)
        self.target = target


class ServiceErrorBody(serializers.Serializer):
    """The envelope of every refusal."""

    class ServiceError(serializers.Serializer):
        code = serializers.CharField()
        message = serializers.CharField()
        innererror = serializers.DictField()

    requestId = serializers.CharField()
    date = serializers.CharField()
    mscv = serializers.CharField()
    error = ServiceError()


def respond(error: GraphError, *, target: str, request_id: str) -> Response:
    inner = {"code": _INNER.get(error.status, "badOrMissingField"), "message": error.message}
    if target:
        inner["target"] = target
    body: dict[str, Any] = {
        "requestId": request_id,
        "date": clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "mscv": request_id[:18],
        "error": {
            "code": _OUTER.get(error.status, "badRequest"),
            "message": _SENTENCES.get(error.status, error.message),
            "innererror": inner,
        },
    }
    answer = Response(body, status=error.status)
    if error.status == 401:
        answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if error.retry_after_s is not None:
        answer["Retry-After"] = str(error.retry_after_s)
    return answer
