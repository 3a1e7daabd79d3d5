"""What comes back from the control API, as shapes; and what goes wrong with it, each in one sentence."""

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

import httpx

from . import strict

_Shape = TypeVar("_Shape")


class ControlError(Exception):
    """The control API could not do what was asked; the message is one sentence."""


class NotInEmulation(ControlError):
    """There is no control API at this address."""


class ServerUnreachable(ControlError):
    """Nobody answers at this address."""


class ControlRefused(ControlError):
    """The control API says no. ``status`` is the HTTP status, ``code`` a stable word."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


class AnotherVersion(ControlError):
    """The server answers otherwise than this kit knows."""


def content_of(answer: httpx.Response, origin: str) -> Any:
    """The JSON, or the bytes of a file. Raises NotInEmulation, ControlRefused."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == "application/octet-stream":
        return answer.content
    if kind != "application/json":
        if answer.status_code == 404:
            raise NotInEmulation(f"{origin} has no control API: start it with EMULATION=1 and an EMULATION_TOKEN.")
        raise ControlRefused(answer.status_code, "no_json", f"{origin} answered {answer.status_code} without JSON.")
    content = answer.json()
    if answer.is_success:
        return content
    if answer.status_code == 401:
        sentence = f"{origin} takes another control token than this one; `make demo` prints it."
        raise ControlRefused(401, str(content.get("error", "")), sentence)
    sentence = str(content.get("sentence") or f"{origin} answered {answer.status_code}.")
    raise ControlRefused(answer.status_code, str(content.get("error", "")), sentence)


def listed(shape: type[_Shape], answer: Any) -> list[_Shape]:
    """Each of a list as a ``shape``. Raises AnotherVersion."""
    return [made(shape, one) for one in answer]


def made(shape: type[_Shape], answer: Mapping[str, Any]) -> _Shape:
    """The answer as a ``shape``; what a newer server says beyond it is left out. Raises AnotherVersion."""
    hints = strict.hints_of(shape)
    if lacking := [name for name in strict.needed(shape) if name not in answer]:
        raise AnotherVersion(
            f"The server is of another version than this kit: its {shape.__name__} lacks {', '.join(lacking)}."
            " Install the version of recovery-portal that it runs."
        )
    return shape(**{name: _value(hints[name], value) for name, value in answer.items() if name in hints})


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) is types.UnionType:
        return _value(next(one for one in get_args(hint) if one is not type(None)), value)
    if get_origin(hint) is list:
        return [_value(get_args(hint)[0], one) for one in value]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return made(hint, value)
    return value
