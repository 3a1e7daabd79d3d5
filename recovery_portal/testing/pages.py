"""A page as a person meets it: a heading, words, links, and forms with labelled fields. Read from its HTML alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NoReturn, TypeVar
from urllib.parse import urljoin

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_UNREAD = {"script", "style", "noscript", "template"}


class NotOnThisPage(AssertionError):
    """What was asked for is not on the page; the message names the page and what is there instead."""


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Itself and all that is in it, in the order of the document."""
        waiting = [self]
        while waiting:
            here = waiting.pop()
            yield here
            waiting += [child for child in reversed(here.children) if isinstance(child, Element)]

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.walk() if element.tag in tags]

    def up(self, tag: str) -> Element | None:
        here: Element | None = self
        while here is not None and here.tag != tag:
            here = here.parent
        return here

    @property
    def is_hidden(self) -> bool:
        here: Element | None = self
        while here is not None:
            if "hidden" in here.attributes or here.tag in _UNREAD:
                return True
            here = here.parent
        return False

    @property
    def text(self) -> str:
        """The words in it, runs of white space made one; what is hidden is not read."""
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif "hidden" not in child.attributes and child.tag not in _UNREAD:
                yield " "
                yield from child._words()
                yield " "

    def get(self, name: str, otherwise: str = "") -> str:
        return self.attributes.get(name, otherwise)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("#document", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(element)
        if tag not in _VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        opened = self.here.up(tag)
        if opened is not None and opened.parent is not None:
            self.here = opened.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


@dataclass(frozen=True)
class Link:
    text: str
    address: str
    element: Element


@dataclass(frozen=True)
class Button:
    text: str
    element: Element
    form: Element | None


@dataclass(frozen=True)
class Field:
    """One thing to fill in. ``label`` is what a person reads beside it."""

    label: str
    name: str
    kind: str
    element: Element


class Page:
    """What one answer shows. ``address`` is where the person is."""

    def __init__(self, address: str, html: str, *, status: int = 200) -> None:
        self.address, self.html, self.status = address, html, status
        reader = _Reader()
        reader.feed(html)
        reader.close()
        self.root = reader.root
        mains = self.root.all("main")
        self.main = mains[0] if mains else self.root

    def __repr__(self) -> str:
        return f"<Page {self.heading!r} at {self.path}>"

    @property
    def path(self) -> str:
        return re.sub(r"^https?://[^/]+", "", self.address)

    @property
    def heading(self) -> str:
        return next((found.text for found in self.main.all("h1") if not found.is_hidden), "")

    @property
    def text(self) -> str:
        return self.main.text

    @property
    def alerts(self) -> list[str]:
        """What the page says loudly: errors and warnings."""
        return [found.text for found in self.main.walk() if found.get("role") == "alert" and not found.is_hidden]

    @property
    def links(self) -> list[Link]:
        return [
            Link(found.text, urljoin(self.address, found.get("href")), found)
            for found in self.root.all("a")
            if "href" in found.attributes and not found.is_hidden
        ]

    @property
    def buttons(self) -> list[Button]:
        found = [one for one in self.root.all("button", "input") if one.tag == "button" or one.get("type") == "submit"]
        return [
            Button(one.text if one.tag == "button" else one.get("value"), one, one.up("form"))
            for one in found
            if not one.is_hidden
        ]

    @property
    def follow_address(self) -> str | None:
        """Where the page's script asks once a second whether to go on, if it does."""
        found = next((e for e in self.root.walk() if "data-follow" in e.attributes), None)
        return urljoin(self.address, found.get("data-follow")) if found else None

    def by_id(self, identifier: str) -> Element | None:
        return next((element for element in self.root.walk() if element.get("id") == identifier), None)

    def find_link(self, text: str) -> Link | None:
        return _named(text, self.links)

    def find_button(self, text: str) -> Button | None:
        return _named(text, self.buttons)

    def link(self, text: str) -> Link:
        """The link of that text. Raises NotOnThisPage with the links there are."""
        return self.find_link(text) or self._missing("link", text, [link.text for link in self.links])

    def button(self, text: str) -> Button:
        """The button of that text. Raises NotOnThisPage with the buttons there are."""
        return self.find_button(text) or self._missing("button", text, [button.text for button in self.buttons])

    def fields_of(self, form: Element) -> list[Field]:
        labels = {found.get("for"): found.text for found in form.all("label")}
        fields = []
        for element in form.all("input", "select", "textarea"):
            kind = element.get("type", "text") if element.tag == "input" else element.tag
            if element.get("name") and kind not in {"submit", "button"}:
                fields.append(Field(labels.get(element.get("id"), ""), element.get("name"), kind, element))
        return fields

    def field_in(self, form: Element, label: str) -> Field:
        """The field with that label (or of that name). Raises NotOnThisPage with the labels there are."""
        fields = [field for field in self.fields_of(form) if field.kind != "hidden"]
        named = [field for field in fields if field.name == label]
        found = named[0] if named and named[0].kind != "radio" else _named(label, fields)
        return found or self._missing("field", label, [field.label or field.name for field in fields])

    def _missing(self, kind: str, text: str, there: list[str]) -> NoReturn:
        listed = ", ".join(repr(one) for one in dict.fromkeys(there) if one) or "none"
        warned = f" The page warns: {' '.join(self.alerts)}" if self.alerts else ""
        raise NotOnThisPage(
            f"There is no {kind} {text!r} on {self.heading!r} ({self.path}); there is: {listed}.{warned}"
        )


_Named = TypeVar("_Named", Link, Button, Field)


def _words_of(one: Link | Button | Field) -> str:
    return (one.label if isinstance(one, Field) else one.text).casefold()


def _named(text: str, among: list[_Named]) -> _Named | None:
    """The one of exactly these words; else the first that begins with them; else the first that contains them."""
    wanted = text.casefold()
    for fits in (str.__eq__, str.startswith, str.__contains__):
        for one in among:
            if fits(_words_of(one), wanted):
                return one
    return None
