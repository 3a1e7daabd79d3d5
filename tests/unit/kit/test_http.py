"""The guarded client (V28): what it refuses to fetch, and what it refuses to read."""

import gzip
import json
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from recovery_portal.kit import http

_BOMB = gzip.compress(b"0" * 20_000_000)
_PACKED = {
    "/packed": ("gzip", gzip.compress(b"{}")),
    "/bomb": ("gzip", _BOMB),
    "/bomb-in-bomb": ("gzip, gzip", gzip.compress(_BOMB)),
    "/deflated": ("DEFLATE", zlib.compress(b"{}")),
    "/unknown": ("br", b"{}"),
}


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/fine")
            self.end_headers()
            return
        if self.path == "/slow":
            time.sleep(2)
        body = {"/big": b"x" * 5000, "/nan": b'{"a": NaN}', "/deep": b"[" * 100_000, "/latin": b'"\xff"'}.get(
            self.path, b'{"fine": true}'
        )
        if self.path == "/asked":
            body = json.dumps({"asked": self.headers["Accept-Encoding"]}).encode()
        if self.path in _PACKED:
            encoding, body = _PACKED[self.path]
            self.send_response(200)
            self.send_header("Content-Encoding", encoding)
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def allowed(origin: str, settings: object) -> str:
    settings.OUTBOUND_ORIGINS = frozenset({origin})  # type: ignore[attr-defined]
    return origin


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://localhost/",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:password@example.com/",
        "https://0x7f000001/",
        "https://[fe80::1%25eth0]/",
        # Global by their numbers: an inside address behind a translator (NAT64, 6to4, IPv4 in IPv6), multicast, and
        # what is left of site-local addresses.
        "https://[64:ff9b::a9fe:a9fe]/latest/meta-data",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[::7f00:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fec0::1]/",
        "https://[ff0e::1]/",
        "https://224.0.0.1/",
        "https://192.0.0.8/",
        "//example.com/",
        "https://exa mple.com:port/",
        "",
    ],
)
def test_v28_it_refuses_every_address_that_is_not_public_https(url: str) -> None:
    with pytest.raises(http.FetchFailed) as refused:
        http.fetch("GET", url)
    assert refused.value.code in {"address_refused", "unreachable"}


def test_a_public_address_behind_a_translator_is_public() -> None:
    """On a network without IPv4 every server is reached this way (RFC 6052)."""
    assert http._is_public("64:ff9b::808:808")
    assert http._is_public("2001:4860:4860::8888")


def test_an_origin_named_by_the_installation_is_fetched(allowed: str) -> None:
    assert http.fetch("GET", f"{allowed}/").json() == {"fine": True}


def test_another_port_of_a_named_host_is_not(allowed: str) -> None:
    with pytest.raises(http.FetchFailed, match="address_refused"):
        http.fetch("GET", "http://127.0.0.1:9/")


def test_it_follows_no_redirect(allowed: str) -> None:
    with pytest.raises(http.FetchFailed, match="redirected"):
        http.fetch("GET", f"{allowed}/redirect")


def test_it_stops_reading_at_the_cap(allowed: str) -> None:
    with pytest.raises(http.FetchFailed, match="too_large"):
        http.fetch("GET", f"{allowed}/big", max_bytes=1000)


@pytest.mark.parametrize("path", _PACKED)
def test_a_bomb_is_not_unfolded(allowed: str, path: str) -> None:
    """Twenty kilobytes that become twenty megabytes, or a few bytes that become those: neither is ever in memory."""
    http.fetch("GET", f"{allowed}/fine")  # the first one of a process loads what all of them need
    tracemalloc.start()
    try:
        with pytest.raises(http.FetchFailed, match="unreachable"):
            http.fetch("GET", f"{allowed}{path}")
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_it_asks_for_nothing_packed(allowed: str) -> None:
    assert http.fetch("GET", f"{allowed}/asked").json() == {"asked": "identity"}


def test_it_stops_waiting(allowed: str) -> None:
    with pytest.raises(http.FetchFailed, match="timeout"):
        http.fetch("GET", f"{allowed}/slow", timeout_s=0.3)


@pytest.mark.parametrize("path", ["nan", "deep", "latin"])
def test_what_is_not_strict_json_is_refused(allowed: str, path: str) -> None:
    with pytest.raises(http.FetchFailed, match="not_json"):
        http.fetch("GET", f"{allowed}/{path}").json()
