"""Whose names would fit somebody else's credential, asked for a whole directory at once. Pure.

Everybody is entered under the beginnings of their two names; only who stands under the same ones is compared.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from .matching import Confidence, Name, names_match, normalised
from .name_rules import NO_RULES, Rule, Rules, forms, parts


class Entry(NamedTuple):
    """One person. ``attributes`` are what must agree besides the name; two who differ in them are told apart."""

    key: Hashable
    name: Name
    attributes: tuple[object, ...] = ()


class Directory:
    def __init__(self, entries: Iterable[Entry], rules: Rules = NO_RULES) -> None:
        self._rules = rules
        # A nickname is looked for from one side only, as the match does, and never of a surname.
        self._plain = rules - {Rule.NICKNAMES}
        self._under: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for entry in entries:
            given, family = parts(normalised(entry.name.given)), parts(normalised(entry.name.family))
            if given and family:
                for first in _beginnings(given[0], self._plain):
                    for last in _beginnings(family[0], self._plain):
                        self._under[first][last].append(entry)

    def others_fit(self, entry: Entry, confidence: Confidence) -> bool:
        """Whether a credential with exactly this person's names and attributes would fit somebody else, too."""
        compared = {entry.key}
        for other in self._candidates(entry.name):
            if other.key not in compared and other.attributes == entry.attributes:
                compared.add(other.key)
                if names_match(entry.name, other.name, confidence, self._rules):
                    return True
        return False

    def _candidates(self, name: Name) -> Iterator[Entry]:
        words = [*parts(normalised(name.given)), *parts(normalised(name.family))]
        lasts = {last for word in words for last in _words(word, self._plain)}
        for first in {first for word in words for first in _words(word, self._rules)}:
            if under := self._under.get(first):
                for last in lasts:
                    yield from under.get(last, ())


@lru_cache(maxsize=100_000)
def _words(word: str, rules: Rules) -> frozenset[str]:
    """Every form of ``word``, and the words of those that have several."""
    found = forms(word, rules, is_given=True)
    return found.union(*(form.split() for form in found))


def _beginnings(word: str, rules: Rules) -> set[str]:
    return {form.split()[0] for form in forms(word, rules, is_given=True)}
