"""The one clock. Doors (views, tasks, admin, commands) read it and hand the time down as ``at``."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The present moment, timezone-aware, UTC."""
    return timezone.now()
