"""The documentation page: rendered here from the schema, without a script and without anybody's CDN."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from . import permissions


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; it changes only with the code."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document()["paths"].items():
        for method, found in methods.items():
            groups.setdefault(found["tags"][0], []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": found["summary"],
                    "description": found["description"].replace("`", "").split("\n\n"),
                    "answers": sorted(found["responses"]),
                }
            )
    context = {"groups": sorted(groups.items()), "permissions": permissions.INCLUDES}
    return render(request, "api/docs.html", context)
