"""Swappable parts, named by a dotted path in a setting and made once per process."""

from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from . import hooks


@cache
def _made(dotted: str) -> Any:
    if is_scripted(dotted) and not settings.EMULATION:
        # The system check says so before; a web server that runs no checks is stopped here.
        raise ImproperlyConfigured(f"{dotted} decides by what is written in its input: only with EMULATION=1.")
    return import_string(dotted)()


def is_scripted(dotted: str) -> bool:
    """Whether a dotted path names a double, by its class (``Scripted…``, ``Null…``) or its module (``….scripted``)."""
    module, _, name = dotted.rpartition(".")
    return name.startswith(("Scripted", "Null")) or "scripted" in module.split(".")


def load(setting: str) -> Any:
    """The adapter that ``settings.<setting>`` names, or the one that an emulation chose instead. Raises ImportError
    when the path is wrong."""
    dotted = getattr(settings, setting)
    choose = hooks.find("PART_HOOK")
    return _made(choose(setting, dotted) if choose else dotted)


def load_all(setting: str) -> list[Any]:
    """The adapters that the list ``settings.<setting>`` names, in its order."""
    return [_made(dotted) for dotted in getattr(settings, setting)]


def _forget(**_: object) -> None:
    _made.cache_clear()


setting_changed.connect(_forget)
