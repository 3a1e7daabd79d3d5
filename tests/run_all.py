"""``make test``: the suite on SQLite, again on PostgreSQL with the tests of real concurrency, then the browser, then wallets of others."""

import subprocess
import sys
import time

PYTEST = [sys.executable, "-m", "pytest", "-q"]
# What touches no database says the same on every database.
PURE = ("unit/idv/credentials", "unit/idv/protocol", "unit/idv/face", "unit/idv/provider_document", "unit/kit")
RUNS = {
    "SQLite": [*PYTEST, "-n", "2", "-m", "not browser and not interop"],
    "PostgreSQL": [sys.executable, "-m", "tests.postgresql", *PYTEST, "-n", "2", "-m", "not browser and not interop and not slow"]
    + [f"--ignore=tests/{folder}" for folder in PURE],
    "browser": [*PYTEST, "-m", "browser", "tests/browser"],
    # -rs: what could not be shown because a library could not be had is named in the summary.
    "wallets of others": [*PYTEST, "-rs", "-m", "interop", "tests/interop"],
}


def main() -> int:
    failed = []
    for name, command in RUNS.items():
        began = time.monotonic()
        code = subprocess.run(command, check=False).returncode
        print(f"== {name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
        if code:
            failed.append(name)
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
