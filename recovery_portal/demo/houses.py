"""The three houses and their workers as real processes on this machine.

``make demo`` runs them for a visitor, the browser tests for themselves: the same processes, each house with its own
database, keys, cookie and queue.
"""

import os
import secrets
import shlex
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from recovery_portal.demo.servers import START_TIMEOUT_S
from recovery_portal.demo.tls import HOST, ServerCertificate
from recovery_portal.kit.tokens import new_token
from recovery_portal.kit.vault import new_key

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("portal", "provider", "wallet")
# Where an API for claim validation may listen on this machine: the sample one, or that of a tester.
EXTENSION = "http://localhost:7071"
WITH_WORKER = ("portal", "provider")


class Houses:
    """Environment, processes and logs of one installation in ``folder``.

    ``ports`` maps a role to its port; ``databases`` maps a role to its DATABASE_URL (SQLite files in the folder unless
    given); ``redis_url`` is called with a database number, one for each house.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Mapping[str, int],
        redis_port: int,
        databases: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
        tls: ServerCertificate | None = None,
    ) -> None:
        self.folder = folder
        self.ports = ports
        self.redis_port = redis_port
        self.databases = databases or {role: f"sqlite:///{folder / role}.sqlite3" for role in ROLES}
        self.extra = dict(extra or {})
        self.programs: tuple[str, ...] = ()  # origins on this machine that the houses may call back
        self.tls = tls
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "mail").mkdir(parents=True, exist_ok=True)

    def url(self, role: str) -> str:
        return f"{'https' if self.tls else 'http'}://{HOST}:{self.ports[role]}"

    def environment(self, role: str) -> dict[str, str]:
        # What else this process was started with is not for the houses: each is told everything it knows here.
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "recovery_portal.settings",
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "PORTAL_ROLE": role,
            "EMULATION": "1",
            "EMULATION_TOKEN": self.control_token,
            "PORTAL_SECRET_KEY": self._secret(role, "secret", lambda: secrets.token_urlsafe(48)),
            "PORTAL_VAULT_KEY": self._secret(role, "vault", new_key),
            "DATABASE_URL": self.databases[role],
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/{ROLES.index(role)}",
            "PORTAL_BASE_URL": self.url("portal"),
            "PROVIDER_BASE_URL": self.url("provider"),
            "WALLET_URL": self.url("wallet"),
            "OUTBOUND_ORIGINS": ",".join([*(self.url(r) for r in ROLES), EXTENSION, *self.programs]),
            "MAIL_URL": f"file://{self.folder / 'mail'}",
            **({"OUTBOUND_CA_FILE": str(self.tls.ca_file)} if self.tls else {}),
            **self.extra,
        }

    @property
    def control_token(self) -> str:
        """Opens the control API of every house of this installation."""
        return self._secret("control", "token", new_token)

    def _secret(self, role: str, name: str, make: object) -> str:
        path = self.folder / f"{role}.{name}"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(make(), encoding="utf-8")  # type: ignore[operator]
        return path.read_text(encoding="utf-8")

    def manage(self, role: str, *arguments: str) -> str:
        """Run ``manage.py`` of one house and return what it printed. Raises RuntimeError with its complaint."""
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.environment(role),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments[:1])} ({role}) failed:\n{done.stderr[-4000:]}")
        return done.stdout

    def migrate(self) -> None:
        for role in ROLES:
            self.manage(role, "migrate", "--verbosity", "0")

    def start_web(self, role: str) -> None:
        # A thread waits for a connection's first bytes, and browsers open connections ahead of need: eight threads were
        # all taken by two browsers' idle ones, and a page then came seconds late. Idle threads cost next to nothing.
        tls = (
            f" --certfile {shlex.quote(str(self.tls.certificate_file))} --keyfile {shlex.quote(str(self.tls.key_file))}"
            if self.tls
            else ""
        )
        self._spawn(
            role,
            f"gunicorn recovery_portal.wsgi --bind 127.0.0.1:{self.ports[role]} --workers 1 --worker-class gthread"
            f" --threads 32 --graceful-timeout 3{tls}",
            role,
        )

    def start_worker(self, role: str) -> None:
        self._spawn(
            f"{role}-worker",
            f"celery -A recovery_portal worker -Q {role},{role}-faces -c 1 --pool prefork -B -l INFO"
            f" -s {shlex.quote(str(self.folder / role))}-beat -n {role}-{os.getpid()}@localhost",
            role,
        )

    def _spawn(self, name: str, command: str, role: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-m", *shlex.split(command)],
                env=self.environment(role),
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> None:
        for role in ROLES:
            self.start_web(role)
        for role in WITH_WORKER:
            self.start_worker(role)
        for role in ROLES:
            self.wait_for(role)

    def wait_for(self, role: str) -> None:
        """Until the house answers its health check. Raises RuntimeError with the end of its log."""
        deadline = time.monotonic() + START_TIMEOUT_S * 3
        trust = ssl.create_default_context(cafile=str(self.tls.ca_file)) if self.tls else None
        while True:
            try:
                with urllib.request.urlopen(f"{self.url(role)}/health/", timeout=5, context=trust):  # noqa: S310 - ours
                    return
            except (urllib.error.URLError, OSError) as error:
                if self.processes[role].poll() is not None or time.monotonic() > deadline:
                    tail = (self.folder / f"{role}.log").read_text(errors="replace")[-3000:]
                    raise RuntimeError(f"The {role} did not start: {error}\n{tail}") from error
            time.sleep(0.2)

    def stop_one(self, name: str, *, kill: bool = False) -> None:
        process = self.processes.pop(name)
        if kill:
            os.killpg(process.pid, 9)
        else:
            process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait(5)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for name in list(self.processes):
            self.stop_one(name)
