"""The example project in an environment of its own: builds the wheel, installs it as anybody would, runs its tests.

Versions are those of the lock file. A test that was skipped counts as failed, and so does one that is missing. With a
number, all tests are run so many times more, each time in another order (``make shuffle``).
"""

import os
import secrets
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "examples" / "acme_portal"
FOLDER = ROOT / ".test" / "acme_portal"
UV = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
# Nothing of this repository is on the way: not its folder, nor its settings.
HIDDEN = ("PYTHONPATH", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "PORTAL_", "DATABASE_URL", "REDIS_URL", "PYTEST_")
RUNS = {
    "all of it": (["-n", "2"], 11),
    "without the plugin": (["-p", "no:recovery", "tests/test_welcome.py"], 1),
}


def main() -> int:
    _install()
    for name, (arguments, wanted) in RUNS.items():
        _tests(name, arguments, wanted)
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 0):
        seed = secrets.randbelow(2**32)
        print(f"in the order of {seed}", flush=True)
        arguments, wanted = RUNS["all of it"]
        _tests(f"in the order of {seed}", [*arguments, f"--randomly-seed={seed}"], wanted)
    return 0


def _install() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(PROJECT, FOLDER / "project")
    environment = FOLDER / "environment"
    _run(UV, "build", "--quiet", "--wheel", "--out-dir", str(FOLDER / "dist"), str(ROOT))
    _run(UV, "venv", "--quiet", "--python", sys.executable, str(environment))
    _run(
        *(UV, "pip", "install", "--quiet", "--python", str(environment), "--group", "dev"),
        *("--find-links", str(FOLDER / "dist"), "--constraints", str(ROOT / "requirements-dev.lock")),
        # What was built a moment ago, and not what was built before under the same version.
        *("--refresh-package", "recovery-portal", "--reinstall-package", "recovery-portal"),
    )


def _tests(name: str, arguments: list[str], wanted: int) -> None:
    report = FOLDER / "report.xml"
    _run(str(FOLDER / "environment" / "bin" / "python"), "-m", "pytest", "-q", f"--junitxml={report}", *arguments)
    suite = xml.parse(report).getroot()[0]
    passed = int(suite.get("tests", 0)) - int(suite.get("skipped", 0))
    if passed != wanted:
        sys.exit(f"The example project, {name}: {passed} tests passed, not {wanted}.")


def _run(*command: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    done = subprocess.run(command, cwd=FOLDER / "project", env=clean | {"OMP_NUM_THREADS": "1"}, check=False)
    if done.returncode:
        sys.exit(f"The example project: {Path(command[0]).name} {' '.join(command[1:3])} … failed.")


if __name__ == "__main__":
    sys.exit(main())
