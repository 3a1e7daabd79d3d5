"""What every question to an issuer shares: faults on the way become an IssuerRefused, never another exception."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idv.wallet import display, wire
from idv.wallet.errors import IssuerRefused
from idv.wallet.wire import Wire
from recovery_portal.kit import http

ACCEPT = {"Accept": "application/json"}


def send(line: Wire, method: str, url: str, **more: Any) -> http.Response:
    """One request of an issuer. Raises IssuerRefused(issuer_unreachable)."""
    try:
        return line.send(method, url, **more)
    except http.FetchFailed as error:
        raise IssuerRefused("issuer_unreachable", f"{error.code}: {error.reason}") from error


def get(line: Wire, url: str) -> http.Response:
    """The answer, which must be 200. Raises IssuerRefused."""
    return expect_200(send(line, "GET", url, headers=ACCEPT))


def expect_200(answer: http.Response) -> http.Response:
    """The answer itself. Raises IssuerRefused when it is another than 200."""
    if answer.status == 404:
        raise IssuerRefused("offer_gone", "404")
    if answer.status != 200:
        raise IssuerRefused("issuer_unreachable", f"answered {answer.status}")
    return answer


def json_in(answer: http.Response, *, max_bytes: int = 262_144) -> dict[str, Any]:
    """The JSON object of an answer. Raises IssuerRefused(issuer_misconfigured)."""
    try:
        return wire.object_in(answer, max_bytes=max_bytes)
    except http.FetchFailed as error:
        raise IssuerRefused("issuer_misconfigured", error.reason) from error


def error_of(answer: http.Response) -> str:
    """The protocol's error code in an answer, bounded; empty when there is none."""
    try:
        error = wire.object_in(answer).get("error")
    except http.FetchFailed:
        return ""
    return display.line(error, limit=60)


def endpoint_in(metadata: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    """An address in an issuer's metadata; empty when it is absent and may be. Raises IssuerRefused."""
    value = metadata.get(name)
    if value is None and not required:
        return ""
    if not wire.is_web_address(value):
        raise IssuerRefused("issuer_misconfigured", f"{name} is no address")
    return str(value)
