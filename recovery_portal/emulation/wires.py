"""Everything that this house sends to another: faults strike here, and the journal listens."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from recovery_portal.kit import http

from . import faults
from .journal import exchange, writing
from .middleware import PREFIX

_STATUS_LIST: Final = "application/statuslist+jwt"


def around_fetch(outgoing: http.Outgoing, send: Callable[[http.Outgoing], http.Response]) -> http.Response:
    """The hook of ``kit.http.fetch``. Raises FetchFailed."""
    if urlsplit(outgoing.url).path.startswith(PREFIX):
        return send(outgoing)
    during = exchange.current() or exchange.Exchange(settings.HOUSE_BRAND)
    message, began = writing.new_message(), time.monotonic()
    if _is_a_house(outgoing.url):
        known = exchange.written(message, during.house)
        outgoing = replace(outgoing, headers={**outgoing.headers, exchange.HEADER: known})
    try:
        answer = _faulty(outgoing) or send(outgoing)
    except http.FetchFailed as failed:
        writing.sent(outgoing, during, message=message, began=began, response=None, error=failed.code)
        raise
    writing.sent(outgoing, during, message=message, began=began, response=answer)
    return answer


def _faulty(outgoing: http.Outgoing) -> http.Response | None:
    target = target_of(outgoing)
    return faults.before_fetch(target, outgoing.timeout_s) if target else None


def _is_a_house(url: str) -> bool:
    return http.origin_of(url) in {settings.PORTAL_BASE_URL, settings.PROVIDER_BASE_URL, settings.WALLET_URL}


def target_of(outgoing: http.Outgoing) -> str:
    """Which fault concerns this request; "" for none."""
    if outgoing.headers.get("Accept") == _STATUS_LIST:
        return "status_list"
    origin = http.origin_of(outgoing.url)
    if origin == settings.PROVIDER_BASE_URL:
        return "provider"
    if origin in {settings.PORTAL_BASE_URL, settings.WALLET_URL} or "/.well-known/" in urlsplit(outgoing.url).path:
        return ""
    return "claims_extension"
