"""The pytest plugin: fixtures for everybody and everything in a recovery. `pytest --fixtures` shows them.

Nothing is imported, started or changed before the first of them is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .authenticator import SoftwareAuthenticator
    from .claims_extension import ClaimsExtension
    from .client import RecoveryClient
    from .directory import DirectoryGroup, DirectoryUser, Operator, Profile, TapPolicy
    from .documents import Document
    from .installation import Installation
    from .people import Face
    from .recovering import Recover
    from .scenario_run import Outcome
    from .surroundings import AuditTrail, Faults, Mailbox, RecoveryClock
    from .visitor import Visitor
    from .wallet import Wallet

IN_PROCESS_SETTINGS = "recovery_portal.testing.settings"
_SCENARIO = "recovery_scenario(name): run this scenario of the catalogue; the fixture `scenario_run` is what came of it"
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
        "--recovery-extension-port",
        default=7071,
        type=int,
        help="port on this machine at which a running portal may reach the claims extension (7071)",
    )
    group.addoption(
        "--recovery-scripted", action="store_true", help="scripted face and reader for every test: fast, and no OCR"
    )


def pytest_configure(config: pytest.Config) -> None:
    for marker in (_SCENARIO, _SCRIPTED):
        config.addinivalue_line("markers", marker)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test marked with a scenario runs it, whether or not it looks at what came of it."""
    marker = item.get_closest_marker("recovery_scenario")
    if marker is None:
        return
    from . import scenario

    if len(marker.args) != 1 or marker.kwargs:
        raise pytest.UsageError(f"{item.nodeid}: recovery_scenario takes one name, like recovery_scenario('phone').")
    try:
        scenario.find(marker.args[0])
    except scenario.ScenarioInvalid as error:
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
        yield True
        return
    with own_database.made(IN_PROCESS_SETTINGS):
        yield False


@pytest.fixture(scope="session")
def _recovery_server(request: pytest.FixtureRequest) -> Iterator[Installation | None]:
    """The running houses that `--recovery-url` names; None in process."""
    from . import client, installation

    url, token = request.config.getoption("recovery_url"), request.config.getoption("recovery_token")
    if not url:
        yield None
        return
    if not token:
        raise pytest.UsageError("--recovery-url needs --recovery-token; `make demo` prints it.")
    try:
        with installation.running(url, token) as houses:
            yield houses
    except client.ControlError as error:
        raise pytest.UsageError(f"--recovery-url: {error}") from error


@pytest.fixture
def recovery(request: pytest.FixtureRequest, _recovery_server: Installation | None) -> Iterator[Installation]:
    """The installation under test: `recovery.client` is the typed control API, `recovery.portal` an address.

    In process each test finds its houses empty; of a running server it finds limits, clock, faults and letters reset.
    """
    from . import installation, own_database

    scripted = request.config.getoption("recovery_scripted") or "recovery_scripted" in request.keywords
    if _recovery_server is not None:
        client = _recovery_server.client
        for put_back in (client.forget_limits, client.reset_clock, client.clear_faults, client.clear_mailbox):
            put_back()
        _choose_parts(_recovery_server, scripted=scripted)
        yield _recovery_server
        client.reset_clock()
        client.clear_faults()
        return
    if request.getfixturevalue("_recovery_database"):
        request.getfixturevalue("db")
        with installation.in_process(_token()) as houses:
            yield from _furnished(houses, scripted=scripted)
    else:
        with own_database.one_test(), installation.in_process(_token()) as houses:
            yield from _furnished(houses, scripted=scripted)


def _furnished(houses: Installation, *, scripted: bool) -> Iterator[Installation]:
    from . import own_database

    own_database.forget_what_is_cached()
    houses.client.introduce()
    _choose_parts(houses, scripted=scripted)
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


# --- Who and what ----------------------------------------------------------------------------------------------------


@pytest.fixture
def directory_user(recovery: Installation) -> DirectoryUser:
    """Vera Lindqvist, who has an account and lost every way to sign in. `.change(…)`, `.disable()`, `.another(…)`."""
    from .directory import DirectoryUser

    return DirectoryUser(recovery.client)


@pytest.fixture
def directory_group(recovery: Installation) -> DirectoryGroup:
    """An empty group called Testers. `.admit(directory_user)`, `.exclude_from_recovery()`."""
    from .directory import DirectoryGroup

    return DirectoryGroup(recovery.client)


@pytest.fixture
def recovery_profile(recovery: Installation) -> Profile:
    """A profile for everybody, in Production. `.evaluate()`, `.match("relaxed")`, `.threshold(80)`, `.only_for(…)`."""
    from .directory import Profile

    return Profile(recovery.client)


@pytest.fixture
def tap_policy(recovery: Installation) -> TapPolicy:
    """The Temporary Access Pass policy. `.change(default_length=12)`, `.only_for(group)`, `.disable()`."""
    from .directory import TapPolicy

    return TapPolicy(recovery.client)


