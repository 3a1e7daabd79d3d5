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
            "message": "The request is not valid." if error.status == 400 else error.message,
            "innererror": inner,
        },
    }
    answer = Response(body, status=error.status)
    if error.status == 401:
        answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if error.retry_after_s is not None:
        answer["Retry-After"] = str(error.retry_after_s)
    return answer
