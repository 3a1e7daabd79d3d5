"""Groups in the document, and the groups that other parts of it name."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from accounts import directory
from accounts.models import DirectoryGroup
from accounts.operators import Operator

from .changes import Change, cleaned, differences
from .document import ConfigRefused, entries


class Groups:
    """Groups by name. Who is in them is the directory's matter and no configuration."""

    name = "groups"
    _KEYS = ("name", "description")

    def tell(self) -> Any:
        return [
            {"name": group.display_name, "description": group.description} for group in DirectoryGroup.objects.all()
        ]

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        for where, entry in entries(data, self.name, self._KEYS):
            wanted = {key: cleaned(DirectoryGroup, key, entry[key], where) for key in ("description",) if key in entry}
            name = cleaned(DirectoryGroup, "display_name", entry["name"], where)
            group = find_group(name, where)
            if group is None:
                yield Change(where)
                directory.add_group(display_name=name, description=wanted.get("description", ""), by=by, at=at)
            elif changes := differences(where, {"description": group.description}, wanted):
                yield from changes
                directory.describe_group(group=group, description=wanted["description"], by=by, at=at)


def find_group(name: str, where: str) -> DirectoryGroup | None:
    found = list(DirectoryGroup.objects.filter(display_name=name)[:2])
    if len(found) > 1:
        raise ConfigRefused("ambiguous_name", f"{where}: two groups are called {name}")
    return found[0] if found else None


def get_groups(names: Sequence[str], where: str) -> list[DirectoryGroup]:
    groups = []
    for name in names:
        group = find_group(name, where)
        if group is None:
            raise ConfigRefused("unknown_name", f"{where}: there is no group {name}")
        groups.append(group)
    return groups
