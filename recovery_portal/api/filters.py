"""``$filter`` as far as the SDKs and PowerShell write it: a small grammar, read by hand, bounded in length and depth.

``eq ne gt ge lt le``, ``in (…)``, ``startswith endswith contains``, ``and or not``, brackets, and
``collection/any(x:x/property eq 'value')``. Each resource says which properties can be asked for.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime

from .errors import GraphError

MAX_LENGTH = 2_000
MAX_TERMS = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?(?![\w-]))"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})|(?P<number>-?\d{1,18}(?:\.\d{1,6})?(?![\w]))"
    r"|(?P<word>[A-Za-z_][\w/]*)|(?P<mark>[(),:]))"
)
_LOOKUPS = {"eq": "", "gt": "__gt", "ge": "__gte", "lt": "__lt", "le": "__lte"}
_FUNCTIONS = {"startswith": "__istartswith", "endswith": "__iendswith", "contains": "__icontains"}

Kind = Literal["text", "name", "boolean", "time", "guid"]


@dataclass(frozen=True)
class Column:
    """Where a property lives. ``name`` texts are compared without regard to case, as the directory does.

    ``values`` translates what Graph says into what the row says; a word outside it matches nothing.
    """

    path: str
    kind: Kind = "text"
    values: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def parse(text: str, columns: Mapping[str, Column]) -> Q:
    """The condition that ``$filter`` states. Raises GraphError (400), and nothing else, whatever the input."""
    if len(text) > MAX_LENGTH:
        raise _invalid("it is too long")
    reader = _Reader(list(_tokens(text)), columns)
    condition = reader.disjunction(0)
    if reader.peek() is not None:
        raise _invalid("something follows the expression")
    return condition


def _tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise _invalid(f"character {position + 1} was not expected")
        yield _Token(found.lastgroup, found.group(found.lastgroup))
        position = found.end()


def _invalid(why: str) -> GraphError:
    return GraphError(400, f"Invalid filter clause: {why}.", "Request_UnsupportedQuery")


class _Reader:
    """Recursive descent; ``depth`` counts brackets and negations."""

    def __init__(self, tokens: list[_Token], columns: Mapping[str, Column]) -> None:
        self.tokens = tokens
        self.columns = columns
        self.position = 0
        self.terms = 0
        self.inside = ""  # the variable of the `any` being read

    def peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self, *kinds: str) -> _Token:
        token = self.peek()
        if token is None or token.kind not in kinds:
            raise _invalid("the expression is incomplete")
        self.position += 1
        return token

    def take_mark(self, mark: str) -> None:
        if self.take("mark").text != mark:
            raise _invalid(f"'{mark}' was expected")

    def at_word(self, word: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "word" and token.text == word

    def disjunction(self, depth: int) -> Q:
        condition = self.conjunction(depth)
        while self.at_word("or"):
            self.position += 1
            condition |= self.conjunction(depth)
        return condition

    def conjunction(self, depth: int) -> Q:
        condition = self.negation(depth)
        while self.at_word("and"):
            self.position += 1
            condition &= self.negation(depth)
        return condition

    def negation(self, depth: int) -> Q:
        if depth > 10:
            raise _invalid("it is nested too deeply")
        if self.at_word("not"):
            self.position += 1
            return ~self.negation(depth + 1)
        token = self.peek()
        if token is not None and token.text == "(":
            self.position += 1
            condition = self.disjunction(depth + 1)
            self.take_mark(")")
            return condition
        return self.term("")

    def term(self, prefix: str) -> Q:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise _invalid("it has too many terms")
        word = self.take("word").text
        if word.lower() in _FUNCTIONS:
            return self.function(_FUNCTIONS[word.lower()], prefix)
        if word.endswith("/any"):
            return self.any_of(word.removesuffix("/any"))
        column = self.column(word, prefix)
        operator = self.take("word").text
        if operator == "in":
            return self.one_of(column)
        if operator == "ne":
            return ~self.compare(column, "", self.value(column))
        if operator not in _LOOKUPS:
            raise _invalid("the operator is not supported")
        return self.compare(column, _LOOKUPS[operator], self.value(column))

    def function(self, lookup: str, prefix: str) -> Q:
        self.take_mark("(")
        column = self.column(self.take("word").text, prefix)
        self.take_mark(",")
        text = _unquoted(self.take("text"))
        self.take_mark(")")
        if column.kind not in {"text", "name"} or column.values is not None:
            raise _invalid("the function does not fit the property")
        return Q(**{f"{column.path}{lookup}": text})

    def any_of(self, collection: str) -> Q:
        self.take_mark("(")
        variable = self.take("word").text
        self.take_mark(":")
        self.inside = f"{variable}/"
        condition = self.term(f"{collection}/")
        self.take_mark(")")
        return condition

    def one_of(self, column: Column) -> Q:
        self.take_mark("(")
        condition = self.compare(column, "", self.value(column))
        while (token := self.peek()) is not None and token.text == ",":
            self.position += 1
            self.terms += 1
            if self.terms > MAX_TERMS:
                raise _invalid("it has too many terms")
            condition |= self.compare(column, "", self.value(column))
        self.take_mark(")")
        return condition

    def column(self, word: str, prefix: str) -> Column:
        if prefix:
            if not word.startswith(self.inside):
                raise _invalid("the variable is another one")
            word = prefix + word.removeprefix(self.inside)
        column = self.columns.get(word)
        if column is None:
            raise GraphError(400, "A property in the filter is not supported.", "Request_UnsupportedQuery")
        return column

    def value(self, column: Column) -> Any:
        token = self.take("text", "time", "guid", "number", "word")
        if token.kind == "word" and token.text == "null":
            return None
        raw = _unquoted(token) if token.kind == "text" else token.text
        if column.values is not None:
            return raw
        if column.kind == "boolean":
            if raw not in {"true", "false"}:
                raise _invalid("true or false was expected")
            return raw == "true"
        if column.kind == "time":
            return _moment(raw)
        if column.kind == "guid":
            try:
                return uuid.UUID(raw)
            except ValueError:
                raise _invalid("an object id was expected") from None
        if token.kind == "word":
            raise _invalid("a text stands in single quotes")
        return raw

    def compare(self, column: Column, lookup: str, value: Any) -> Q:
        if column.values is not None:
            if lookup:
                raise _invalid("only eq and ne fit this property")
            found = column.values.get(str(value))
            return Q(pk__in=[]) if found is None else Q(**{column.path: found})
        if value is None:
            if lookup:
                raise _invalid("null is compared with eq and ne")
            return Q(**{column.path: ""}) if column.kind in {"text", "name"} else Q(**{f"{column.path}__isnull": True})
        if column.kind == "name":
            lookup = lookup or "__iexact"
        return Q(**{f"{column.path}{lookup}": value})


def _unquoted(token: _Token) -> str:
    text = token.text[1:-1].replace("''", "'")
    if "\x00" in text:
        raise _invalid("a text has a character that nothing has")
    return text


def _moment(raw: str) -> datetime:
    try:
        moment = parse_datetime(raw)
        if moment is None and (day := parse_date(raw)) is not None:
            moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - made aware below
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise _invalid("a time was expected")
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise _invalid("a time was expected") from None
