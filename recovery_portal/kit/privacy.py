"""What a house holds about people, told by the rooms that hold it: for operators, and the same words for the person."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Holding:
    """One kind of personal data: how many rows there are now, since when, and when the last of them goes.

    ``is_sealed``: encrypted under a key of the one attempt it belongs to, which is destroyed at its end.
    """

    what: str | Promise
    count: int
    oldest_at: datetime | None
    goes: str | Promise
    is_sealed: bool = False


Inventory = Callable[[datetime], Iterable[Holding]]


def holdings(at: datetime) -> list[Holding]:
    """Everything that the rooms named in ``PRIVACY_INVENTORIES`` hold at ``at``."""
    rooms: list[Inventory] = [import_string(dotted) for dotted in settings.PRIVACY_INVENTORIES]
    return [holding for room in rooms for holding in room(at)]
