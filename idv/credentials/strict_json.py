"""JSON from strangers (RFC 8259, with I-JSON's rules, RFC 7493): one meaning, bounded work, one clean error.

Python's own parser takes the last of two equal keys, reads NaN, guesses UTF-16, and keeps lone surrogates that only
fail when somebody prints them. Two parsers that disagree about a signed document are two signed documents.
"""

import json
import math
from collections.abc import Callable
from typing import Any

from recovery_portal.kit.errors import DomainError

MAX_BYTES = 524_288
MAX_DEPTH = 24
_LONG = 1024
_SPACE = " \t\n\r"
_SPACES = frozenset(_SPACE)


class JsonInvalid(DomainError):
    """The text is not the JSON we accept; ``code`` says why."""


def loads(data: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The value of one JSON text in UTF-8. Raises JsonInvalid, and nothing else, whatever the input."""
    text = _text(data, max_bytes)
    try:
        # The scanner stops where the value ends, and what stands around it is for us to judge: this is what the
        # decoder's own method does, in a third of its time.
        if text[:1] in _SPACES:
            text = text.lstrip(_SPACE)
        value, end = _SCAN(text, 0)
        if end != len(text) and text[end:].strip(_SPACE):
            raise ValueError("more than one value")
    except RecursionError as error:
        raise JsonInvalid("json_too_deep", "nested beyond the parser's limit") from error
    except (ValueError, StopIteration) as error:
        raise JsonInvalid("json_malformed", "not a JSON text") from error
    # Short texts are counted, long ones walked: a picture in a text has many characters and no levels.
    if len(text) > _LONG or text.count("[") + text.count("{") > max_depth:
        _refuse_depth(value, max_depth)
    if "\\" in text and "\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def load_object(data: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> dict[str, Any]:
    """As ``loads``, for messages that must be a JSON object."""
    value = loads(data, max_bytes=max_bytes, max_depth=max_depth)
    if not isinstance(value, dict):
        raise JsonInvalid("json_not_an_object", "expected a JSON object")
    return value


def dumps(value: Any) -> str:
    """Compact JSON. NaN and infinities are a programming error here (ValueError), never output."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _text(data: bytes | str, max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise JsonInvalid("json_too_large", f"more than {max_bytes} bytes")
    try:
        if isinstance(data, str):
            if len(data.encode("utf-8")) > max_bytes:
                raise JsonInvalid("json_too_large", f"more than {max_bytes} bytes")
            return data
        return data.decode("utf-8")
    except UnicodeError as error:
        raise JsonInvalid("json_not_utf8", "not UTF-8 text") from error


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonInvalid("json_duplicate_member", "an object names a member twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise JsonInvalid("json_not_a_number", f"{name} is not JSON")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JsonInvalid("json_number_out_of_range", "a number beyond the range of a double")
    return number


def _refuse_depth(value: Any, max_depth: int) -> None:
    level = [value]
    for _ in range(max_depth + 1):
        children: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                children.extend(item.values())
            elif isinstance(item, list):
                children.extend(item)
        if not children:
            return
        level = children
    raise JsonInvalid("json_too_deep", f"nested deeper than {max_depth} levels")


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise JsonInvalid("json_lone_surrogate", "half of a surrogate pair") from error


#: Made once: making it costs more than a small text takes.
_SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(
    object_pairs_hook=_object_without_repeats, parse_constant=_refuse_constant, parse_float=_finite_float
).scan_once  # type: ignore[attr-defined]
