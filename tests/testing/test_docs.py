"""The documentation of the testers' kit: every example is run, and the reference is what the code says."""

import re
from pathlib import Path

import pytest
import yaml

from recovery_portal.testing import reference, scenario
from tests.testing.test_plugin import ROOT, run_pytest

DOCS = ROOT / "docs" / "testing"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def _blocks(page: Path, language: str) -> list[str]:
    return [code for kind, code in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]


@pytest.mark.parametrize("page", ["tutorial", "how-to"])
def test_every_example_runs_as_it_stands(page: str, tmp_path: Path) -> None:
    code = "\n\n".join(_blocks(DOCS / f"{page}.md", "python"))
    done = run_pytest(tmp_path, code)
    assert done.returncode == 0, done.stdout
    assert f"{code.count('def test_')} passed" in done.stdout


def test_every_scenario_in_the_documentation_can_be_read() -> None:
    blocks = [block for page in DOCS.glob("*.md") for block in _blocks(page, "yaml")]
    assert blocks
    for block in blocks:
        scenario.made("example", yaml.safe_load(block))


def test_the_reference_is_what_the_code_says() -> None:
    written = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert written == reference.as_markdown(), "run: make reference"


def test_the_reference_names_every_fixture() -> None:
    assert reference.fixtures().keys() == reference.OBJECTS.keys()
