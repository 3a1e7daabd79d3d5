"""One request that a house answers, with everything that it sends meanwhile."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

HEADER: Final = "X-Emulation-Message"
_WRITTEN: Final = re.compile(r"(?P<message>[0-9a-f]{32}) (?P<sender>portal|provider|wallet)")


@dataclass
class Exchange:
    house: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    links: set[str] = field(default_factory=set)


_current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def current() -> Exchange | None:
    return _current.get()


@contextmanager
def during(exchange: Exchange) -> Iterator[Exchange]:
    token = _current.set(exchange)
    try:
        yield exchange
    finally:
        _current.reset(token)


def written(message: str, sender: str) -> str:
    """The header by which both ends of a message know that it is the same."""
    return f"{message} {sender}"


def read(header: str) -> tuple[str, str]:
    """Message and sender; both empty when the header says nothing that we wrote."""
    found = _WRITTEN.fullmatch(header)
    return (found["message"], found["sender"]) if found else ("", "")
