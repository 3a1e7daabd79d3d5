"""The control API described in OpenAPI 3.1, from the same shapes that its doors read."""

import re
from dataclasses import fields, is_dataclass
from typing import Any, Final, get_args, get_origin

import yaml

from recovery_portal.testing import strict

from .doors import HOUSES, OPERATIONS, Operation

_KEY: Final = re.compile(r"<(?P<kind>\w+):(?P<name>\w+)>")
_SENTENCE: Final = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "sentence": {"type": "string"}},
    "required": ["error", "sentence"],
}
_REFUSALS: Final = {
    "400": "The input is not what the operation takes; the sentence names the nearest right one.",
    "401": "Another token, or none.",
    "404": "Not there; without an EMULATION_TOKEN, or in production, none of these addresses is.",
}


def document() -> dict[str, Any]:
    """Every operation of every house that is loaded in this process."""
    paths: dict[str, dict[str, Any]] = {}
    for one in sorted(OPERATIONS, key=lambda one: (one.path, one.method)):
        address = "/_emulation/" + _KEY.sub(r"{\g<name>}", one.path)
        paths.setdefault(address, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Control API of an emulation",
            "version": "1",
            "description": "Every house of an installation with EMULATION=1 and an EMULATION_TOKEN serves it for"
            " itself. `recovery_portal.testing.client.RecoveryClient` is the client of all three.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas() | {"Refusal": _SENTENCE},
        },
    }


def as_yaml() -> str:
    return str(yaml.dump(document(), Dumper=_InFull, sort_keys=False, allow_unicode=True, width=110))


class _InFull(yaml.SafeDumper):
    """No part refers to another by an anchor: readers of OpenAPI need not know them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _operation(one: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "x-houses": sorted(one.houses) if one.houses != HOUSES else "all",
        "parameters": [*_keys(one), *_queries(one)],
        "responses": {"200": {"description": "Done.", **_content(one.answers)}, **_refusals()},
    }
    if one.takes is not None and one.method != "GET":
        body = {"application/json": {"schema": {"$ref": f"#/components/schemas/{one.takes.__name__}"}}}
        found["requestBody"] = {"required": True, "content": body}
    return {name: value for name, value in found.items() if value != []}


def _refusals() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {status: {"description": told, "content": content} for status, told in _REFUSALS.items()}


def _keys(one: Operation) -> list[dict[str, Any]]:
    formats = {"uuid": {"type": "string", "format": "uuid"}, "str": {"type": "string"}}
    return [
        {"name": key["name"], "in": "path", "required": True, "schema": formats[key["kind"]]}
        for key in _KEY.finditer(one.path)
    ]


def _queries(one: Operation) -> list[dict[str, Any]]:
    if one.takes is None or one.method != "GET":
        return []
    words = strict.schema(one.takes)["properties"]
    numbers = {name: schema for name, schema in words.items() if schema.get("type") == "integer"}
    return [
        {"name": field.name, "in": "query", "schema": numbers.get(field.name, {"type": "string"})}
        for field in fields(one.takes)
    ]


def _content(answers: Any) -> dict[str, Any]:
    if answers is None:
        return {}
    if answers is bytes:
        return {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    if get_origin(answers) is list:
        schema = {"type": "array", "items": {"$ref": f"#/components/schemas/{get_args(answers)[0].__name__}"}}
    else:
        schema = {"$ref": f"#/components/schemas/{answers.__name__}"}
    return {"content": {"application/json": {"schema": schema}}}


def _schemas() -> dict[str, Any]:
    """The shapes that some operation takes or answers, with those inside them, by name."""
    wanted = [shape for one in OPERATIONS for shape in (one.takes, one.answers)]
    found: dict[str, type[Any]] = {}
    while wanted:
        shape = wanted.pop()
        if get_args(shape):
            wanted += get_args(shape)
        elif isinstance(shape, type) and is_dataclass(shape) and shape.__name__ not in found:
            found[shape.__name__] = shape
            wanted += strict.hints_of(shape).values()
    return {name: _described(found[name]) for name in sorted(found)}


def _described(shape: type[Any]) -> dict[str, Any]:
    told = " ".join((shape.__doc__ or "").split())
    written = not told.startswith(f"{shape.__name__}(")  # what a dataclass says of itself is no description
    return ({"description": told} if told and written else {}) | strict.schema(shape)
