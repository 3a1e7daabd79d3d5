"""The catalogue: every scenario comes out as it says, and a scenario that cannot be run says so in one sentence."""

from pathlib import Path
from typing import Any

import pytest

from recovery_portal.testing import scenario, scenario_actions, scenario_run, scenario_steps, scenario_words
from recovery_portal.testing.installation import Installation
from recovery_portal.testing.scenario_words import ScenarioInvalid

CATALOGUE = scenario.catalogue()
EXPECT = {"outcome": "completed"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (one.parts == "real")) for name, one in CATALOGUE.items()],
)
def test_every_scenario_comes_out_as_it_says(name: str, recovery: Installation) -> None:
    assert scenario_run.run(CATALOGUE[name], recovery).differences == []


def test_the_catalogue_is_large_and_covers_every_known_failure() -> None:
    assert len(CATALOGUE) >= 60
    covered = {word for one in CATALOGUE.values() for word in one.covers}
    assert {"happy", "F1", "F2", "F3", "F4", "F5", "F6", "F8", "F9", "F10"} <= covered


def test_no_two_scenarios_have_one_title() -> None:
    titles = [one.title for one in CATALOGUE.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"expect": EXPECT}, "x lacks 'title'."),
        ({"title": "T", "expect": EXPECT, "doument": {}}, "x has no 'doument'. Did you mean 'document'?"),
        ({"title": "T", "expect": {"outcome": "compleated"}}, "x: expect: outcome cannot be 'compleated'. Did you"),
        ({"title": "T", "expect": EXPECT, "device": "fax"}, "x: device cannot be 'fax'. There is: phone, desktop."),
        ({"title": "T", "expect": EXPECT, "device": True}, "x: device is text, not true or false."),
        ({"title": "T", "expect": EXPECT, "document": {"fault": "glair"}}, "Did you mean 'glare'?"),
        ({"title": "T", "expect": EXPECT, "instead": {"present": "tampr"}}, "Did you mean 'tamper'?"),
        ({"title": "T", "expect": EXPECT, "instead": {"presnt": "tamper"}}, "Did you mean 'present'?"),
        ({"title": "T", "expect": EXPECT, "before": {"face": [{"clok": 1}]}}, "Did you mean 'clock'?"),
        ({"title": "T", "expect": EXPECT, "before": {"face": {"clock": 1}}}, "x: before face is a list of single"),
        ({"title": "T", "expect": EXPECT, "face_check": {"person": "abel"}}, "x: face_check is a list, not a mapping."),
        ({"title": "T", "expect": EXPECT, "ends_after": "start", "instead": {"face": "cancel"}}, "face comes after"),
        ({"title": "T", "expect": EXPECT, "device": "desktop", "instead": {"join": "decline"}}, "nothing to join"),
        (
            {"title": "T", "expect": EXPECT, "profile": {"mod": "evaluation"}},
            "x: profile: There is no field 'mod'; did",
        ),
        ({"title": "T", "expect": EXPECT, "profile": {"mode": "prodution"}}, "did you mean production?"),
        ({"title": "T", "expect": EXPECT, "tap_policy": {"enabled": 1}}, "x: tap_policy: enabled is true or false"),
        ({"title": "T", "expect": EXPECT, "before": {"face": [{"clock": 5}]}}, "face: clock is a mapping like"),
        ({"title": "T", "expect": EXPECT, "before": {"face": [{"clock": {"minuts": 5}}]}}, "Did you mean 'minutes'?"),
        ({"title": "T", "expect": EXPECT, "before": {"face": [{"clock": {"days": 1e9}}]}}, "days is a number up to"),
        (
            {"title": "T", "expect": EXPECT, "before": {"face": [{"network": {"provder": 1}}]}},
            "Did you mean 'provider'?",
        ),
        (
            {"title": "T", "expect": EXPECT, "before": {"face": [{"network": {"mail": "200%"}}]}},
            "mail is off, millisec",
        ),
        ({"title": "T", "expect": EXPECT, "before": {"face": [{"person": {"surnme": "B"}}]}}, "did you mean surname?"),
        ({"title": "T", "expect": EXPECT, "before": {"face": [{"operator": "cancle"}]}}, "Did you mean 'cancel'?"),
        ({"title": "T", "expect": EXPECT, "before": {"face": [{"mend": 1}]}}, "mend is true, or is not said."),
        (
            {"title": "T", "expect": EXPECT, "before": {"face": [{"mend": True}]}, "left_out": ["face"]},
            "face is left out.",
        ),
        ({"title": "T", "expect": EXPECT, "selfies": [{}] * 21}, "x: nobody tries more than 20 times."),
        ({"title": "T" * 201, "expect": EXPECT}, "x: title is one line of at most 200 characters."),
        ({"title": "T", "expect": EXPECT, "device": "x" * 150}, "xxx…. There is: phone, desktop."),
        (["not", "a", "mapping"], "x is a mapping, not a list."),
        (None, "x is a mapping, not nothing."),
    ],
)
def test_what_cannot_be_run_is_said_in_one_sentence(written: Any, sentence: str) -> None:
    with pytest.raises(ScenarioInvalid) as refused:
        scenario.made("x", written)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"title: [", b"\xff\xfe", b"&a [*a]", b"!!python/object:os.system {}", b"!!bool x", b"!!timestamp x"]
)
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioInvalid, match=r"^x"):
        scenario.read(path)


def test_where_a_file_breaks_off_is_said(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("title: T\n  expect: {")
    with pytest.raises(ScenarioInvalid) as refused:
        scenario.read(path)
    assert str(refused.value) == (
        "own.yaml is not readable YAML: mapping values are not allowed here (line 2, column 9)."
    )


def test_an_unknown_scenario_is_named_with_the_nearest() -> None:
    with pytest.raises(ScenarioInvalid, match=r"There is no scenario 'name_mismach'\. Did you mean 'name_mismatch'?"):
        scenario.find("name_mismach")


def test_everything_that_can_be_said_of_a_step_can_be_done() -> None:
    said = {(step, other) for step in scenario_words.STEPS for other in ("", *scenario_words.INSTEAD[step])}
    assert said == set(scenario_steps.WAYS)
    assert set(scenario_words.ACTIONS) == set(scenario_actions.ACTIONS)


def test_everything_that_can_be_said_is_said_by_some_scenario() -> None:
    acted = [act for one in CATALOGUE.values() for actions in one.before.values() for act in actions]
    assert {about for act in acted for word, about in act.items() if word == "operator"} == set(
        scenario_words.WORDS_OF["operator"]
    )
    played = {(step, other) for one in CATALOGUE.values() for step, other in one.instead.items()}
    assert not {(step, other) for step in scenario_words.STEPS for other in scenario_words.INSTEAD[step]} - played
