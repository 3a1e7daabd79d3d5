"""A recorded run walked again, and what came otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import bundle, scenario, scenario_run

if TYPE_CHECKING:
    from .bundle import Bundle
    from .installation import Installation


def walk(recorded: Bundle, houses: Installation) -> list[str]:
    """What came otherwise than it is recorded, line by line; [] for the same again. Raises ScenarioInvalid."""
    played = scenario.made("bundle", recorded.scenario)
    outcome = scenario_run.run(played, houses)
    stopped = [line for line in outcome.differences if not line.startswith(("outcome is", "reason is", "events are"))]
    entries = houses.client.journal(outcome.attempt.id) if outcome.attempt else []
    return [*stopped, *bundle.differences(recorded, outcome.attempt, entries)]
