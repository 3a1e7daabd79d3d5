"""``make demo``: the whole product on this machine, with nothing but Python."""

import argparse
import json
import shutil
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from recovery_portal.demo.houses import ROLES, ROOT, Houses
from recovery_portal.demo.servers import NoServer, RedisServer, free_port, is_free
from recovery_portal.demo.tls import ServerCertificate

PORTS = {"portal": 8000, "provider": 8001, "wallet": 8002}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo")
    parser.add_argument("--reset", action="store_true", help="forget everything and start afresh")
    parser.add_argument("--https", action="store_true", help="serve all three houses over https, by a development CA")
    parser.add_argument(
        "--callbacks", nargs="*", default=[], metavar="ORIGIN", help="programs on this machine that may be called back"
    )
    parser.add_argument("--prepare-only", action="store_true", help="set up and seed, start nothing")
    arguments = parser.parse_args()
    if arguments.reset:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    arguments.folder.mkdir(parents=True, exist_ok=True)

    began = time.monotonic()
    ports = {role: port if is_free(port) else free_port() for role, port in PORTS.items()}
    redis = RedisServer(arguments.folder)
    try:
        redis.start()
    except NoServer as missing:
        _say(str(missing))
        return 1
    tls = ServerCertificate(arguments.folder) if arguments.https else None
    if tls:
        tls.prepare(datetime.now(UTC))  # this process only starts others: it has no settings
    houses = Houses(arguments.folder, ports=ports, redis_port=redis.port, tls=tls)
    houses.programs = tuple(arguments.callbacks)
    running = arguments.folder / "running.json"
    running.write_text(json.dumps({"ports": ports, "redis_port": redis.port, "https": arguments.https}))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _say("Preparing three databases …")
        houses.migrate()
        houses.start()
        sign_in = furnish(houses)
        _welcome(houses, sign_in, time.monotonic() - began)
        if not arguments.prepare_only:
            while all(process.poll() is None for process in houses.processes.values()):
                time.sleep(1)
            _say(f"A process ended; its log is in {arguments.folder}.")
            return 1
    except KeyboardInterrupt:
        _say("\nStopping …")
    finally:
        for impatience in (signal.SIGTERM, signal.SIGINT):  # a second Ctrl+C must not leave half of them running
            signal.signal(impatience, signal.SIG_IGN)
        running.unlink(missing_ok=True)
        houses.stop()
        redis.stop()
    return 0


def furnish(houses: Houses) -> str:
    """Introduce the houses to each other, seed the demo organisation; returns the operator's one-time sign-in."""
    houses.manage(
        "provider",
        "register_relying_party",
        "--client-id",
        houses.url("portal"),
        "--name",
        "Contoso",
        "--redirect-uri",
        f"{houses.url('portal')}/recover/return/",
        "--jwks-uri",
        f"{houses.url('portal')}/verifier/jwks",
    )
    houses.manage(
        "provider",
        "register_wallet",
        "--client-id",
        houses.url("wallet"),
        "--name",
        "Pocket Wallet",
        "--redirect-uri",
        f"{houses.url('wallet')}/authorized",
    )
    return houses.manage("portal", "seed_demo").strip()


def _welcome(houses: Houses, sign_in: str, seconds: float) -> None:
    names = {"portal": "Portal", "provider": "Identity verification provider", "wallet": "Wallet"}
    _say(f"\nReady after {seconds:.0f} s. Begin here:  {houses.url('portal')}/demo/\n")
    for role in ROLES:
        _say(f"  {names[role]:32}{houses.url(role)}/")
    _say(f"  {'Django admin':32}{houses.url('portal')}/admin/")
    _say(f"\n  Control API: {houses.url('portal')}/_emulation/  token: {houses.control_token}")
    if houses.tls:
        _say(f'\n  Let your browser and programs trust {houses.tls.ca_file} (README, "Over https").')
    _say(f"\n  {sign_in}\n  Mail lies in {houses.folder / 'mail'}. Ctrl+C stops everything.\n")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is the command's output


if __name__ == "__main__":
    sys.exit(main())
