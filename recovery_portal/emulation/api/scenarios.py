"""The catalogue: what can be played, and playing it against the running houses."""

from typing import Final

from recovery_portal.testing import scenario, shapes, wishes
from recovery_portal.testing.answers import ControlError
from recovery_portal.testing.scenario import Scenario
from recovery_portal.testing.scenario_words import ScenarioInvalid
from recovery_portal.testing.strict import InputRefused

from ..doors import operation
from ..flows import playing

_PORTAL: Final = frozenset({"portal"})


@operation("GET", "scenarios", answers=list[shapes.ScenarioTold], houses=_PORTAL)
def scenarios() -> list[shapes.ScenarioTold]:
    """The catalogue, by name."""
    return [
        shapes.ScenarioTold(one.name, one.title, one.covers, one.device, one.parts, one.expect.outcome)  # type: ignore[arg-type]
        for one in scenario.catalogue().values()
    ]


@operation("POST", "scenarios/run", takes=wishes.ScenarioChoice, answers=shapes.ScenarioOutcome, houses=_PORTAL)
def run_scenario(given: wishes.ScenarioChoice) -> shapes.ScenarioOutcome:
    """Play one scenario, of the catalogue by its name or as it is written here, and say what came of it."""
    try:
        outcome = playing.play(_chosen(given))
    except (ScenarioInvalid, ControlError) as error:
        raise InputRefused(str(error)) from error
    return shapes.ScenarioOutcome(
        name=outcome.scenario.name,
        passed=outcome.passed,
        differences=outcome.differences,
        pages=outcome.pages,
        attempt_id=outcome.attempt.id if outcome.attempt else None,
        seconds=round(outcome.seconds, 3),
    )


def _chosen(given: wishes.ScenarioChoice) -> Scenario:
    if bool(given.name) == (given.scenario is not None):
        raise InputRefused("Give the name of a scenario, or a scenario, and not both.")
    return scenario.find(given.name) if given.scenario is None else scenario.made("scenario", given.scenario)
