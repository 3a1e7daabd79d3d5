"""``make test``: everything in one process once, then real processes with a real browser, and wallets of others."""

import os
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

# Two processes, each with its half; who is done first takes over from the other.
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]
IN_PROCESS = ["-m", "not browser and not interop"]
# What runs in one process runs on PostgreSQL, the database of production, and nothing in the product asks which one it
# has. Apart from that are what touches no database, and the testers' kit, whose users run it on SQLite …
ON_SQLITE = (
    *(f"unit/{room}" for room in ("idv/credentials", "idv/protocol", "idv/face", "idv/provider_document", "kit")),
    "testing",
)
# … and these run on both: `make demo` has SQLite, as the real processes of the browser's tests have.
ON_BOTH = ("flow/test_recovery_journeys.py", "flow/test_provider_journey.py", "unit/emulation/test_snapshots.py")
RUNS = {
    "SQLite": [*PYTEST, *IN_PROCESS, *(f"tests/{path}" for path in (*ON_SQLITE, *ON_BOTH))],
    "PostgreSQL": [
        *(sys.executable, "-m", "tests.postgresql", *PYTEST, *IN_PROCESS),
        *(f"--ignore=tests/{path}" for path in ON_SQLITE),
    ],
    # Each of the two has houses and a browser of its own.
    "browser": [*PYTEST, "-m", "browser", "tests/browser"],
    "example project": [sys.executable, "-m", "tests.example_project"],
    # -rs: what could not be shown because a library could not be had is named in the summary.
    "wallets of others": [*PYTEST, "--dist", "loadfile", "-rs", "-m", "interop", "tests/interop"],
}
# Real processes and a real browser share two cores with each other: what failed there is tried once more, by itself,
# and a test that needed it is named, so that it is mended and not forgotten.
TRIED_AGAIN = {"browser", "wallets of others"}


# These wait for others more than for the processors: one beside the other, each told of when it is over.
BESIDE = ("example project", "wallets of others")
_one_tells = threading.Lock()


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _succeeds(command: list[str], name: str) -> bool:
    if name not in BESIDE:
        return subprocess.run(command, check=False).returncode == 0
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with _one_tells:
        print(done.stdout, end="", flush=True)
    return done.returncode == 0


def _run(name: str) -> bool:
    began, spent, command = time.monotonic(), _processor_s(), RUNS[name]
    passed = _succeeds(command, name)
    if not passed and name in TRIED_AGAIN:
        print(f"== {name}: what failed above is run once more", flush=True)
        passed = _succeeds([*command, "--last-failed", "--last-failed-no-failures", "none"], name)
        print(f"== {name}: {'UNSTABLE, see the failures above' if passed else 'failed twice'}", flush=True)
    took = f"{time.monotonic() - began:.0f} s"
    took += "" if name in BESIDE else f", {_processor_s() - spent:.0f} s of processors"
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {took}", flush=True)
    return passed


def main() -> int:
    os.environ["OMP_NUM_THREADS"] = "1"  # each of two processes has one core
    began = time.monotonic()
    passed = {name: _run(name) for name in RUNS if name not in BESIDE}
    with ThreadPoolExecutor() as both:
        passed |= dict(zip(BESIDE, both.map(_run, BESIDE), strict=True))
    print(f"== all in {time.monotonic() - began:.0f} s, {_processor_s():.0f} s of processors")
    failed = [name for name in RUNS if not passed[name]]
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
