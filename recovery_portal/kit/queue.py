"""Work for Celery: by name, with ids only, after the commit that made it true."""

from typing import Any

from celery import current_app
from django.db import transaction


def enqueue(task: str, **ids: Any) -> None:
    """Send ``task`` when the open transaction commits (at once when there is none).

    Arguments are ids; faces, documents, passes and codes never travel through the broker.
    """
    transaction.on_commit(lambda: current_app.tasks[task].apply_async(kwargs=ids))
