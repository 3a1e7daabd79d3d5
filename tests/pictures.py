"""``make pictures``: takes the pictures that README and docs show, and keeps those alone.

The browser's tests take every page; of a hundred of them a dozen are shown, and only these belong into the repository.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
TAKEN_BY = ("tests/browser/test_looks.py", "tests/browser/test_console.py", "tests/browser/test_console_attempts.py")
_SHOWN = re.compile(r"!\[[^\]]*\]\((?:docs/|\.\./)?images/([^)\s]+)\)")


def shown() -> set[str]:
    """The names of the pictures in README and docs."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return {name for page in pages for name in _SHOWN.findall(page.read_text(encoding="utf-8"))}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "pytest", "-q", *TAKEN_BY)
        if subprocess.run(command, cwd=ROOT, env=os.environ | {"PICTURES": folder}, check=False).returncode:
            return 1
        if missing := sorted(name for name in shown() if not Path(folder, name).exists()):
            print(f"shown and not taken: {', '.join(missing)}")
            return 1
        shutil.rmtree(IMAGES, ignore_errors=True)
        IMAGES.mkdir(parents=True)
        for name in shown():
            shutil.copy(Path(folder, name), IMAGES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
