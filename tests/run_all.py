"""``make test``: the suite on SQLite, what touches a database again on PostgreSQL, the browser, wallets of others."""

import subprocess
import sys
import time

PYTEST = [sys.executable, "-m", "pytest", "-q"]
# What touches no database says the same on every database.
PURE = ("unit/idv/credentials", "unit/idv/protocol", "unit/idv/face", "unit/idv/provider_document", "unit/kit")
# Nor do the words of pages in a hundred stories; the flows under them run on both.
STORIES = ("testing/test_scenarios.py", "testing/test_docs.py")
# Thousands of odd questions are asked where a NUL or a text too long is refused by the database itself.
ODD_QUESTIONS = "unit/api/test_schema.py"
IN_PROCESS = "not browser and not interop"
RUNS = {
    "SQLite": [*PYTEST, "-n", "2", "-m", IN_PROCESS, f"--ignore=tests/{ODD_QUESTIONS}"],
    "PostgreSQL": [
        *(sys.executable, "-m", "tests.postgresql", *PYTEST, "-n", "2", "-m", f"{IN_PROCESS} and not slow"),
        *(f"--ignore=tests/{folder}" for folder in (*PURE, *STORIES)),
    ],
    "browser": [*PYTEST, "-m", "browser", "tests/browser"],
    "example project": [sys.executable, "-m", "tests.example_project"],
    # -rs: what could not be shown because a library could not be had is named in the summary.
    "wallets of others": [*PYTEST, "-rs", "-m", "interop", "tests/interop"],
}
# Real processes and a real browser share two cores with each other: what failed there is tried once more, by itself,
# and a test that needed it is named, so that it is mended and not forgotten.
TRIED_AGAIN = {"browser", "wallets of others"}


def _run(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    passed = subprocess.run(command, check=False).returncode == 0
    if not passed and name in TRIED_AGAIN:
        print(f"== {name}: what failed above is run once more", flush=True)
        passed = (
            subprocess.run([*command, "--last-failed", "--last-failed-no-failures", "none"], check=False).returncode
            == 0
        )
        print(f"== {name}: {'UNSTABLE, see the failures above' if passed else 'failed twice'}", flush=True)
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return passed


def main() -> int:
    failed = [name for name, command in RUNS.items() if not _run(name, command)]
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
