"""The operations of the control API. A house imports its own rooms only: the others are not installed there."""

from importlib import import_module
from typing import Final

from django.conf import settings

_ROOMS: Final = {
    "portal": ["common", "directory", "attempts", "scenarios"],
    "provider": ["common", "provider"],
    "wallet": ["common", "wallet"],
}


def load() -> None:
    """Register what this house serves."""
    houses = _ROOMS if settings.ROLE == "all" else [settings.ROLE]
    for room in dict.fromkeys(room for house in houses for room in _ROOMS[house]):
        import_module(f"{__name__}.{room}")