@pytest.fixture
def operator(recovery: Installation) -> Operator:
    """An operator with every right; `.having("Global Reader")` is another. `.attempts_of(directory_user)`."""
    from .directory import Operator

    return Operator(recovery.client, recovery.client.seed_operator())


@pytest.fixture
def visitor(recovery: Installation, directory_user: DirectoryUser, recovery_profile: Profile) -> Iterator[Visitor]:
    """The directory user at a desktop browser. `.start_recovery()`, `.qr`, `.click("…")`, `.press("Continue")`."""
    from . import visitor as visitors
    from .walking import HttpWalker

    walker = HttpWalker(recovery, agent=visitors.DESKTOP, address="192.0.2.10")
    somebody = visitors.Visitor(recovery, walker, account=directory_user.user_principal_name)
    yield somebody
    somebody.close()


@pytest.fixture
def phone(recovery: Installation) -> Iterator[Visitor]:
    """A phone's browser. `.scan(visitor)` reads the code off the visitor's screen; then `.join()` or `.decline()`."""
    from . import visitor as visitors
    from .walking import HttpWalker

    held = visitors.Visitor(recovery, HttpWalker(recovery, agent=visitors.PHONE, address="198.51.100.20"))
    yield held
    held.close()


@pytest.fixture
def face(recovery: Installation) -> Face:
    """Vera before a camera. `.stranger()`, `.printed()`, `.in_the_dark()`, `.of("abel")` are others."""
    from .people import Face

    return Face(recovery)


@pytest.fixture
def document(recovery: Installation) -> Document:
    """Vera's SPECIMEN passport. `.of_kind("driving_licence")`, `.expired()`, `.with_glare()`, `.numbered(…)`."""
    from .documents import Document

    return Document(recovery)


@pytest.fixture
def wallet(recovery: Installation) -> Iterator[Wallet]:
    """A wallet with real keys. `.receive(phone)`, `.list()`, `.present(phone)`, `.refuse(…)`, `.tamper(…)`."""
    from .wallet import Wallet

    held = Wallet(recovery)
    yield held
    held.close()


@pytest.fixture
def passkey(recovery: Installation) -> SoftwareAuthenticator:
    """A software authenticator. Set `user_verified`, `backup_eligible`, `backed_up`, `counts`, `attestation`."""
    from .authenticator import SoftwareAuthenticator

    return SoftwareAuthenticator(origin=recovery.portal)


@pytest.fixture
def recover() -> Recover:
    """`recovered = recover(visitor, as_=face, with_=document)` gives the attempt, the pass and the passkey."""
    from .recovering import recover

    return recover


@pytest.fixture
def scenario_run(request: pytest.FixtureRequest, recovery: Installation) -> Outcome:
    """What came of the scenario that `@pytest.mark.recovery_scenario("…")` names: `.attempt`, `.pages`."""
    from . import scenario
    from . import scenario_run as running

    marker = request.node.get_closest_marker("recovery_scenario")
    if marker is None:
        raise pytest.UsageError("scenario_run needs @pytest.mark.recovery_scenario('name of a scenario').")
    outcome = running.run(scenario.find(marker.args[0]), recovery)
    if outcome.differences:
        pytest.fail(f"{outcome.scenario.title}: " + "; ".join(outcome.differences), pytrace=False)
    return outcome


# --- What surrounds it -----------------------------------------------------------------------------------------------


@pytest.fixture
def mailbox(recovery: Installation) -> Mailbox:
    """Every letter that was sent. `.letters(to)`, `.newest()`, `.link_in(letter)`."""
    from .surroundings import Mailbox

    return Mailbox(recovery.client)


@pytest.fixture
def audit_trail(recovery: Installation) -> AuditTrail:
    """The audit since the test began. `.activities`, `.only("User started account recovery")`."""
    from .surroundings import AuditTrail

    return AuditTrail(recovery.client)


@pytest.fixture
def recovery_clock(recovery: Installation) -> Iterator[RecoveryClock]:
    """The clock of all three houses. `.forward(minutes=31)`, `.stand_still_at("2026-11-22T12:00:00+00:00")`."""
    from .surroundings import RecoveryClock

    clock = RecoveryClock(recovery.client)
    yield clock
    clock.reset()


@pytest.fixture
def claims_extension(
    request: pytest.FixtureRequest, recovery: Installation, recovery_profile: Profile
) -> Iterator[ClaimsExtension]:
    """A real server that is asked about the claims. `.passes()`, `.fails("dateOfBirth")`, `.breaks(…)`, `.calls`."""
    from . import claims_extension as extensions

    port = request.config.getoption("recovery_extension_port")
    with extensions.serving(recovery, port=port) as extension:
        extension.attach_to(recovery_profile)
        yield extension
        extension.detach_from(recovery_profile)


@pytest.fixture
def faults(recovery: Installation) -> Iterator[Faults]:
    """What breaks. `.turn_off("provider")`, `.slow_down("status_list", milliseconds=900)`, `.mend()`."""
    from .surroundings import Faults

    broken = Faults(recovery.client)
    yield broken
    broken.mend()
