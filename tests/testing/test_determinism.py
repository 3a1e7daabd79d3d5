"""The same run from the same seed at the same moment says the same on the wire, but for signatures and secrets."""

from typing import Any

import pytest

from recovery_portal.testing import journal, own_database, scenario, scenario_run

MOMENT = "2026-11-22T12:00:00+00:00"


@pytest.mark.parametrize("name", ["phone", "one_device", "tampered_claim", "provider_down"])
def test_two_runs_of_one_scenario_write_the_same_journal(name: str, recovery: Any, recovery_clock: Any) -> None:
    told = []
    for _ in range(3):  # the first fetches keys that the process then knows
        own_database.forget_what_is_cached()
        recovery.client.reset()
        recovery.client.introduce()
        recovery.client.set_seed(7)
        recovery_clock.stand_still_at(MOMENT)
        assert scenario_run.run(scenario.find(name), recovery).differences == []
        told.append(journal.normalised(recovery.client.journal()))
    assert told[1]
    assert told[1] == told[2]


def test_a_scenario_that_goes_another_way_writes_another_journal(recovery: Any, recovery_clock: Any) -> None:
    recovery_clock.stand_still_at(MOMENT)
    scenario_run.run(scenario.find("one_device"), recovery)
    whole = journal.normalised(recovery.client.journal())
    recovery.client.clear_journal()
    scenario_run.run(scenario.find("tampered_claim"), recovery)
    assert journal.normalised(recovery.client.journal()) != whole
