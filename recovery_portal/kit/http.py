"""The one guarded client for everything that is fetched (ASVS 5.0 1.3.6).

https, or an origin the installation names in ``OUTBOUND_ORIGINS``; no redirects; capped in time and size; names that
resolve to private addresses are refused unless the origin is named. The address checked is the address connected to.
"""

import ipaddress
import json as jsonlib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings

from . import hooks
from .errors import DomainError

# Tests join the houses in one process: origin -> transport with the same bytes as the wire.
transports: dict[str, httpx.BaseTransport] = {}
_PLAIN = "identity"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
# Global to Python, and no public servers: 6to4 and its relays, IPv4 inside IPv6, site-local, and the IETF's own.
_NOT_PUBLIC = [
    ipaddress.ip_network(name) for name in ("2002::/16", "::/96", "fec0::/10", "192.88.99.0/24", "192.0.0.0/24")
]


class FetchFailed(DomainError):
    """Nothing usable came back. Codes: address_refused, unreachable, timeout, too_large, redirected, not_json."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The body as JSON. Raises FetchFailed(not_json)."""
        try:
            return jsonlib.loads(self.content.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise FetchFailed("not_json", "the answer is not JSON") from error


@dataclass(frozen=True)
class Outgoing:
    """One request as it will be sent."""

    method: str
    url: str
    data: Mapping[str, str] | None
    json: Any
    content: bytes | None
    headers: Mapping[str, str]
    timeout_s: float
    max_bytes: int


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def origin_of(url: str) -> str:
    """Scheme, host and port; empty, and so like no other, for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _parts_of(url: str) -> tuple[SplitResult, int | None]:
    """The parts of ``url``, and its port. Raises FetchFailed(address_refused)."""
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise FetchFailed("address_refused", "not a URL") from error


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip in _NAT64:  # what a translator makes of it is where the bytes arrive
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


def _pinned_address(host: str, port: int) -> str:
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise FetchFailed("unreachable", f"no address for {host}") from error
    addresses = [info[4][0] for info in infos]
    if not addresses or not all(_is_public(str(address)) for address in addresses):
        raise FetchFailed("address_refused", f"{host} is not a public address")
    return str(addresses[0])


def _guard(url: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    """URL to connect to, headers and TLS extensions. Raises FetchFailed(address_refused)."""
    parts, port = _parts_of(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise FetchFailed("address_refused", "not a plain http(s) URL")
    if origin_of(url) in settings.OUTBOUND_ORIGINS:
        return url, {}, {}
    if parts.scheme != "https":
        raise FetchFailed("address_refused", "https is required")
    address = _pinned_address(parts.hostname, port or 443)
    literal = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{literal}:{port}" if port else literal).geturl()
    return target, {"Host": parts.netloc}, {"sni_hostname": parts.hostname}


def _trust(url: str) -> ssl.SSLContext:
    named = settings.OUTBOUND_CA_FILE if origin_of(url) in settings.OUTBOUND_ORIGINS else ""
    return _context(named)


@lru_cache(maxsize=4)
def _context(authority_file: str) -> ssl.SSLContext:
    """Loading the public authorities takes longer than most requests, so that it is done once."""
    context = httpx.create_ssl_context(trust_env=False)
    if authority_file:
        context.load_verify_locations(cafile=authority_file)
    return context


def fetch(
    method: str,
    url: str,
    *,
    data: Mapping[str, str] | None = None,
    json: Any = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 5.0,
    max_bytes: int = 262_144,
) -> Response:
    """One request, one answer of at most ``max_bytes`` within about ``timeout_s`` seconds. Raises FetchFailed."""
    _parts_of(url)  # who listens to what is sent may take it for an address
    outgoing = Outgoing(method, url, data, json, content, dict(headers or {}), timeout_s, max_bytes)
    around = hooks.find("FETCH_HOOK")
    answer: Response = around(outgoing, _send) if around else _send(outgoing)
    return answer


def _send(outgoing: Outgoing) -> Response:
    url, timeout_s = outgoing.url, outgoing.timeout_s
    target, guard_headers, extensions = _guard(url)
    transport = transports.get(origin_of(url))
    try:
        with (
            httpx.Client(
                transport=transport, follow_redirects=False, timeout=timeout_s, trust_env=False, verify=_trust(url)
            ) as client,
            client.stream(
                outgoing.method,
                target,
                data=outgoing.data,
                json=outgoing.json,
                content=outgoing.content,
                headers={"Accept-Encoding": _PLAIN, **outgoing.headers, **guard_headers},
                extensions=extensions,
            ) as answer,
        ):
            if answer.is_redirect:
                raise FetchFailed("redirected", f"{answer.status_code} from {origin_of(url)}")
            # Packed twice, a few kilobytes of a stranger's become gigabytes before anybody has counted them.
            if answer.headers.get("content-encoding", _PLAIN).strip().lower() != _PLAIN:
                raise FetchFailed("unreachable", f"{origin_of(url)}: an encoding that was not asked for")
            body = _read_capped(answer.iter_bytes, outgoing.max_bytes, ends=time.monotonic() + timeout_s)
            return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)
    except httpx.TimeoutException as error:
        raise FetchFailed("timeout", origin_of(url)) from error
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise FetchFailed("unreachable", f"{origin_of(url)}: {type(error).__name__}") from error


def _read_capped(chunks: Callable[..., Any], max_bytes: int, *, ends: float) -> bytes:
    body = bytearray()
    for chunk in chunks():
        body += chunk
        if time.monotonic() > ends:  # httpx times each read: a byte now and then would hold us for hours
            raise FetchFailed("timeout", "the answer dripped")
        if len(body) > max_bytes:
            raise FetchFailed("too_large", f"more than {max_bytes} bytes")
    return bytes(body)
