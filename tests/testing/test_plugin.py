"""What the plugin does to a project that does not use it: nothing. And what it says to one that uses it wrongly."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"django", "numpy", "PIL", "httpx", "cryptography", "yaml", "recovery_portal.settings"}


def run_pytest(folder: Path, content: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest as somebody else runs it, in a folder of their own."""
    (folder / "test_theirs.py").write_text(content)
    # What else happens to be installed here is not what these tests are about.
    others = ("cacheprovider", "xdist", "randomly", "valkey")
    command = [sys.executable, "-m", "pytest", "-q", *(word for name in others for word in ("-p", f"no:{name}"))]
    if "no:recovery" not in arguments:
        command += ["-p", "recovery_portal.testing.plugin"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, recovery_portal.testing.plugin; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin"}
    )
    assert not [name for name in HEAVY if f"'{name}'" in done.stdout]


def test_a_run_that_uses_no_fixture_of_it_loads_and_changes_nothing(tmp_path: Path) -> None:
    content = f"""
import os, sys

def test_theirs():
    assert not {HEAVY!r} & set(sys.modules)
    assert "DJANGO_SETTINGS_MODULE" not in os.environ
"""
    done = run_pytest(tmp_path, content)
    assert done.returncode == 0, done.stdout


def test_without_the_plugin_everything_else_runs(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "def test_theirs(): pass", "-p", "no:recovery")
    assert done.returncode == 0, done.stdout


def test_every_fixture_is_described(tmp_path: Path) -> None:
    shown = run_pytest(tmp_path, "", "--fixtures").stdout
    wanted = (
        "directory_user directory_group recovery_profile tap_policy visitor phone document face wallet passkey operator"
        " mailbox audit_trail recovery_clock faults claims_extension recover scenario_run"
    )
    for name in wanted.split():
        described = shown.partition(f"\n{name} -- ")[2]
        assert described, name
        assert "no docstring available" not in described.partition("\n\n")[0]


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (
            "import pytest\n@pytest.mark.recovery_scenario('name_mismach')\ndef test_theirs(): pass",
            (),
            "There is no scenario 'name_mismach'. Did you mean 'name_mismatch'?",
        ),
        (
            "import pytest\n@pytest.mark.recovery_scenario()\ndef test_theirs(): pass",
            (),
            "recovery_scenario takes one name, like recovery_scenario('phone').",
        ),
        (
            "def test_theirs(recovery): pass",
            ("--recovery-url", "http://127.0.0.1:1", "--recovery-token", "x"),
            "--recovery-url: Nobody answers at http://127.0.0.1:1",
        ),
        (
            "def test_theirs(recovery): pass",
            ("--recovery-url", "https://127.0.0.1:1", "--recovery-token", "x", "--recovery-ca", "nothing.pem"),
            "--recovery-ca: nothing.pem cannot be read as certificates to trust.",
        ),
        (
            "def test_theirs(recovery): pass",
            ("--recovery-url", "localhost:8000", "--recovery-token", "x"),
            "--recovery-url: localhost:8000 is no web address: such begin with http:// or https://.",
        ),
        (
            "def test_theirs(recovery): pass",
            ("--recovery-url", "http://127.0.0.1:1"),
            "--recovery-url needs --recovery-token",
        ),
        ("def test_theirs(): pass", ("--recovery-seed", "seven"), "'seven' is no whole number, like 7."),
    ],
)
def test_what_cannot_run_is_said_in_one_sentence(
    tmp_path: Path, content: str, arguments: tuple[str, ...], sentence: str
) -> None:
    done = run_pytest(tmp_path, content, *arguments)
    assert done.returncode != 0
    assert (done.stdout + done.stderr).count(sentence) == 1


def test_other_django_settings_are_named(tmp_path: Path) -> None:
    (tmp_path / "their_settings.py").write_text("SECRET_KEY = 'x'\nUSE_TZ = True\n")
    done = run_pytest(tmp_path, "def test_theirs(recovery): pass", "--ds", "their_settings")
    assert "use DJANGO_SETTINGS_MODULE=recovery_portal.testing.settings" in done.stdout + done.stderr


RECORDED = """
import pytest

class Client:
    def __getattr__(self, verb):
        return lambda *told, **more: print(verb, *told)

class Houses:
    client = Client()
    def choose_parts(self, **parts): pass

@pytest.fixture(scope="session")
def _recovery_server():
    return Houses()

@pytest.mark.parametrize("n", [1, 2])
def test_theirs(recovery, n): assert False
"""


def test_a_run_can_be_drawn_again_and_each_test_draws_its_own(tmp_path: Path) -> None:
    def drawn(*arguments: str) -> tuple[set[str], list[str]]:
        told = run_pytest(tmp_path, RECORDED, *arguments).stdout
        return set(re.findall(r"set_seed (\d+)", told)), re.findall(r"--recovery-seed=(\d+)", told)

    first, [seed] = drawn()
    assert len(first) == 2
    assert drawn("--recovery-seed", seed) == (first, [seed])
    assert drawn("--recovery-seed", seed, "test_theirs.py::test_theirs[2]")[0] < first
    assert not drawn("--recovery-seed", str(int(seed) // 2 + 1))[0] & first
