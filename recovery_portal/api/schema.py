"""The OpenAPI document, made of the operations themselves."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from .shell import GraphView, NothingHere, Operation

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_REFUSALS = {
    400: "The request cannot be understood, or the rules forbid it.",
    401: "The access token is missing, expired or not one of this portal's.",
    403: "The permissions, or the role of the signed-in person, are not enough.",
    404: "What the address names does not exist.",
    405: "The address does not serve this method.",
    429: "Too many calls; `Retry-After` says in how many seconds to come back.",
}
_BODY_REFUSALS = {
    409: "Something of this name, or with this id, exists already.",
    413: "The body is too large.",
    415: "The body is not JSON.",
}
_PAGING = (
    ("$filter", OpenApiTypes.STR, "OData filter on the listed properties."),
    ("$search", OpenApiTypes.STR, 'Words in a property: `"displayName:ada"`.'),
    ("$orderby", OpenApiTypes.STR, "A property, then `asc` or `desc`."),
    ("$top", OpenApiTypes.INT, "Rows of a page, 1 to 999."),
    ("$skiptoken", OpenApiTypes.STR, "From `@odata.nextLink`."),
)


class ErrorBody(serializers.Serializer):
    """The envelope of every refusal."""

    class Error(serializers.Serializer):
        code = serializers.CharField()
        message = serializers.CharField()
        innerError = serializers.DictField()

    error = Error()


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "recovery_portal.api.authentication.BearerToken"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


@cache
def _collection_of(answer: type[serializers.Serializer]) -> Any:
    facts: dict[str, Any] = {
        "@odata.context": serializers.CharField(required=False),
        "@odata.count": serializers.IntegerField(required=False),
        "@odata.nextLink": serializers.URLField(required=False),
        "value": answer(many=True),
    }
    return inline_serializer(f"{answer.__name__}Collection", facts)


class GraphSchema(AutoSchema):
    """Reads what the handler's ``@operation`` says."""

    @property
    def operation(self) -> Operation | None:
        handler = getattr(self.view, self.method.lower(), None)
        return getattr(handler, "operation", None)

    def get_operation_id(self) -> str:
        found = self.operation
        return found.name if found else super().get_operation_id()

    def get_summary(self) -> str | None:
        return self.operation.summary if self.operation else None

    def get_description(self) -> str:  # type: ignore[override]
        found = self.operation
        if found is None:
            return ""
        lines = [f"Permission: any of {', '.join(f'`{name}`' for name in found.permissions)}."]
        if found.own:
            lines.append("Only for a signed-in person, about themselves.")
        elif found.role:
            lines.append(f"A signed-in person needs the right `{found.role}` besides.")
        return "\n\n".join(lines)

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[2]]

    def get_request_serializer(self) -> Any:
        found = self.operation
        return found.body if found and found.body else None

    def get_override_parameters(self) -> list[Any]:
        found = self.operation
        if found is None or found.answer is None or self.method != "GET":
            return []
        parameters = [OpenApiParameter("$select", OpenApiTypes.STR, description="Properties, separated by commas.")]
        if found.expansions:
            names = ", ".join(f"`{name}`" for name in found.expansions)
            parameters.append(OpenApiParameter("$expand", OpenApiTypes.STR, description=f"Any of {names}."))
        if found.is_list:
            parameters.append(OpenApiParameter("$count", OpenApiTypes.BOOL, description="Adds `@odata.count`."))
        if found.is_paged:
            parameters += [OpenApiParameter(name, kind, description=text) for name, kind, text in _PAGING]
        return parameters

    def get_response_serializers(self) -> Any:
        found = self.operation
        if found is None:
            return None
        answers: dict[Any, Any] = {
            status: OpenApiResponse(getattr(self.view, "refusal_body", None) or ErrorBody, text)
            for status, text in (_REFUSALS | (_BODY_REFUSALS if self.method in {"POST", "PATCH"} else {})).items()
        }
        if found.answer is None:
            key: Any = found.status if found.status == 204 else (found.status, "text/plain")
            answers[key] = (
                OpenApiResponse(description="Done.")
                if found.status == 204
                else OpenApiResponse(OpenApiTypes.STR, "A number as text.")
            )
        else:
            answers[found.status] = self._collection(found) if found.is_list else found.answer
        return answers

    def _collection(self, found: Operation) -> Any:
        assert found.answer is not None
        return _collection_of(found.answer)

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False


def selectable(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """``$select`` leaves any property of an answer out, so that none is promised. What is sent is another matter."""
    for name, component in result["components"]["schemas"].items():
        if not name.endswith("Request") and "Error" not in name:
            component.pop("required", None)
    return result


def one_version(endpoints: Sequence[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """/beta serves what /v1.0 serves, and a function's brackets are a spelling; what is no Graph view is described
    elsewhere. Paths are taken from the routes: the library takes ``$ref`` for the end of a pattern."""
    return [
        ("/" + _PARAMETER.sub(r"{\1}", route), route, method, callback)
        for _, route, method, callback in endpoints
        if route.startswith("v1.0/")
        and not route.endswith("()")
        and issubclass(callback.cls, GraphView)
        and not issubclass(callback.cls, NothingHere)
    ]
