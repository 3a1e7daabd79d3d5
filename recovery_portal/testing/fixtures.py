"""The people of a recovery and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .authenticator import SoftwareAuthenticator
    from .directory import DirectoryGroup, DirectoryUser, Operator, Profile, TapPolicy
    from .documents import Document
    from .installation import Installation
    from .people import Face
    from .recovering import Recover
    from .scenario_run import Outcome
    from .visitor import Visitor
    from .wallet import Wallet


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
