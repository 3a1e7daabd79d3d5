"""What `make check` asks of the project as a whole: migrations written, deployment settings safe, for every house."""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from idv.credentials import certificates
from recovery_portal.kit.vault import new_key

from . import installation

# The rooms' admin modules are loaded with the addresses, and only then can the checks see them.
_CHECK = """
from importlib import import_module
from django.conf import settings
from django.core.management import call_command
import_module(settings.ROOT_URLCONF)
call_command("check", deploy=True, fail_level="WARNING")
"""


def environment(role: str, folder: str) -> dict[str, str]:
    """What an installation by docker compose gives this house, with files in ``folder``; nothing is started with it."""
    given = installation.environment(role, secrets=folder, keys=folder)
    own = {
        "DJANGO_SETTINGS_MODULE": "recovery_portal.settings",
        "PORTAL_SECRET_KEY": "check-only-" + "k3Jd9s" * 10,
        "PORTAL_VAULT_KEY": new_key(),
        "DATABASE_URL": f"sqlite:///{folder}/{role}.sqlite3",
        "STATIC_ROOT": folder,
    }
    return os.environ | {name: text for name, text in given.items() if name.removesuffix("_FILE") not in own} | own


def certify_verifier(folder: str) -> None:
    """The verifier's own key and certificate, as an installation brings them."""
    at = datetime.now(UTC)
    anchor = certificates.development_ca("Checks", at)
    key = certificates.issue_leaf(anchor, name="Checks", dns_names=["recover.example"], at=at)
    Path(folder, "verifier.key").write_text(key.private_pem(), encoding="ascii")
    Path(folder, "verifier.pem").write_text("".join(key.chain_pems()), encoding="ascii")


def main() -> int:
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        certify_verifier(folder)
        for role in ("portal", "provider", "wallet"):
            for command in (
                ["makemigrations", "--check", "--dry-run"],
                ["shell", "--no-imports", "-c", _CHECK],
            ):
                done = subprocess.run(
                    [sys.executable, "manage.py", *command], env=environment(role, folder), check=False
                ).returncode
                code = code or done
    return code


if __name__ == "__main__":
    sys.exit(main())
