"""Wallets and verifiers of other makers, against real processes over real HTTP."""

import json
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recovery_portal.demo.houses import Houses
from tests.browser.conftest import running_houses
from tests.browser.inside import OpenHouses

HERE = Path(__file__).parent
_LIBRARIES = "@openid4vc/openid4vp, @openid4vc/openid4vci and @sd-jwt/sd-jwt-vc from npm"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.interop)


@pytest.fixture(scope="session")
def houses() -> Iterator[OpenHouses]:
    """Portal, provider and wallet as processes; nothing in this process touches their databases."""
    with running_houses() as running:
        yield running


def printed_at_once(houses: Houses, role: str, *command: str) -> str:
    """What the command prints, which takes hardly more than a command that does nothing: well under a second.

    Least of three, in processor time; beside each other, as whatever else runs here slows both.
    """

    def spent(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        printed.append(houses.manage(role, *arguments))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)

    printed: list[str] = []
    took = [(spent("version"), spent(*command)) for _ in range(3)]
    nothing, something = (min(times) for times in zip(*took, strict=True))
    assert something < 2 * nothing, took
    return printed[-1]


class TypeScriptWallet:
    """`wallet.mjs`: one JSON command a line, one JSON answer a line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, do: str, **options: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **options}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the pinned libraries installed; `make test` brings both, so without them these tests fail."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.fail(f"NOT SHOWN, node or npm is missing: {_LIBRARIES}")
    if not (HERE / "node_modules" / "@openid4vc").is_dir():
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            pytest.fail(f"NOT SHOWN, npm could not install {_LIBRARIES}: {done.stderr[-200:]}")
    return program


@pytest.fixture(scope="session")
def typescript_wallet(node: str) -> Iterator[TypeScriptWallet]:
    command = [node, "wallet.mjs"]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield TypeScriptWallet(process)
        process.kill()


@pytest.fixture(scope="session")
def offer(houses: OpenHouses) -> Callable[..., dict[str, str]]:
    """A fresh credential offer and its transaction code, from the command for testers."""

    def make(*options: str) -> dict[str, str]:
        printed = houses.command(
            "provider", "issue_test_offer", "--given-name", "Anna", "--family-name", "Eriksson", "--json", *options
        )
        made: dict[str, str] = json.loads(printed)
        return made

    return make


@pytest.fixture(scope="session")
def requests_for(houses: OpenHouses) -> Callable[[list[list[str]]], list[str]]:
    """A fresh presentation request for each list of options, from the command for testers."""

    def make(options: list[list[str]]) -> list[str]:
        printed = [houses.command("portal", "request_test_presentation", "--json", *more) for more in options]
        return [json.loads(text)["request"] for text in printed]

    return make
