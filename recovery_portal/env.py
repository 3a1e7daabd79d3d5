"""Typed readers of the process environment. A variable that is wrong stops the start; none is guessed."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Value of ``name``; raises ImproperlyConfigured when it is unset and has no default."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def secret(name: str) -> str:
    """Secret from ``name``, or from the file that ``name_FILE`` points at. There is no default."""
    path = os.environ.get(f"{name}_FILE")
    if path is not None:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}.") from error
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is empty.")
    return value


def boolean(name: str, default: bool) -> bool:
    """``1``/``true``/``yes`` or ``0``/``false``/``no``; anything else is refused."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.lower() in {"1", "true", "yes"}:
        return True
    if raw.lower() in {"0", "false", "no", ""}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {raw!r}.")


def integer(name: str, default: int) -> int:
    raw = os.environ.get(name)
    if raw is None:
        return default
    try:
        return int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from error


def words(name: str, default: str = "") -> list[str]:
    """Comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def database(name: str, *, most_connections: int = 0) -> dict[str, Any]:
    """Django's description of ``sqlite:///path`` or ``postgresql://user:password@host:port/name``; a secret.

    What follows a ``?`` goes to libpq: ``sslmode=verify-full&sslrootcert=/run/keys/database-ca.pem``. With
    ``most_connections`` the threads of a process share so many to PostgreSQL; else each keeps one for a minute.
    """
    parts = urlsplit(secret(name))
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path.removeprefix("/")) or ":memory:",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                # secure_delete overwrites what is deleted: an erased face does not stay in a free page.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
            },
        }
    if parts.scheme == "postgresql":
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.removeprefix("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 0 if most_connections else 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {**dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))), **_pool(most_connections)},
        }
    raise ImproperlyConfigured(f"{name} begins with sqlite:/// or postgresql://.")


def _pool(most: int) -> dict[str, Any]:
    # A page that finds none free waits as long as a person would.
    return {"pool": {"min_size": 1, "max_size": most, "timeout": 10}} if most else {}
