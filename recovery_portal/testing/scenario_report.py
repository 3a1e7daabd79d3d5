"""What came of scenarios, for machines that read JUnit's XML."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .scenario_run import Outcome


def write_junit(path: Path, outcomes: Sequence[Outcome]) -> None:
    """One test case for each scenario. Raises OSError."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    suite = xml.Element(
        "testsuite",
        name="recovery scenarios",
        tests=str(len(outcomes)),
        failures=str(len(failed)),
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    )
    for outcome in outcomes:
        case = xml.SubElement(
            suite, "testcase", classname="scenarios", name=outcome.scenario.name, time=f"{outcome.seconds:.3f}"
        )
        if not outcome.passed:
            failure = xml.SubElement(case, "failure", message=outcome.differences[0])
            failure.text = "\n".join([outcome.scenario.title, *outcome.differences])
    xml.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
