"""What an installation must not do with face engines."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

# One HOG detector used by two threads crashes, or silently counts faces wrongly (ageitgey/face_recognition 1409).
THREADED_POOLS = frozenset({"threads", "gevent", "eventlet"})


@register(Tags.compatibility)
def face_workers(**_: Any) -> list[CheckMessage]:
    """The pool of the workers, where a setting names it; a running worker looks at its own as well."""
    pool = str(getattr(settings, "CELERY_WORKER_POOL", "prefork"))
    if pool not in THREADED_POOLS:
        return []
    return [
        Error(
            f"CELERY_WORKER_POOL is {pool}: the face engines are not safe in threads.",
            hint="Use prefork; a worker for each core, and a queue of its own for faces.",
            id="face.E001",
        )
    ]


def refuse_threads(sender: Any = None, **_: Any) -> None:
    """Stop a worker that was started with ``-P threads`` or the like and would be handed faces.

    ``recovery_portal.celery`` has every worker call it when it starts.
    """
    pool = getattr(sender, "pool_cls", "")
    name = pool if isinstance(pool, str) else str(getattr(pool, "__module__", ""))
    queues = getattr(getattr(sender, "app", None), "amqp", None)
    consumed = set(getattr(queues, "queues", None) or {})
    threaded = any(kind.rstrip("s") in name for kind in THREADED_POOLS)
    if threaded and (not consumed or getattr(settings, "FACES_QUEUE", "") in consumed):
        raise SystemExit("face.E001: the face engines are not safe in threads; start this worker with --pool prefork.")
