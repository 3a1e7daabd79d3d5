"""`manage.py scenario`: lists, plays, reports, and says in one sentence what cannot be played."""

import xml.etree.ElementTree as xml
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from recovery_portal.emulation.management.commands import scenario as command
from recovery_portal.testing import scenario, scenario_run
from recovery_portal.testing.installation import Installation


def test_the_list_names_what_a_scenario_covers(capsys: Any) -> None:
    call_command("scenario", "list", "--covers", "F5")
    listed = capsys.readouterr().out
    assert "name_mismatch" in listed
    assert "provider_down " not in listed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "phon"], "There is no scenario 'phon'. Did you mean 'phone'?"),
        (["list", "--covers", "F99"], "No scenario covers 'F99'. Did you mean 'F9'?"),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("scenario", *arguments)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("document: [unclosed", "mine.yaml is not readable YAML: expected ',' or ']', but got '<stream end>' (line 1"),
        ("documents: 3", "mine: documents is a list, not a whole number."),
        ("dokument: {}", "mine has no 'dokument'. Did you mean 'document'?"),
    ],
)
def test_a_file_of_ones_own_is_read_before_anything_runs(written: str, sentence: str, tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(written)
    with pytest.raises(CommandError) as refused:
        call_command("scenario", "run", str(own))
    assert str(refused.value).startswith(sentence)


def test_a_file_of_ones_own_is_listed(capsys: Any, tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text((scenario.FOLDER / "one_device.yaml").read_text())
    call_command("scenario", "list", str(own))
    assert capsys.readouterr().out.startswith("mine ")


def test_a_server_that_does_not_answer_is_one_sentence() -> None:
    with pytest.raises(CommandError, match=r"^Nobody answers at http://127\.0\.0\.1:1"):
        call_command("scenario", "run", "phone", "--url", "http://127.0.0.1:1", "--token", "x")


def test_what_came_otherwise_fails_the_run_and_stands_in_the_report(
    recovery: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    written = {"title": "Not so", "ends_after": "start", "expect": {"outcome": "completed"}}
    wrong = scenario.made("wrong", written)
    monkeypatch.setattr(command, "_each", lambda chosen, url, token: [(wrong, recovery)])
    with pytest.raises(CommandError, match="1 of 1 scenarios came out otherwise"):
        call_command("scenario", "run", "phone", "--junit", str(tmp_path / "report.xml"))
    suite = xml.parse(tmp_path / "report.xml").getroot()
    assert suite.get("failures") == "1"
    assert suite[0][0].get("message") == "outcome is 'atProvider', not 'completed'"
    assert "FAILED" in capsys.readouterr().out


def test_a_step_that_cannot_be_taken_ends_the_scenario_with_its_name(recovery: Installation) -> None:
    wrong = scenario.made("wrong", {"title": "Too early", "left_out": ["arrive"], "expect": {"outcome": "completed"}})
    outcome = scenario_run.run(wrong, recovery)
    assert outcome.differences[0].startswith("details: No page has been opened yet.")
