"""Swappable parts, named by a dotted path in a setting and made once per process."""

from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string


@cache
def _made(dotted: str) -> Any:
    return import_string(dotted)()


def load(setting: str) -> Any:
    """The adapter that ``settings.<setting>`` names. Raises ImportError when the path is wrong."""
    return _made(getattr(settings, setting))


def load_all(setting: str) -> list[Any]:
    """The adapters that the list ``settings.<setting>`` names, in its order."""
    return [_made(dotted) for dotted in getattr(settings, setting)]


def _forget(**_: object) -> None:
    _made.cache_clear()


setting_changed.connect(_forget)
