"""A portal of its own behind https, as Microsoft's libraries insist on: what `make demo HTTPS=1` serves, without the
other two houses."""

from datetime import UTC, datetime
from pathlib import Path

from recovery_portal.demo.houses import ROLES
from recovery_portal.demo.servers import free_port
from recovery_portal.demo.tls import ServerCertificate
from tests.browser.inside import OpenHouses


class HttpsPortal(OpenHouses):
    """Only the portal is started; its address is https://localhost:…, certified by `ca_file`."""

    operator_password = ""

    def __init__(self, folder: Path, *, redis_port: int) -> None:
        tls = ServerCertificate(folder)
        tls.prepare(datetime.now(UTC))
        super().__init__(folder, ports={role: free_port() for role in ROLES}, redis_port=redis_port, tls=tls)
        self.ca_file = tls.ca_file
