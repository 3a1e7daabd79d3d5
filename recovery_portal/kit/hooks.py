"""Where an emulation reaches into the foundation: a dotted path in a setting, empty outside emulation.

The foundation knows no emulation; it asks here and goes on by itself when nobody is named. Outside emulation, and
without a control token (``EMULATION_TOKEN``), nobody can have moved a clock or set a fault: no hook is called.
"""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string

NAMES: Final = ("CLOCK_HOOK", "FETCH_HOOK", "QUEUE_HOOK", "TASK_HOOK", "PART_HOOK", "PICTURE_HOOK", "CHANCE_HOOK")


def find(name: str) -> Callable[..., Any] | None:
    """What ``settings.<name>`` names, in an emulation that can be controlled; None everywhere else."""
    if not settings.EMULATION or not settings.EMULATION_TOKEN:
        return None
    dotted = getattr(settings, name, "")
    if not dotted:
        return None
    hook: Callable[..., Any] = import_string(dotted)
    return hook
