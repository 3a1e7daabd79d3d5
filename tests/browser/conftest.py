"""Real processes, a real Redis, a real Chromium: nothing in these tests is scripted or mocked."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from recovery_portal.demo.__main__ import furnish
from recovery_portal.demo.houses import ROLES
from recovery_portal.demo.servers import RedisServer, free_port
from recovery_portal.testing.browser_walking import ARGUMENTS, DESKTOP, PHONE
from tests import postgresql

from .inside import OpenHouses
from .relying_party import PORT as RELYING_PARTY_PORT

# Houses, workers and browsers share two cores: what takes a blink alone may take seconds beside a Face Check.
expect.set_options(timeout=20_000)
EXTENSION_PORT = free_port()
# A bar that sways while somebody waits is drawn by the processor that they wait for.
STILL = {"reduced_motion": "reduce"}
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@contextmanager
def running_houses(databases: dict[str, str] | None = None) -> Iterator[OpenHouses]:
    folder = Path(tempfile.mkdtemp(prefix="rp-houses-"))
    redis = RedisServer(folder)
    redis.start()
    houses = OpenHouses(
        folder,
        ports={role: free_port() for role in ROLES},
        redis_port=redis.port,
        databases=databases,
        # One address walks every test; what a crowd may do is tested in process.
        extra={
            "RECOVERY_STARTS_PER_ADDRESS": "500",
            "RECOVERY_STARTS_PER_ACCOUNT": "500",
            "WALLETS_PER_ADDRESS": "500",
        },
    )
    # A program of somebody else's, which may be called back: `walk.RelyingParty`.
    others = (f"http://localhost:{port}" for port in (RELYING_PARTY_PORT, EXTENSION_PORT))
    houses.extra["OUTBOUND_ORIGINS"] = ",".join([*map(houses.url, ROLES), *others])
    try:
        houses.migrate()
        houses.start()
        furnish(houses)
        yield houses
    finally:
        houses.stop()
        redis.stop()
        if not os.environ.get("KEEP_LOGS"):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def houses() -> Iterator[OpenHouses]:
    """Portal, provider, wallet and two workers on SQLite files."""
    with running_houses() as running:
        yield running


@pytest.fixture(scope="module")
def houses_on_postgresql() -> Iterator[OpenHouses]:
    """The same on a PostgreSQL with one database for each house."""
    with (
        postgresql.cluster() as url,
        running_houses({role: postgresql.create_database(url, role) for role in ROLES}) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # Playwright's loop runs in this thread; Django would refuse its own synchronous database calls beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
    yield running
    running.close()


@pytest.fixture
def desktop(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(**DESKTOP, **STILL)
    yield context
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(**PHONE, **STILL)
    yield context
    context.close()
