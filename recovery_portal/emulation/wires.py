"""Everything that this house sends to another: faults strike here."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from recovery_portal.kit import http

from . import faults

_STATUS_LIST: Final = "application/statuslist+jwt"


def around_fetch(outgoing: http.Outgoing, send: Callable[[http.Outgoing], http.Response]) -> http.Response:
    """The hook of ``kit.http.fetch``. Raises FetchFailed."""
    target = target_of(outgoing)
    answer = faults.before_fetch(target, outgoing.timeout_s) if target else None
    return answer or send(outgoing)


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
