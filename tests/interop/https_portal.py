"""A portal of its own behind https, as Microsoft's libraries insist on: a development CA, and gunicorn with it."""

import shlex
import ssl
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from idv.credentials import certificates
from recovery_portal.demo.houses import ROLES, Houses
from recovery_portal.demo.servers import START_TIMEOUT_S, free_port


class HttpsPortal(Houses):
    """Only the portal is started; its address is https://localhost:…, certified by `ca_file`."""

    operator_password = ""

    def __init__(self, folder: Path, *, redis_port: int) -> None:
        super().__init__(folder, ports={role: free_port() for role in ROLES}, redis_port=redis_port)
        at = datetime.now(UTC)
        authority = certificates.development_ca("Test CA", at)
        leaf = certificates.issue_leaf(authority, name="localhost", at=at, dns_names=["localhost"])
        self.ca_file, self._certificate, self._key = (folder / name for name in ("ca.pem", "leaf.pem", "leaf.key"))
        self.ca_file.write_text(authority.chain_pems()[0])
        self._certificate.write_text(leaf.chain_pems()[0])
        self._key.touch(mode=0o600)
        self._key.write_text(leaf.private_pem())

    def url(self, role: str) -> str:
        return super().url(role).replace("http:", "https:") if role == "portal" else super().url(role)

    def _spawn(self, name: str, command: str, role: str) -> None:
        tls = f" --certfile {shlex.quote(str(self._certificate))} --keyfile {shlex.quote(str(self._key))}"
        super()._spawn(name, command + tls if command.startswith("gunicorn ") else command, role)

    def wait_for(self, role: str) -> None:
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        deadline = time.monotonic() + START_TIMEOUT_S * 3
        while True:
            try:
                urllib.request.urlopen(f"{self.url(role)}/health/", timeout=2, context=trust).close()
                return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline:
                    log = (self.folder / f"{role}.log").read_text(errors="replace")
                    raise RuntimeError(f"the portal does not answer:\n{log[-3000:]}") from None
                time.sleep(0.2)
