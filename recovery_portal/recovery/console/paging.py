"""A page of a long list, without counting all of it: the same cost at a hundred rows and at a hundred thousand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

PAGE = 50
_FARTHEST = 400  # a list that is read further than this wants a narrower search


@dataclass(frozen=True)
class Slice:
    """``number`` counts from 1. ``before`` and ``after`` are query strings of the neighbours, empty at the ends."""

    rows: list[Any]
    number: int
    before: str
    after: str

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    @classmethod
    def of(cls, found: "QuerySet[Any]", asked: QueryDict) -> "Slice":
        typed = asked.get("page", "")
        number = min(max(int(typed), 1), _FARTHEST) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 1
        start = (number - 1) * PAGE
        rows = list(found[start : start + PAGE + 1])
        more = len(rows) > PAGE and number < _FARTHEST
        return cls(
            rows[:PAGE],
            number,
            _address(asked, number - 1) if number > 1 else "",
            _address(asked, number + 1) if more else "",
        )


def _address(asked: QueryDict, number: int) -> str:
    query = asked.copy()
    query["page"] = str(number)
    return query.urlencode()
