"""Work for Celery: by name, with ids only, after the commit that made it true."""

from typing import Any

from celery import current_app
from django.db import transaction


def enqueue(task: str, **ids: Any) -> None:
    """Send ``task`` when the open transaction commits (at once when there is none).

    Arguments are ids; faces, documents, passes and codes never travel through the broker.
    """
    transaction.on_commit(lambda: _registered(task).apply_async(kwargs=ids))


def _registered(task: str) -> Any:
    if task not in current_app.tasks:
        # A worker finds the tasks of the rooms when it starts; a web process or a command does it here, once.
        current_app.loader.import_default_modules()
    return current_app.tasks[task]
