"""Rules that make more names equal than the original does, each off until a profile asks for it. Pure functions over
text that :func:`..matching.normalised` has gone through.

A rule gives a word further forms; two words are equal when they share one. What the rules add is a chance for somebody
else's name to fit as well, which is why homonyms are counted under the same rules.
"""

import unicodedata
from collections.abc import Collection
from enum import StrEnum
from functools import cache, lru_cache
from itertools import combinations
from typing import Final

from nicknames import NickNamer


class Rule(StrEnum):
    DIACRITICS = "diacritics"  # René / Rene
    TRANSLITERATION = "transliteration"  # Müller / MUELLER, Иванов / IVANOV: as a machine-readable zone writes it
    NICKNAMES = "nicknames"  # Bob / Robert: given names only
    MULTI_WORD = "multiWord"  # a directory name of several words, each among the credential's


Rules = frozenset[Rule]
NO_RULES: Final[Rules] = frozenset()

# Letters that carry their mark within them: no decomposition takes it away.
_STROKED: Final = {
    "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n",
}  # fmt: skip
# ICAO Doc 9303-3, section 6: where a state may choose, it chooses once for its documents, not letter by letter.
_LATIN: Final = {
    "å": "aa", "æ": "ae", "ø": "oe", "œ": "oe", "þ": "th", "ð": "d", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "ĳ": "ij",
    "ŋ": "n", "ŧ": "t", "ĸ": "q",
}  # fmt: skip
_CYRILLIC: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "є": "ie", "ж": "zh", "з": "z",
    "ѕ": "dz", "и": "i", "і": "i", "ї": "i", "й": "i", "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n",
    "њ": "nj", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "џ": "dz", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    "ђ": "d", "ћ": "c", "ѓ": "g", "ќ": "k",
}  # fmt: skip
_CHOICES: Final = (
    {"ä": "ae", "ö": "oe", "ü": "ue"},
    {"ä": "a", "ö": "o", "ü": "u", "å": "a"},
    {"ä": "ae", "ö": "oe", "ü": "uxx", "ñ": "nxx"},
)


@lru_cache(maxsize=100_000)
def forms(word: str, rules: Rules, *, is_given: bool) -> frozenset[str]:
    """Every way in which ``rules`` let ``word`` be written, itself among them."""
    found = {word}
    if Rule.DIACRITICS in rules:
        found.add(without_diacritics(word))
    if Rule.TRANSLITERATION in rules:
        found |= transliterations(word)
    if Rule.NICKNAMES in rules and is_given:
        found |= {other for form in tuple(found) for other in _related(form)}
    found.discard("")
    return frozenset(found)


def same(left: str, right: str, rules: Rules, *, is_given: bool) -> bool:
    """Whether two normalised words are equal under ``rules``. A nickname of a nickname is another name."""
    if left == right:
        return bool(left)
    if not rules:
        return False
    plain = rules - {Rule.NICKNAMES}
    return not forms(left, rules, is_given=is_given).isdisjoint(forms(right, plain, is_given=is_given))


def parts(name: str) -> list[str]:
    """The words of a name, those that a hyphen joins among them."""
    return name.replace("-", " ").replace("‐", " ").split()


def subsets(rules: Collection[Rule]) -> list[Rules]:
    """Every set of some of ``rules``, the smallest first, so that the first one that matches is what decided."""
    ordered = [rule for rule in Rule if rule in rules]
    return [frozenset(chosen) for n in range(len(ordered) + 1) for chosen in combinations(ordered, n)]


def without_diacritics(word: str) -> str:
    kept: list[str] = []
    bare = True
    for char in unicodedata.normalize("NFD", word):
        if unicodedata.combining(char):
            if not bare:  # in other scripts a mark is a letter of its own
                kept.append(char)
            continue
        bare = unicodedata.name(char, "").startswith(("LATIN", "GREEK"))
        kept.append(_STROKED.get(char, char))
    return unicodedata.normalize("NFC", "".join(kept))


def transliterations(word: str) -> set[str]:
    """``word`` as the machine-readable zone of a document may write it, in lower case; words are left apart."""
    return {form for choice in _CHOICES if (form := _transliterated(word, {**_LATIN, **_CYRILLIC, **choice}))}


def _transliterated(word: str, table: dict[str, str]) -> str:
    written: list[str] = []
    for char in unicodedata.normalize("NFC", word):
        if char in "'’ʼ":
            continue  # Doc 9303-3, 4.6: an apostrophe is left out, a hyphen becomes a filler
        plain = table.get(char)
        if plain is None:
            plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
            if not plain and char.isalpha():
                return ""  # a script that is not in the tables: there is nothing to compare
        written.append(plain if plain.isalnum() or not plain else " ")
    return " ".join("".join(written).split())


def _related(word: str) -> frozenset[str]:
    names = _nicknames()
    return frozenset(names.nicknames_of(word)) | frozenset(names.canonicals_of(word))


@cache
def _nicknames() -> NickNamer:
    """The list of the package ``nicknames`` (Apache-2.0, curated by hand, English)."""
    return NickNamer()
