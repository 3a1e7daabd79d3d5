"""The pytest plugin: fixtures for everybody and everything in a recovery. `pytest --fixtures` shows them.

Nothing is imported, started or changed before the first of them is used.
"""

from __future__ import annotations

import argparse
import os
import random
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from .client import RecoveryClient
    from .installation import Installation

pytest_plugins = [
    "recovery_portal.testing.fixtures",
    "recovery_portal.testing.fixtures_around",
    "recovery_portal.testing.fixtures_browser",
]
IN_PROCESS_SETTINGS = "recovery_portal.testing.settings"
_SCENARIO = "recovery_scenario(name): run this scenario of the catalogue; the fixture `scenario_run` is what came of it"
_SEED = pytest.StashKey[int]()
_SEED_OF_RUN, _DREW = "recovery_seed", "recovery_drew_lots"
_SCRIPTED = "recovery_scripted: scripted face and reader; photos are cue cards, and everything else stays real"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("recovery", "account recovery (recovery_portal.testing)")
    group.addoption(
        "--recovery-url",
        default=os.environ.get("RECOVERY_URL", ""),
        help="address of a running portal; without one, all houses run in this process",
    )
    group.addoption(
        "--recovery-token",
        default=os.environ.get("RECOVERY_TOKEN", ""),
        help="control token of the running portal; `make demo` prints it",
    )
    group.addoption(
        "--recovery-ca",
        default=os.environ.get("RECOVERY_CA", ""),
        metavar="FILE",
        help="whom to trust over https; without it the development authority of a demo in this folder or one above",
    )
    group.addoption(
        "--recovery-seed",
        default=None,
        type=_whole_number,
        metavar="N",
        help="draw the challenges before the camera as a run with this seed did; pytest-randomly's, where it is",
    )
    group.addoption("--recovery-chromium", default="", help="the Chromium of the browser twins; the machine's own")
    group.addoption(
        "--recovery-extension-port",
        default=7071,
        type=_whole_number,
        help="port on this machine at which a running portal may reach the claims extension (7071)",
    )
    group.addoption(
        "--recovery-scripted", action="store_true", help="scripted face and reader for every test: fast, and no OCR"
    )


def _whole_number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is no whole number, like 7.")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SEED] = _seed_of(config)
    for marker in (_SCENARIO, _SCRIPTED):
        config.addinivalue_line("markers", marker)


def _seed_of(config: pytest.Config) -> int:
    """One for all workers, and another in each run, unless it is told."""
    if hasattr(config, "workerinput"):
        return int(config.workerinput[_SEED_OF_RUN])
    told = config.getoption("recovery_seed")
    if told is None:
        told = config.getoption("randomly_seed", None)
    return told % 2**31 if isinstance(told, int) else random.SystemRandom().randrange(2**31)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_SEED_OF_RUN] = node.config.stash[_SEED]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Whoever looks for the cause of a failure draws the same lots again."""
    failed = [report for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, [])]
    if any(_DREW in getattr(report, "keywords", ()) for report in failed):
        terminalreporter.write_line(f"To draw the same challenges again: --recovery-seed={config.stash[_SEED]}")


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test marked with a scenario runs it, whether or not it looks at what came of it."""
    marker = item.get_closest_marker("recovery_scenario")
    if marker is None:
        return
    from . import scenario, scenario_words

    if len(marker.args) != 1 or marker.kwargs:
        raise pytest.UsageError(f"{item.nodeid}: recovery_scenario takes one name, like recovery_scenario('phone').")
    try:
        scenario.find(marker.args[0])
    except scenario_words.ScenarioInvalid as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from error
    for fixture in ("recovery", "scenario_run"):
        if fixture not in item.fixturenames:  # type: ignore[attr-defined]
            item.fixturenames.append(fixture)  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """pytest-django makes a database for the tests that say so: those that use the houses in this process do."""
    from . import own_database

    if config.getoption("recovery_url") or not own_database.is_pytest_djangos(config):
        return
    for item in items:
        if "recovery" in getattr(item, "fixturenames", ()) and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db)


# --- The installation ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _recovery_database(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Django and an empty database for the houses in this process; True when pytest-django keeps both."""
    from . import own_database

    if own_database.is_kept_by_pytest_django(request.config):
        own_database.spare_the_collector()
        yield True
        return
    with own_database.made(IN_PROCESS_SETTINGS):
        own_database.spare_the_collector()
        yield False


@pytest.fixture(scope="session")
def _recovery_server(request: pytest.FixtureRequest) -> Iterator[Installation | None]:
    """The running houses that `--recovery-url` names, left as they were found; None in process."""
    from . import answers, installation, trust

    url, token = request.config.getoption("recovery_url"), request.config.getoption("recovery_token")
    if not url:
        yield None
        return
    if hasattr(request.config, "workerinput"):
        raise pytest.UsageError("--recovery-url: one server serves one test at a time; run without -n.")
    if not token:
        _give_up("--recovery-url needs --recovery-token; `make demo` prints it.")
    try:
        with installation.running(url, token, authority=request.config.getoption("recovery_ca")) as houses:
            found = houses.client.snapshot()
            yield houses
            houses.client.restore(found)
            houses.client.reset_parts()
    except answers.ControlError as error:
        _give_up(f"--recovery-url: {error}")
    except trust.AuthorityUnreadable as error:
        _give_up(f"--recovery-ca: {error}")


def _give_up(sentence: str) -> NoReturn:
    """What would fail every test is said once."""
    pytest.exit(sentence, returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture
def recovery(request: pytest.FixtureRequest, _recovery_server: Installation | None) -> Iterator[Installation]:
    """The installation under test: `recovery.client` is the typed control API, `recovery.portal` an address.

    Each test finds its houses empty; a running server is at the end as it was before.
    """
    from . import installation, own_database

    scripted = request.config.getoption("recovery_scripted") or "recovery_scripted" in request.keywords
    # Of the run and the test, so that a test draws the same alone, in any order and on any worker.
    seed = (request.config.stash[_SEED] + zlib.crc32(request.node.nodeid.encode())) % 2**31
    request.node.keywords[_DREW] = True
    if _recovery_server is not None:
        _recovery_server.client.reset()
        _recovery_server.client.introduce()
        _choose_parts(_recovery_server, scripted=scripted)
        _recovery_server.client.set_seed(seed)
        yield _recovery_server
        return
    if request.getfixturevalue("_recovery_database"):
        request.getfixturevalue("db")
        with installation.in_process(_token()) as houses:
            yield from _furnished(houses, scripted=scripted, seed=seed)
    else:
        with own_database.one_test(), installation.in_process(_token()) as houses:
            yield from _furnished(houses, scripted=scripted, seed=seed)


def _furnished(houses: Installation, *, scripted: bool, seed: int) -> Iterator[Installation]:
    from . import own_database

    own_database.forget_what_is_cached()
    houses.client.introduce()
    _choose_parts(houses, scripted=scripted)
    houses.client.set_seed(seed)
    yield houses
    own_database.forget_what_is_cached()


def _choose_parts(houses: Installation, *, scripted: bool) -> None:
    part = "scripted" if scripted else "real"
    houses.choose_parts(face=part, reader=part)


def _token() -> str:
    from django.conf import settings

    return str(settings.EMULATION_TOKEN)


@pytest.fixture
def recovery_client(recovery: Installation) -> RecoveryClient:
    """The typed client of the control API."""
    return recovery.client
