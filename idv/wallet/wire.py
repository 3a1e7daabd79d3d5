"""How the wallet talks: bounded in time and size, strict about JSON, never following a redirect."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from idv.credentials.strict_json import JsonInvalid, load_object
from idv.protocol import links
from recovery_portal.kit import http

_STEP_S = 5.0
_WHOLE_S = 25.0


class Wire:
    """All requests of one click. Together they may take `whole_s` seconds; the person is waiting for the page.

    `nonces` are those that servers gave for the next proof (`bound`).
    """

    def __init__(self, whole_s: float = _WHOLE_S) -> None:
        self._ends = time.monotonic() + whole_s
        self.nonces: dict[str, str] = {}

    def send(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 262_144,
    ) -> http.Response:
        """Raises FetchFailed."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise http.FetchFailed("timeout", "the other side used up the time")
        return http.fetch(
            method,
            url,
            data=data,
            json=json,
            content=content,
            headers=headers,
            timeout_s=min(_STEP_S, left),
            max_bytes=max_bytes,
        )


def object_in(response: http.Response, *, max_bytes: int = 262_144) -> dict[str, Any]:
    """The JSON object of an answer. Raises FetchFailed(not_json)."""
    try:
        return load_object(response.content, max_bytes=max_bytes)
    except JsonInvalid as error:
        raise http.FetchFailed("not_json", error.code) from error


def is_web_address(value: Any) -> bool:
    """Whether it is an http(s) address that can be shown to people as what it is."""
    try:
        # `https://bank.example@evil.example`, and letters that only look like ASCII, would be read as the bank's.
        if not links.is_address_text(value):
            return False
        parts = urlsplit(value)
        return parts.scheme in {"https", "http"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
