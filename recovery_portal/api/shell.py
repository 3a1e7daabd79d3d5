"""A door as the rooms build it: each handler says what it is, what it needs and what it answers; the rest is here.

A handler's ``@operation`` is the one place that permissions, documentation and the tests' matrix are made of.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recovery_portal.kit import clock, ratelimit

from . import errors, expansion
from .authentication import BearerToken
from .caller import Caller
from .errors import GraphError
from .parsing import GraphJsonParser

_CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Operation:
    """``permissions``: any one of them is enough. ``role``: the Django permission that a person needs besides, where a
    program calls for somebody who signed in. ``own``: the operation is about the signed-in person only."""

    name: str
    summary: str
    permissions: tuple[str, ...]
    role: str = ""
    own: bool = False
    body: type[serializers.Serializer] | None = None
    answer: type[serializers.Serializer] | None = None
    status: int = 200
    is_list: bool = False
    is_paged: bool = False
    expansions: expansion.Expansions = field(default_factory=dict)


def operation(name: str, summary: str, **facts: Any) -> Callable[[Handler], Handler]:
    """Mark a handler (get, post, patch, delete) of a GraphView."""

    def mark(handler: Handler) -> Handler:
        handler.operation = Operation(name=name, summary=summary, **facts)  # type: ignore[attr-defined]
        return handler

    return mark


class OnlyJson(BaseContentNegotiation):
    """Graph answers JSON whatever was asked for: SDKs name parameters in Accept that nobody has to understand."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        content_type = request.content_type.split(";")[0].strip().lower()
        # A body without a type is how some clients send "nothing".
        return parsers[0] if content_type in {"", "application/json", "text/plain"} else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"


class Body(serializers.Serializer):
    """What a caller sends. Unknown properties are refused, so that a misspelt one is not taken for a success;
    OData annotations are read over."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(name for name in data if name not in self.fields and "@" not in name)
            if unknown:
                complaint = f"Invalid property '{unknown[0][:64]}' was found in the request."
                raise serializers.ValidationError({"non_field_errors": [complaint]})
        return super().to_internal_value(data)


class Only(serializers.BooleanField):
    """A truth value with one possible value: the other is documented, and not to be had here."""

    def __init__(self, value: bool, **kwargs: Any) -> None:
        self.value = value
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> bool:
        if data is not self.value:
            raise serializers.ValidationError(f"The value must currently be {str(self.value).lower()}.")
        return self.value


class GraphView(APIView):
    """``refusals`` maps codes of DomainErrors to status and Graph code; ``refusal_body`` documents another envelope."""

    authentication_classes: Any = (BearerToken,)
    permission_classes = (AllowAny,)  # each operation's own permissions are checked in `initial`
    parser_classes = (GraphJsonParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OnlyJson
    metadata_class = None  # OPTIONS would describe the code
    bad_request_body: ClassVar[Mapping[str, Any]] = {
        "error": {"code": "badRequest", "message": "The request cannot be read."}
    }
    refusals: ClassVar[Mapping[str, tuple[int, str]]] = {}
    refusal_body: ClassVar[type[serializers.Serializer] | None] = None
    request_id = client_request_id = ""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.request_id = str(uuid.uuid4())
        asked = request.headers.get("client-request-id", "")
        self.client_request_id = asked if _CLIENT_REQUEST_ID.fullmatch(asked) else self.request_id
        self.at = clock.now()
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        handler = getattr(self, (request.method or "").lower(), None)
        found: Operation | None = getattr(handler, "operation", None)
        if found is None:
            return  # DRF answers 405
        caller = self.caller
        ratelimit.hit("api", str(caller.app_id), limit=settings.API_REQUESTS_PER_MINUTE, period_s=60)
        if found.own and caller.user is None:
            raise GraphError(400, "/me request is only valid with delegated authentication flow.", "BadRequest")
        if caller.permissions.isdisjoint(found.permissions):
            raise GraphError(403, "Insufficient privileges to complete the operation.")
        if found.role and not found.own and caller.user is not None and not caller.user.has_perm(found.role):
            raise GraphError(403, "Insufficient privileges to complete the operation.")
        expansion.allow(request._request, found.expansions, caller)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["request-id"] = self.request_id
        response["client-request-id"] = self.client_request_id
        response["OData-Version"] = "4.0"
        return response

    def get_exception_handler(self) -> Any:
        return errors.handle

    @property
    def caller(self) -> Caller:
        caller = self.request.user
        assert isinstance(caller, Caller)  # BearerToken lets nobody else in
        return caller

    def read(self, body: type[serializers.Serializer], *, partial: bool = False) -> dict[str, Any]:
        """The request's body, validated. Raises ValidationError (400)."""
        form = body(data=self.request.data, partial=partial)
        form.is_valid(raise_exception=True)
        checked: dict[str, Any] = form.validated_data
        return checked


class NothingHere(GraphView):
    """Every address under a version that no room serves."""

    authentication_classes: Any = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise GraphError(404, f"Resource not found for the segment '{kwargs.get('rest', '')[:80]}'.", "BadRequest")


def created(body: Mapping[str, Any], location: str) -> Response:
    return Response(body, status=201, headers={"Location": location})


def nothing() -> Response:
    return Response(status=204)
