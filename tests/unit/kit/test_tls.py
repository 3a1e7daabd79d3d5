"""https between the houses of an emulation: certificates of its own, trusted where they are named and nowhere else."""

import ssl
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from recovery_portal.demo.tls import ServerCertificate
from recovery_portal.kit import clock, http
from recovery_portal.testing import trust
from recovery_portal.testing.answers import ControlRefused, ServerUnreachable
from recovery_portal.testing.client import RecoveryClient


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing to say."""


@pytest.fixture
def certificate(tmp_path: Path) -> ServerCertificate:
    made = ServerCertificate(tmp_path)
    made.prepare(clock.now())
    return made


@pytest.fixture
def origin(certificate: ServerCertificate) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_development_authority_is_trusted_at_named_origins_alone(
    origin: str, certificate: ServerCertificate, settings: Any
) -> None:
    settings.OUTBOUND_ORIGINS = frozenset({origin})
    with pytest.raises(http.FetchFailed, match="unreachable"):
        http.fetch("GET", origin)
    settings.OUTBOUND_CA_FILE = str(certificate.ca_file)
    assert http.fetch("GET", origin).content == b"hello"
    settings.OUTBOUND_ORIGINS = frozenset()
    with pytest.raises(http.FetchFailed, match="address_refused"):
        http.fetch("GET", origin)


def test_the_authority_a_browser_was_told_of_stays(certificate: ServerCertificate) -> None:
    before = certificate.ca_file.read_bytes()
    assert stat.S_IMODE(certificate.key_file.stat().st_mode) == 0o600
    certificate.prepare(clock.now() + timedelta(days=300))
    assert certificate.ca_file.read_bytes() == before
    certificate.prepare(clock.now() + timedelta(days=380))
    assert certificate.ca_file.read_bytes() != before


@pytest.mark.parametrize("name", ["ca_file", "certificate_file", "key_file"])
def test_files_that_do_not_belong_together_are_made_anew(
    certificate: ServerCertificate, name: str, tmp_path: Path
) -> None:
    other = ServerCertificate(tmp_path / "other")
    other.ca_file.parent.mkdir()
    other.prepare(clock.now())
    for content in (getattr(other, name).read_bytes(), b"", b"\xff\x00"):
        getattr(certificate, name).write_bytes(content)
        certificate.prepare(clock.now())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate_file, certificate.key_file)
        assert certificate.ca_file.read_bytes() != other.ca_file.read_bytes()


def test_the_testers_kit_trusts_a_demos_authority_where_it_is_named_or_found(
    origin: str, certificate: ServerCertificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ServerUnreachable, match="certificate that is not trusted here: name the authority's file"):
        RecoveryClient(origin, "token", trusted=trust.context(origin)).health()
    named = trust.context(origin, str(certificate.ca_file))
    assert named is not None
    assert len(trust.key_digest(origin, named)) == 44
    # Who answers there is no portal; that they were heard is the point.
    with pytest.raises(ControlRefused, match="without JSON"):
        RecoveryClient(origin, "token", trusted=named).houses()
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "development-ca.pem").write_bytes(certificate.ca_file.read_bytes())
    (tmp_path / "theirs").mkdir()
    monkeypatch.chdir(tmp_path / "theirs")
    with pytest.raises(ControlRefused, match="without JSON"):
        RecoveryClient(origin, "token", trusted=trust.context(origin)).houses()
    assert trust.context("http://localhost:8000") is None


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_file_that_holds_no_authority_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(trust.AuthorityUnreadable, match=r"ca\.pem cannot be read as certificates to trust\.$"):
        trust.context("https://localhost:8000", str(file))
