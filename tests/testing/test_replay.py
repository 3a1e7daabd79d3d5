"""A run that is recorded comes out the same when it is walked again, or it is said what did not."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from recovery_portal.testing import bundle, replaying, scenario, scenario_run
from recovery_portal.testing.installation import Installation
from recovery_portal.testing.scenario_words import ScenarioInvalid

INFERRED = [
    "phone",
    "one_device",
    "evaluation_mismatch",
    "expired_document",
    "second_try_document",
    "other_face_then_right",
    "attempt_expires",
    "operator_cancels",
    "tampered_claim",
]


def recorded(name: str, houses: Installation, *, with_scenario: bool) -> bundle.Bundle:
    played = scenario.find(name)
    outcome = scenario_run.run(played, houses)
    assert outcome.passed, outcome.differences
    assert outcome.attempt is not None
    known = bundle.as_written(played) if with_scenario else None
    found = bundle.read(houses.client.bundle(outcome.attempt.id, scenario=known))
    # Walked again where nobody has been: a second Vera Lindqvist would be a homonym.
    houses.client.reset()
    houses.client.introduce()
    return found


@pytest.mark.parametrize("name", ["phone", "selfie_mismatch", "cancel_at_face"])
def test_a_recorded_scenario_comes_out_the_same(name: str, recovery: Installation) -> None:
    assert replaying.walk(recorded(name, recovery, with_scenario=True), recovery) == []


@pytest.mark.parametrize("name", INFERRED)
def test_a_run_whose_scenario_nobody_wrote_is_inferred_from_what_happened(name: str, recovery: Installation) -> None:
    found = recorded(name, recovery, with_scenario=False)
    assert found.is_inferred
    told = replaying.walk(found, recovery)
    assert [line for line in told if not line.startswith("message")] == []


def test_what_comes_otherwise_is_said(recovery: Installation) -> None:
    found = recorded("phone", recovery, with_scenario=True)
    found.scenario["face_check"] = [{"person": "abel"}]
    found.scenario["ends_after"] = "face"
    found.scenario["expect"] = {"outcome": "completed"}
    told = replaying.walk(found, recovery)
    assert "state: recorded 'completed', now 'presented'" in told
    assert "event only recorded: faceCheckPassed" in told


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "This file is no JSON in UTF-8."),
        (b"{}", "This file is no bundle"),
        (
            json.dumps(
                {"format": bundle.FORMAT, "scenario": {"titel": "T"}, "inferred": True,
                 "attempt": {"state": "x", "events": []}, "journal": []}
            ).encode(),
            "Did you mean 'title'?",
        ),
    ],
)  # fmt: skip
def test_the_command_refuses_what_is_no_bundle_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(content)
    with pytest.raises(CommandError) as refused:
        _checked(file)
    assert sentence in str(refused.value)


def _checked(file: Path) -> None:
    """The command as far as it goes without a database of its own: this process has one already."""
    from recovery_portal.emulation.management.commands import replay

    command = replay.Command(stdout=StringIO())
    command._walked = lambda recorded: scenario.made("bundle", recorded.scenario) and []  # type: ignore[method-assign]
    try:
        call_command(command, file)
    except ScenarioInvalid as error:
        raise CommandError(str(error)) from error


def test_the_command_walks_a_run_again_with_houses_of_its_own(tmp_path: Path, recovery: Installation) -> None:
    outcome = scenario_run.run(scenario.find("expired_document"), recovery)
    assert outcome.attempt is not None
    file = tmp_path / "run.json"
    file.write_bytes(recovery.client.bundle(outcome.attempt.id))
    assert _replayed(file) == (0, ["The scenario is inferred from what happened.", "The same again: refused."])
    recorded = json.loads(file.read_bytes())
    recorded["attempt"]["reason"] = "document_borrowed"
    file.write_text(json.dumps(recorded))
    code, told = _replayed(file)
    assert code != 0
    assert "reason: recorded 'document_borrowed', now 'document_expired'" in told


def _replayed(file: Path) -> tuple[int, list[str]]:
    """A process of its own, as somebody at a terminal runs it."""
    known = os.environ | {"DJANGO_SETTINGS_MODULE": "recovery_portal.testing.settings", "DATABASE_URL": "sqlite:///"}
    done = subprocess.run(
        [sys.executable, "-m", "django", "replay", str(file)], env=known, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing\.json cannot be read"):
        call_command("replay", tmp_path / "nothing.json")
