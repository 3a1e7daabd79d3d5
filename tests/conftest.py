"""What every test can rely on: no cache left over, and no socket out of this machine."""

import socket

import pytest
from django.contrib.contenttypes.management import create_contenttypes
from django.core.cache import cache
from django.db import connection
from django.db.models.signals import post_migrate
from hypothesis import HealthCheck, settings

# The development environment does not install the package: its entry point is not there.
pytest_plugins = ["recovery_portal.testing.plugin"]

# Limits in wall-clock time fail on a machine that is busy with the other tests.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

_connect = socket.socket.connect


def _only_loopback(self: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else ""
    if self.family in {socket.AF_INET, socket.AF_INET6} and host not in {"127.0.0.1", "::1", "localhost"}:
        raise OSError(f"a test reached for {host}")
    _connect(self, address)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _only_loopback)
    cache.clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """On PostgreSQL content types and permissions stay when everything else goes: nobody need write them anew."""
    if connection.vendor == "postgresql":
        post_migrate.disconnect(create_contenttypes)
        post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of real concurrency need row locks: they run when DATABASE_URL names PostgreSQL, as `make test` does."""
    if connection.vendor == "postgresql":
        return
    kept = [item for item in items if "postgresql" not in item.keywords]
    items[:] = kept
