"""``$expand``: the rows that belong to each row of an answer, in one more query however many there are.

An expansion shows what an address of its own shows, so that it asks for the same permissions as that address.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest

from .caller import Caller
from .errors import GraphError

Row = TypeVar("Row", bound=Model)
MOST = 20  # of each row, as the original does for objects of a directory; the rest is on the address of their own
_TERM = re.compile(r"(?P<name>\w{1,64})(?:\(\$select=(?P<names>\w+(?:,\w+){0,40})\))?")
_ATTRIBUTE = "expanded_{}"


@dataclass(frozen=True)
class Expansion:
    """``relation``: the model's attribute. ``rows``: of what, in the order of their own list."""

    relation: str
    rows: Callable[[], QuerySet[Any]]
    render: Callable[[Any], Mapping[str, Any]]
    permissions: tuple[str, ...]
    role: str


Expansions = Mapping[str, Expansion]


def allow(request: HttpRequest, known: Expansions, caller: Caller) -> None:
    """Refuse before anything is done. Raises GraphError (400: not understood; 403: not for this caller)."""
    for name in _wanted(request):
        if name not in known:
            raise GraphError(
                400, f"Parsing OData Select and Expand failed: Could not find a property named '{name}'.", "BadRequest"
            )
        found = known[name]
        if caller.permissions.isdisjoint(found.permissions) or (
            caller.user is not None and not caller.user.has_perm(found.role)
        ):
            raise GraphError(403, "Insufficient privileges to complete the operation.")


def fetched(request: HttpRequest, rows: list[Row], known: Expansions) -> list[Row]:
    """The same rows, with what ``$expand`` asks for at hand."""
    wanted = [
        Prefetch(known[name].relation, queryset=known[name].rows()[:MOST], to_attr=_ATTRIBUTE.format(name.lower()))
        for name in _wanted(request)
    ]
    if rows and wanted:
        prefetch_related_objects(rows, *wanted)
    return rows


def shown(request: HttpRequest, row: Model, known: Expansions) -> dict[str, Any]:
    """The expanded properties of a fetched row."""
    answer: dict[str, Any] = {}
    for name, names in _wanted(request).items():
        found = [known[name].render(one) for one in getattr(row, _ATTRIBUTE.format(name.lower()))]
        answer[name] = [
            {key: value for key, value in one.items() if not names or key in names or "@" in key or key == "id"}
            for one in found
        ]
    return answer


def _wanted(request: HttpRequest) -> dict[str, frozenset[str]]:
    """Which properties, and what of each (empty for all). Raises GraphError (400)."""
    text = request.GET.get("$expand")
    if text is None:
        return {}
    wanted: dict[str, frozenset[str]] = {}
    position = 0
    while term := _TERM.match(text, position):
        if term["name"] in wanted:
            break
        wanted[term["name"]] = frozenset((term["names"] or "").split(",")) - {""}
        position = term.end()
        if position == len(text):
            return wanted
        if text[position] != ",":
            break
        position += 1
    raise GraphError(400, "Parsing OData Select and Expand failed: Syntax error in '$expand'.", "BadRequest")
