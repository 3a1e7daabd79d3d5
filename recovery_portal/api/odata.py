"""Collections as OData serves them: ``$filter $search $orderby $top $skiptoken $count $select``, and the next link.

Pages go by key, not by offset: the ten-thousandth row costs what the first one does, and a row that is added
meanwhile neither repeats nor hides another.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from . import expansion
from .errors import GraphError
from .filters import Column, parse

Row = TypeVar("Row", bound=Model)
_SALT = "recovery_portal.api.skiptoken"
_SEARCH = re.compile(r'"(\w+):([^"]{1,120})"')
_SEARCH_LENGTH, _SEARCH_TERMS = 2_000, 20
_SUPPORTED = frozenset(
    {"$filter", "$search", "$orderby", "$top", "$skiptoken", "$count", "$select", "$format", "$expand"}
)


@dataclass(frozen=True)
class Collection(Generic[Row]):
    """How one resource is listed. ``order`` names the property that sorts by default, ``-`` before it turns it round;
    what may be sorted by is never null."""

    context: str
    render: Callable[[Row], Mapping[str, Any]]
    columns: Mapping[str, Column]
    order: str
    sortable: frozenset[str] = frozenset()
    searchable: frozenset[str] = field(default_factory=frozenset)
    expansions: expansion.Expansions = field(default_factory=dict)
    default_top: int = 100
    max_top: int = 999


def metadata(request: HttpRequest, path: str) -> str:
    """The ``@odata.context`` of an answer."""
    version = request.path.split("/", 2)[1]
    return f"{settings.PORTAL_BASE_URL}/{version}/$metadata#{path}"


def entity(request: HttpRequest, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"@odata.context": metadata(request, path)} | select(request, body)


def whole(request: HttpRequest, path: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A collection that is always small: no paging."""
    value = [select(request, row) for row in rows]
    answer: dict[str, Any] = {"@odata.context": metadata(request, path)}
    if _is_on(request, "$count"):
        answer["@odata.count"] = len(value)
    return answer | {"value": value}


def page(request: HttpRequest, rows: QuerySet[Row], how: Collection[Row]) -> dict[str, Any]:
    """One page of ``rows``. Raises GraphError (400) for options that are not understood."""
    options = request.GET
    unknown = sorted(name for name in options if name.startswith("$") and name not in _SUPPORTED)
    if unknown:
        raise GraphError(400, f"The query option '{quote(unknown[0][:40])}' is not supported.")
    rows = rows.filter(conditions(request, how))
    answer: dict[str, Any] = {"@odata.context": metadata(request, how.context)}
    if _is_on(request, "$count"):
        answer["@odata.count"] = rows.count()
    name, descending = _order(options.get("$orderby"), how)
    column = how.columns[name].path
    sign = "-" if descending else ""
    rows = rows.order_by(f"{sign}{column}", f"{sign}pk")
    if token := options.get("$skiptoken"):
        rows = rows.filter(_after(token, how.columns[name], [how.context, f"{sign}{name}"], descending))
    top = _top(options.get("$top"), how)
    found = list(rows[: top + 1])
    shown = expansion.fetched(request, found[:top], how.expansions)
    value = [one(request, row, how) for row in shown]
    if len(found) > top:
        answer["@odata.nextLink"] = _next_link(request, found[top - 1], column, [how.context, f"{sign}{name}"])
    return answer | {"value": value}


def fetched_entity(request: HttpRequest, row: Row, how: Collection[Row]) -> dict[str, Any]:
    """One row by itself, with what ``$expand`` asks for."""
    expansion.fetched(request, [row], how.expansions)
    return {"@odata.context": metadata(request, f"{how.context}/$entity")} | one(request, row, how)


def one(request: HttpRequest, row: Row, how: Collection[Row]) -> dict[str, Any]:
    return select(request, how.render(row)) | expansion.shown(request, row, how.expansions)


