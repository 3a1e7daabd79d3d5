"""The one clock. Doors (views, tasks, admin, commands) read it and hand the time down as ``at``."""

from datetime import datetime

from django.utils import timezone

from . import hooks


def now() -> datetime:
    """The present moment, timezone-aware, UTC. An emulation may have moved it."""
    present = timezone.now()
    moved = hooks.find("CLOCK_HOOK")
    return moved(present) if moved else present
