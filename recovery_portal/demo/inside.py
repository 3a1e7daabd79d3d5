"""``bin/in ROLE manage.py …``: a command with the environment of one house of the running demo."""

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from recovery_portal.demo.houses import ROLES, ROOT, Houses
from recovery_portal.demo.tls import ServerCertificate


def main() -> NoReturn:
    if len(sys.argv) < 3 or sys.argv[1] not in ROLES:
        sys.stderr.write(f"usage: bin/in {'|'.join(ROLES)} manage.py COMMAND …\n")
        sys.exit(2)
    folder = Path(os.environ.get("DEMO_FOLDER", ROOT / ".demo"))
    try:
        running = json.loads((folder / "running.json").read_text())
    except FileNotFoundError:
        sys.stderr.write("No demo is running here. Start it with: make demo\n")
        sys.exit(1)
    tls = ServerCertificate(folder) if running.get("https") else None
    houses = Houses(folder, ports=running["ports"], redis_port=running["redis_port"], tls=tls)
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, *sys.argv[2:]], houses.environment(sys.argv[1]))  # noqa: S606


if __name__ == "__main__":
    main()
