"""The control API is what its description says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from recovery_portal.emulation import openapi
from recovery_portal.emulation.api import load
from recovery_portal.testing.client import RecoveryClient
from tests.fakes.control import ask

DOCUMENT = Path(__file__).parents[3] / "docs" / "emulation-openapi.yaml"


def test_the_description_in_the_repository_is_todays() -> None:
    load()
    assert DOCUMENT.read_text(encoding="utf-8") == openapi.as_yaml(), "run: make openapi"


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return [(path, method, told) for path, methods in paths.items() for method, told in methods.items()]


@pytest.mark.parametrize(("path", "method", "told"), _operations())
def test_every_described_operation_is_there_and_refuses_rubbish(
    room: RecoveryClient, path: str, method: str, told: dict[str, Any]
) -> None:
    address = path.removeprefix("/_emulation/")
    for parameter in told.get("parameters", []):
        if parameter["in"] == "path":
            address = address.replace(f"{{{parameter['name']}}}", "00000000-0000-4000-8000-000000000000")
    if "requestBody" in told:
        answer = ask(method.upper(), address, {"no_such_field": 1})
        assert answer.status_code == 400
        assert "no_such_field" in answer.json()["sentence"]
    elif method == "get":
        assert ask("GET", f"{address}?no_such_field=1").status_code in ({400} if _queries(told) else {200, 404})


def _queries(told: dict[str, Any]) -> bool:
    return any(parameter["in"] == "query" for parameter in told.get("parameters", []))
