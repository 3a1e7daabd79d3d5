"""The example project in an environment of its own: builds the wheel, installs it as anybody would, runs its tests.

Versions are those of the lock file. A test that was skipped counts as failed, and so does one that is missing.
"""

import os
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
    for name, (arguments, wanted) in RUNS.items():
        report = FOLDER / "report.xml"
        _run(str(environment / "bin" / "python"), "-m", "pytest", "-q", f"--junitxml={report}", *arguments)
        suite = xml.parse(report).getroot()[0]
        passed = int(suite.get("tests", 0)) - int(suite.get("skipped", 0))
        if passed != wanted:
            sys.exit(f"The example project, {name}: {passed} tests passed, not {wanted}.")
    return 0


def _run(*command: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    done = subprocess.run(command, cwd=FOLDER / "project", env=clean | {"OMP_NUM_THREADS": "1"}, check=False)
    if done.returncode:
        sys.exit(f"The example project: {Path(command[0]).name} {' '.join(command[1:3])} … failed.")


if __name__ == "__main__":
    sys.exit(main())
