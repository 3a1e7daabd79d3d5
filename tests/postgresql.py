"""A PostgreSQL cluster of its own for one run: a temporary folder, a free port, gone afterwards.

``python -m tests.postgresql COMMAND…`` runs the command with DATABASE_URL naming it.
"""

import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recovery_portal.demo.servers import free_port

# What a cluster does for the day after a crash, or for many days, is nothing to one that is thrown away.
IN_A_HURRY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "jit": "off",
    "shared_buffers": "256MB",
}


def _bin(name: str) -> str:
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}")) or [shutil.which(name) or ""]
    if not found[-1]:
        raise RuntimeError(f"PostgreSQL's {name} was not found: run .ci/provision.")
    return found[-1]


@contextmanager
def cluster() -> Iterator[str]:
    """Base URL ``postgresql://tests@127.0.0.1:port`` of a running cluster; append ``/name`` for a database."""
    folder = Path(tempfile.mkdtemp(prefix="rp-postgresql-"))
    # PostgreSQL refuses to run as root; the package brings a user for it.
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    run = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    port = free_port()
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **run}
    initdb = [_bin("initdb"), "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    subprocess.run(initdb, check=True, **quiet)  # type: ignore[call-overload]
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, **IN_A_HURRY}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    start = [_bin("pg_ctl"), "-D", str(data), "-w", "-t", "30", "-l", str(folder / "log"), "-o", options, "start"]
    subprocess.run(start, check=True, **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql://tests@127.0.0.1:{port}"
    finally:
        stop = [_bin("pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"]
        subprocess.run(stop, check=False, **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


def create_database(base_url: str, name: str) -> str:
    """Make the database and return its DATABASE_URL."""
    import psycopg

    with psycopg.connect(f"{base_url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{base_url}/{name}"


def main() -> int:
    with cluster() as url:
        # Importing the project has named its own settings for Celery; the command runs under the tests'.
        environment = os.environ | {"DATABASE_URL": f"{url}/postgres", "DJANGO_SETTINGS_MODULE": "tests.settings"}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
