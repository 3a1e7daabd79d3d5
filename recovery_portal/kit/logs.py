"""JSON logs with request and task ids, and with nothing in them that somebody could use."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest
from structlog.tracebacks import ExceptionDictTransformer

from . import http_peer

# Query strings carry codes, states and offers; a log needs the path only.
_QUERY = re.compile(r"\?\S*")
# Addresses that are bearer secrets themselves: who reads one in a log could open it.
_SECRET_SEGMENT = re.compile(r"(/(?:offers|hand-over|operator|phone|requests|responses|not-me)/)[\w-]+")
_SECRET_NAMES = frozenset(
    {
        "passcode", "password", "code", "code_verifier", "tx_code", "pin", "portrait", "image", "frames", "vector",
        "credential", "vp_token", "response", "access_token", "state", "nonce", "cookie", "authorization",
    }
)  # fmt: skip


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop query strings, secrets in paths, and every value whose name says that it is a secret or a likeness."""
    for name, value in event.items():
        if name == "code" and event.get("event") == "request_finished":
            continue  # the HTTP status, which django-structlog calls so
        if name.lower() in _SECRET_NAMES:
            event[name] = "[redacted]"
        elif isinstance(value, str) and "/" in value and name in {"request", "event", "url", "path"}:
            event[name] = _SECRET_SEGMENT.sub(r"\1[redacted]", _QUERY.sub("", value))
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    redact,
]


def bind_address(request: HttpRequest, **_: object) -> None:
    """Who asks, as the limits count them: not what any header says (ASVS 5.0 4.1.3)."""
    structlog.contextvars.bind_contextvars(ip=http_peer.address(request))


def json_formatter() -> logging.Formatter:
    structlog.configure(
        # What nobody will read is not put into words first.
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Frames without their locals: those are passwords, passcodes and faces (ASVS 5.0 16.2.5).
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
    )
