"""What every house has: settings, a database, a cache and broker, keys, swappable parts, a worker."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from recovery_portal.celery import app

from .. import adapters, tokens, vault
from ..checks import ADAPTER_SETTINGS
from . import Finding, first_line, ok, problem, warning

_WORKER_ANSWERS_WITHIN_S = 3.0


def settings_agree(at: datetime) -> Iterator[Finding]:
    """The system checks, said in the doctor's way."""
    found = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    for message in found:
        say = problem if message.level >= checks.ERROR else warning
        yield say("settings", " ".join(filter(None, (message.msg, message.hint, f"({message.id})"))))
    if not found:
        kind = "an emulation" if settings.EMULATION else "a production installation"
        yield ok("settings", f"The {settings.ROLE} is set up as {kind}; nothing contradicts itself.")


def database(at: datetime) -> Iterator[Finding]:
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield problem("database", f"It does not answer: {first_line(error)}. Start it, or correct DATABASE_URL.")
        return
    if waiting:
        names = ", ".join(sorted({migration.app_label for migration, _ in waiting}))
        yield problem("database", f"{len(waiting)} migrations wait ({names}). Run: manage.py migrate")
        return
    yield ok("database", f"{connection.display_name} answers and its tables are up to date.")
    if connection.vendor == "sqlite" and settings.PRODUCTION:
        yield warning("database", "SQLite serves one machine; use PostgreSQL where people depend on it.")


def counters(at: datetime) -> Iterator[Finding]:
    """The cache holds the limits on tries; without it every sign-in is refused."""
    name = f"doctor:{tokens.new_token()}"
    try:
        cache.set(name, "1", timeout=10)
        answered = cache.get(name) == "1"
        cache.delete(name)
    except Exception as error:  # redis and locmem share no exception
        yield problem("cache", f"{_where(settings.REDIS_URL)}: {first_line(error)}. Start Redis, or correct REDIS_URL.")
        return
    if answered:
        yield ok("cache", "It remembers what it is told.")
    else:
        yield problem("cache", "It forgets at once what it is told: limits on tries cannot work.")


def keys(at: datetime) -> Iterator[Finding]:
    try:
        sealed = vault.seal(b"doctor", purpose="doctor")
        opened = vault.open(sealed, purpose="doctor") == b"doctor"
    except Exception:  # the cause may hold the key
        opened = False
    if opened:
        yield ok("keys", "The vault seals and opens.")
    else:
        yield problem("keys", "The vault does not work: PORTAL_VAULT_KEY is 32 random bytes in URL-safe base64.")


def parts(at: datetime) -> Iterator[Finding]:
    """Each swappable part is really made once, here: face engines bring native code that may be missing."""
    for name in _adapters_of_this_house():
        dotted = getattr(settings, name)
        try:
            adapters.load(name)
        except (Exception, SystemExit) as error:  # face_recognition leaves with exit code 0 when its models are missing
            yield problem("parts", f"{name} ({dotted}) cannot be used: {type(error).__name__}: {first_line(error)}")
        else:
            yield ok("parts", f"{name} is {dotted}.")


def _adapters_of_this_house() -> list[str]:
    wanted = {"portal": {"FACE_ENGINE", "LIVENESS_ENGINE"}, "wallet": set()}
    return [name for name in ADAPTER_SETTINGS if name in wanted.get(settings.ROLE, set(ADAPTER_SETTINGS))]


def workers(at: datetime) -> Iterator[Finding]:
    """The broker answers, and behind it somebody who takes from every queue of this house."""
    try:
        with app.connection_for_write() as link:
            link.ensure_connection(max_retries=1, interval_start=0.2, timeout=_WORKER_ANSWERS_WITHIN_S)
    except Exception as error:  # each transport has its own
        where = _where(settings.CELERY_BROKER_URL)
        yield problem("broker", f"{where}: {first_line(error)}. Start Redis, or correct REDIS_URL.")
        return
    yield ok("broker", f"{_where(settings.CELERY_BROKER_URL)} answers.")
    answers = app.control.inspect(timeout=_WORKER_ANSWERS_WITHIN_S).active_queues() or {}
    served = {queue["name"] for queues in answers.values() for queue in queues or ()}
    for queue, work in _queues().items():
        if queue in served:
            yield ok("worker", f"Somebody takes from the queue {queue}.")
        else:
            yield problem("worker", f"Nobody takes from the queue {queue} ({work}). Start: {_command(queue)}")


def _queues() -> dict[str, str]:
    if settings.ROLE == "wallet":
        return {}
    return {
        settings.CELERY_TASK_DEFAULT_QUEUE: "mail, expiry",
        settings.FACES_QUEUE: "faces and documents: recoveries would wait for ever",
    }


def _command(queue: str) -> str:
    return f"PORTAL_ROLE={settings.ROLE} celery -A recovery_portal worker -Q {queue}"


def _where(url: str) -> str:
    """An address without its credentials."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
