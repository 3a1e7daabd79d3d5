"""Plain values into a dataclass of ``shapes``, strictly, and the same dataclass as a JSON schema (pure).

What is refused is said in one clear sentence, with the nearest name that would have been right.
"""

import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from recovery_portal.kit.errors import DomainError

_Shape = TypeVar("_Shape")
_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number", dict: "an object"}
_SCHEMAS = {str: "string", bool: "boolean", int: "integer", float: "number"}


class InputRefused(DomainError):
    """The input is not what the operation takes; ``reason`` is the sentence for whoever sent it."""

    def __init__(self, sentence: str) -> None:
        super().__init__("input_refused", sentence)


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    close = get_close_matches(name.lower(), names, n=1, cutoff=0.5) or [n for n in names if n.lower() == name.lower()]
    if close:
        return f"did you mean {close[0]}?"
    return f"there is {', '.join(names)}." if names else "there is none yet."


def read(shape: type[_Shape], given: Any) -> _Shape:
    """``given`` as a ``shape``. Raises InputRefused."""
    if not isinstance(given, Mapping):
        raise InputRefused("The body is a JSON object.")
    hints = hints_of(shape)
    for name in given:
        if name not in hints:
            raise InputRefused(f"There is no field {_shown(name)}; {nearest(str(name), hints)}")
    values: dict[str, Any] = {}
    for one in _fields(shape):
        if one.name in given:
            values[one.name] = _checked(one, hints[one.name], given[one.name])
        elif _is_needed(one):
            raise InputRefused(f"{one.name} is missing.")
    return shape(**values)


def needed(shape: type[Any]) -> list[str]:
    """The fields that a shape cannot be without."""
    return [one.name for one in _fields(shape) if _is_needed(one)]


def _is_needed(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def hints_of(shape: Any) -> Mapping[str, Any]:
    """The types of a shape's fields. The shapes are few, and each text of a type is compiled when it is read."""
    return _hints(shape)


_hints = cache(get_type_hints)


def schema(shape: type[Any]) -> dict[str, Any]:
    """The JSON schema of a shape."""
    hints = hints_of(shape)
    properties = {one.name: _limits(one, _schema_of(hints[one.name])) for one in _fields(shape)}
    required = needed(shape)
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        found["required"] = required
    return found


def _fields(shape: type[Any]) -> tuple[Field[Any], ...]:
    return fields(shape)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _checked(one: Field[Any], hint: Any, value: Any) -> Any:
    name = one.name
    if _is_optional(hint):
        if value is None:
            return None
        hint = _without_none(hint)
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if value not in choices:
            raise InputRefused(f"{name} is not {_shown(value)}; {nearest(str(value), choices)}")
        return value
    if get_origin(hint) is list:
        return _checked_list(name, get_args(hint)[0], value)
    kind = get_origin(hint) or hint
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is not kind:
        raise InputRefused(f"{name} is {_WORDS[kind]}, not {_shown(value)}.")
    _check_text(name, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_limits(one, value)
    return value


def _checked_list(name: str, inner: Any, value: Any) -> list[Any]:
    if type(value) is not list or any(type(entry) is not inner for entry in value):
        raise InputRefused(f"{name} is a list of {_WORDS[inner]}, not {_shown(value)}.")
    for entry in value:
        _check_text(name, entry)
    return value


def _check_text(name: str, value: Any) -> None:
    if isinstance(value, str) and ("\0" in value or any(0xD800 <= ord(c) <= 0xDFFF for c in value)):
        raise InputRefused(f"{name} holds characters that no text has.")


def _check_limits(one: Field[Any], value: float) -> None:
    least, most = one.metadata.get("least", -(2**31)), one.metadata.get("most", 2**31 - 1)
    if not least <= value <= most:  # also NaN
        raise InputRefused(f"{one.name} is between {least:g} and {most:g}, not {_shown(value)}.")


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)


def _without_none(hint: Any) -> Any:
    return next(one for one in get_args(hint) if one is not type(None))


def _limits(one: Field[Any], found: dict[str, Any]) -> dict[str, Any]:
    if "least" in one.metadata:
        found = found | {"minimum": one.metadata["least"], "maximum": one.metadata["most"]}
    if one.default is not MISSING and one.default is not None:
        found = found | {"default": one.default}
    return found


def _schema_of(hint: Any) -> dict[str, Any]:
    if _is_optional(hint):
        inner = _schema_of(_without_none(hint))
        return {"anyOf": [inner, {"type": "null"}]}
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if get_origin(hint) is list:
        return {"type": "array", "items": _schema_of(get_args(hint)[0])}
    if get_origin(hint) is dict or hint is dict:
        return {"type": "object"}
    if isinstance(hint, type) and is_dataclass(hint):
        return {"$ref": f"#/components/schemas/{hint.__name__}"}
    return {"type": _SCHEMAS[hint]}
