"""Work for Celery: by name, with ids only, after the commit that made it true."""

from typing import Any

import structlog
from django.db import transaction

from . import hooks

log = structlog.get_logger(__name__)


def enqueue(task: str, *, after_s: float = 0, **ids: Any) -> None:
    """Send ``task`` when the open transaction commits (at once when there is none), to be done ``after_s`` seconds.

    Arguments are ids; faces, documents, passes and codes never travel through the broker. A broker that cannot be
    reached fails nobody's click, as what was committed stands: the sweeps of the rooms find work that nobody took up.
    """
    transaction.on_commit(lambda: _send(task, ids, after_s))


# Celery is loaded where it is used: it takes a fifth of a second, and most commands send nothing.
def _send(task: str, ids: dict[str, Any], after_s: float = 0) -> None:
    from kombu.exceptions import OperationalError

    around = hooks.find("QUEUE_HOOK")

    def send() -> Any:
        return _registered(task).apply_async(kwargs=ids, countdown=after_s or None)

    try:
        if around:
            around(task, send)
        else:
            send()
    except OperationalError:
        log.exception("task_not_sent", task=task)


def _registered(task: str) -> Any:
    from recovery_portal.celery import app

    if task not in app.tasks:
        # A worker finds the tasks of the rooms when it starts; a web process or a command does it here, once.
        app.loader.import_default_modules()
    return app.tasks[task]
