"""What surrounds a recovery: letters, audit, time, faults, and the organisation's own word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .claims_extension import ClaimsExtension
    from .directory import Profile
    from .installation import Installation
    from .surroundings import AuditTrail, Faults, Mailbox, RecoveryClock


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