def conditions(request: HttpRequest, how: Collection[Row]) -> Q:
    """What ``$filter`` and ``$search`` ask for together."""
    condition = Q()
    if text := request.GET.get("$filter"):
        condition &= parse(text, how.columns)
    if text := request.GET.get("$search"):
        condition &= _search(text, how)
    return condition


def select(request: HttpRequest, body: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that ``$select`` names; annotations and the id stay. Unknown names are no error (as Graph)."""
    wanted = request.GET.get("$select", "")
    if not wanted or wanted == "*":
        return dict(body)
    names = {part.strip().split("/")[0] for part in wanted.split(",")}
    return {name: value for name, value in body.items() if name in names or "@" in name or name == "id"}


def count_is_wanted(request: HttpRequest) -> bool:
    return _is_on(request, "$count")


def _is_on(request: HttpRequest, option: str) -> bool:
    value = request.GET.get(option, "false").lower()
    if value not in {"true", "false"}:
        raise GraphError(400, f"The query option '{option}' is true or false.")
    return value == "true"


def _top(text: str | None, how: Collection[Any]) -> int:
    if text is None:
        return how.default_top
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) < 1:
        raise GraphError(400, "The query option '$top' is a number from 1 on.")
    if int(text) > how.max_top:
        raise GraphError(400, f"The query option '$top' is at most {how.max_top}.", "Request_UnsupportedQuery")
    return int(text)


def _order(text: str | None, how: Collection[Any]) -> tuple[str, bool]:
    if not text:
        return how.order.removeprefix("-"), how.order.startswith("-")
    words = text.split()
    if not 1 <= len(words) <= 2 or words[0] not in how.sortable or words[1:] not in ([], ["asc"], ["desc"]):
        raise GraphError(400, "This $orderby is not supported.", "Request_UnsupportedQuery")
    return words[0], words[1:] == ["desc"]


def _search(text: str, how: Collection[Any]) -> Q:
    condition = Q()
    terms = _SEARCH.findall(text) if len(text) <= _SEARCH_LENGTH else []
    if (
        len(terms) > _SEARCH_TERMS
        or not terms
        or _SEARCH.sub("", text).replace("AND", "").replace("OR", "").strip()
        or "\x00" in text
    ):
        raise GraphError(400, 'A $search is written "property:words".', "Request_UnsupportedQuery")
    either = " OR " in _SEARCH.sub("", f" {text} ")
    for name, words in terms:
        if name not in how.searchable:
            raise GraphError(400, "A property in $search is not supported.", "Request_UnsupportedQuery")
        term = Q(**{f"{how.columns[name].path}__icontains": words})
        condition = condition | term if either else condition & term
    return condition


def _next_link(request: HttpRequest, last: Model, column: str, made_for: list[str]) -> str:
    value = getattr(last, column)
    value = value.isoformat() if isinstance(value, datetime) else value
    token = signing.dumps([made_for, value, str(last.pk)], salt=_SALT)
    options = {name: text for name, text in request.GET.items() if name != "$skiptoken"} | {"$skiptoken": token}
    return f"{settings.PORTAL_BASE_URL}{quote(request.path)}?{urlencode(options, safe='$')}"


def _after(token: str, column: Column, made_for: list[str], descending: bool) -> Q:
    """Where the page before ended. A token is good for its own collection and order alone: elsewhere its key would be
    compared with keys of another kind."""
    try:
        was_made_for, value, key = signing.loads(token[:2_000], salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError, json.JSONDecodeError):
        raise GraphError(400, "The $skiptoken is not one that was given out.", "Directory_ExpiredPageToken") from None
    if was_made_for != made_for:
        raise GraphError(400, "The $skiptoken belongs to another $orderby.", "Directory_ExpiredPageToken")
    if column.kind == "time":
        value = parse_datetime(value)
    beyond = "lt" if descending else "gt"
    return Q(**{f"{column.path}__{beyond}": value}) | Q(**{column.path: value, f"pk__{beyond}": key})
