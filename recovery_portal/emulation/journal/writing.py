"""Writing a message down: at the door where it arrives, and where it is sent."""

import time
import uuid
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from recovery_portal.kit import clock, http

from .. import state
from .exchange import Exchange, read
from .kinds import Kind, kind_of
from .reading import Reading

ROLL: Final = state.Roll("journal", keeps=3000)
_LONGEST_BODY: Final = 1_000_000
_DEVICE_COOKIE: Final = "recovery-device"


def house_of(request: HttpRequest) -> str:
    """The house that answers; where one process serves all of them, the one that the host names."""
    return str(getattr(request, "house", settings.HOUSE_BRAND))


def house_at(origin: str) -> str:
    """The house at an address, else its host."""
    known = {
        settings.PORTAL_BASE_URL: "portal",
        settings.PROVIDER_BASE_URL: "provider",
        settings.WALLET_URL: "wallet",
    }
    return known.get(origin) or (urlsplit(origin).hostname or "somebody")


def begin(request: HttpRequest) -> Exchange:
    """An exchange with what its address and its browser already tell."""
    reading = Reading()
    reading.path(request.path)
    reading.query(request.META.get("QUERY_STRING", ""))
    for name, value in request.COOKIES.items():
        if name.endswith(_DEVICE_COOKIE):
            reading.shown("code", value)
    return Exchange(house_of(request), links=reading.links)


@dataclass
class Arrived:
    """A message at our door, read before the house consumes it."""

    kind: Kind
    reading: Reading
    request: dict[str, Any]
    began: float


def arrived(request: HttpRequest, exchange: Exchange) -> Arrived | None:
    """None for what is no protocol message."""
    kind = kind_of(exchange.house, request.path)
    if kind is None:
        return None
    reading = Reading()
    reading.path(request.path)
    told = reading.query(request.META.get("QUERY_STRING", ""))
    told |= reading.authorization(request.headers.get("Authorization", ""))
    if proof := request.headers.get("DPoP"):
        told["DPoP"] = reading.shown("dpop", proof)
    if not kind.front:
        body = _body(request)
        told |= reading.body(request.content_type or "", body)
        if kind.name == "presentation":
            from . import presented  # the verifier's rooms are installed in the portal only

            told |= presented.opened(request.path, body, reading)
    return Arrived(kind, reading, told, time.monotonic())


def answered(request: HttpRequest, response: HttpResponse, exchange: Exchange, one: Arrived, header: str) -> None:
    message, sender = read(header)
    reading = one.reading
    told: dict[str, Any] = {}
    if response.has_header("Location"):
        told["location"] = reading.url(_absolute(response["Location"]))
    elif not one.kind.front and not response.streaming and len(response.content) <= _LONGEST_BODY:
        told = reading.body(response.get("Content-Type", ""), response.content)
    _write(
        direction="in",
        exchange=exchange,
        sender=sender or one.kind.sender,
        receiver=exchange.house,
        kind=one.kind.name,
        front=one.kind.front,
        line=f"{request.method} {reading.path(request.path)}",
        status=response.status_code,
        error="",
        began=one.began,
        request=one.request,
        answer=told,
        links=reading.links,
        message=message,
    )


def new_message() -> str:
    return uuid.uuid4().hex


def sent(
    outgoing: http.Outgoing,
    exchange: Exchange,
    *,
    message: str,
    began: float,
    response: http.Response | None,
    error: str = "",
) -> None:
    """A message that this house sent, with what came back."""
    parts = urlsplit(outgoing.url)
    receiver = house_at(http.origin_of(outgoing.url))
    kind = kind_of(receiver, parts.path)
    reading = Reading()
    told = reading.query(parts.query)
    told |= reading.authorization(outgoing.headers.get("Authorization", ""))
    if proof := outgoing.headers.get("DPoP"):
        told["DPoP"] = reading.shown("dpop", proof)
    if outgoing.data is not None:
        told |= reading.query(urlencode(outgoing.data))
    elif outgoing.json is not None:
        shown = reading.shown("", outgoing.json)
        told |= shown if isinstance(shown, dict) else {"body": shown}
    elif outgoing.content is not None and len(outgoing.content) <= _LONGEST_BODY:
        told |= reading.body(_header(outgoing.headers, "content-type"), outgoing.content)
    answer: dict[str, Any] = {}
    if response is not None and len(response.content) <= _LONGEST_BODY:
        answer = reading.body(response.headers.get("content-type", ""), response.content)
    _write(
        direction="out",
        exchange=exchange,
        sender=exchange.house,
        receiver=receiver,
        kind=kind.name if kind else _kind_elsewhere(parts.path),
        front=False,
        line=f"{outgoing.method} {reading.path(parts.path)}",
        status=response.status if response is not None else None,
        error=error,
        began=began,
        request=told,
        answer=answer,
        links=reading.links,
        message=message,
    )


def _kind_elsewhere(path: str) -> str:
    return "published document" if "/.well-known/" in path else "request"


def _write(*, exchange: Exchange, began: float, links: set[str], sender: str, receiver: str, **told: Any) -> None:
    entry = {
        "at": clock.now().isoformat(),
        "stamp": time.time_ns(),
        "house": exchange.house,
        "sender": sender,
        "receiver": receiver,
        "milliseconds": round((time.monotonic() - began) * 1000),
        "links": sorted(links | exchange.links),
        "exchange": exchange.id,
        **told,
    }
    try:
        ROLL.append(entry)
    except RedisError:
        return  # a journal that cannot be written must not break what it watches


def _body(request: HttpRequest) -> bytes:
    """The body, unless it is one that the house itself would not take into memory."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return b""
    if not 0 < length <= min(_LONGEST_BODY, settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
        return b""
    if (request.content_type or "").startswith("multipart/"):
        return b""
    try:
        return request.body
    except OSError:
        return b""


def _absolute(location: str) -> str:
    return location if "://" in location else f"here://{location}"


def _header(headers: Any, name: str) -> str:
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")
