"""What a dark scheme changes: the values of colours, and nothing that stands, moves or is hidden."""

import re
from pathlib import Path

import pytest

SHEETS = sorted((Path(__file__).parents[2] / "static" / "css").glob("*.css"))


def in_the_dark(sheet: str) -> list[str]:
    """Every declaration in a rule for dark schemes."""
    found = []
    for begin in re.finditer(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*{", sheet):
        depth, end = 1, begin.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(sheet[end], 0)
            end += 1
        for rule in re.findall(r"{([^{}]*)}", sheet[begin.end() : end - 1]):
            found += [declared.strip() for declared in rule.split(";") if declared.strip()]
    return found


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_dark_scheme_sets_named_values_alone(path: Path) -> None:
    assert [declared for declared in in_the_dark(path.read_text(encoding="utf-8")) if declared[:2] != "--"] == []


def test_there_is_a_dark_scheme_to_look_at() -> None:
    declared = [one for path in SHEETS for one in in_the_dark(path.read_text(encoding="utf-8"))]
    assert len(declared) > 10
    assert in_the_dark("@media (prefers-color-scheme: dark) { p { --a: 1; display: none } }") == [
        "--a: 1",
        "display: none",
    ]
