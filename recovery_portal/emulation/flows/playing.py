"""A journey of the catalogue, or one of somebody's own, played against the running houses while somebody waits."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from recovery_portal.testing import installation, scenario_run
from recovery_portal.testing.installation import Installation
from recovery_portal.testing.scenario import Scenario
from recovery_portal.testing.scenario_run import Outcome


def play(chosen: Scenario) -> Outcome:
    """Raises ControlError, ScenarioInvalid."""
    with _houses() as houses:
        return scenario_run.run(chosen, houses)


@contextmanager
def _houses() -> Iterator[Installation]:
    """The houses of this installation, with nothing broken and the machine's own time before and afterwards."""
    token = settings.EMULATION_TOKEN
    alone = settings.ROLE == "all"
    running = installation.running(settings.PORTAL_BASE_URL, token, authority=settings.OUTBOUND_CA_FILE)
    with installation.in_process(token) if alone else running as houses:
        client = houses.client
        _put_back(houses)
        client.forget_limits()
        try:
            yield houses
        finally:
            _put_back(houses)
            client.reset_parts()


def _put_back(houses: Installation) -> None:
    houses.client.reset_clock()
    houses.client.clear_faults()
