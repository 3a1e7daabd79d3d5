"""The printed side against the machine-readable one: names have no check digit, and 6 and G share one."""

import functools
import itertools
import math
import re
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from PIL import ImageFont

from idv.provider.document import ocr
from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.locate import Picture
from idv.provider.document.mrz import transliterate
from idv.provider.document.reading import Check

_ALIKE: Final = str.maketrans("OQDILZSB", "00011258")
_LABELS: Final = re.compile(
    r"^(\d[A-D]?|SURNAME|FAMILYNAME|LASTNAME|GIVENNAMES?|FIRSTNAMES?|NAMES?|NOM|PRENOMS?)(?=[A-Z])"
)
_ACCENTED: Final = {"AE": "Ä", "OE": "Ö", "UE": "Ü", "AA": "Å"}
_FORMATS: Final = ("%d%b%Y", "%d%m%Y", "%Y%m%d", "%m%d%Y", "%d%b%y", "%d%B%Y", "%d%m%y")
# Labels are printed smaller than what they label; heights are shares of the page's height.
_VALUE_HEIGHT: Final = (0.034, 0.11)
_MAX_ASPECT: Final = 18
# Documents are printed in sans serifs of much the same widths. A line's box is higher than the typeface's size, and
# somewhat wider than its text (shares of its height).
_TYPEFACE: Final = Path(__file__).parents[1] / "specimen" / "fonts" / "LiberationSans-Bold.ttf"
_UNITS: Final = 100
_SIZE_IN_BOX: Final = 0.77
_AROUND: Final = 0.3
# Doc 9303-3, 3.1: birth stands above expiry. This much of a page's height is worth as much as a tenth of the fit.
_ORDER: Final = 0.1
# A line of so many characters tells how wide this document's are.
_TELLING: Final = 6
# Accents and descenders make a box a quarter higher; a stamp or a title is higher still (in logarithms).
_ODDLY_HIGH: Final = 0.25
# How many lines are read for each open fact before it is looked for in more; the last is all of them.
_DEPTHS: Final = (1, 2, 3, 6, 99)


@dataclass(frozen=True)
class Expected:
    """What the machine-readable part says, in its own spelling.

    ``number_is_doubtful``: the number was mended, so look-alikes in print do not bear it out; only O and 0 still may,
    which OCR reads alike in every typeface, and which the check digit tells apart.
    """

    surname: str
    given_names: str
    document_number: str
    dates: tuple[date, ...]
    names_may_be_truncated: bool = False
    number_is_doubtful: bool = False


@dataclass
class Comparison:
    """What of it was found in print. Names are as printed."""

    surname: str = ""
    given_names: str = ""
    number_found: bool = False
    dates_found: set[date] = field(default_factory=set)
    nearest_name: float = 1.0

    def complete(self, expected: Expected) -> bool:
        names = bool(self.surname) and (bool(self.given_names) or not expected.given_names)
        return names and self.number_found and set(expected.dates) <= self.dates_found


class Print:
    """The printed lines of one view, read when first needed, and each only once."""

    def __init__(self, view: Picture, lines: Sequence[ocr.Line]) -> None:
        self.view, self.lines = view, lines
        low, high = (share * view.shape[0] for share in _VALUE_HEIGHT)
        self._values = [line for line in lines if low <= line.height <= high and line.width < _MAX_ASPECT * line.height]
        self._height = statistics.median(line.height for line in self._values) if self._values else 1.0
        self._small = [line for line in lines if line.height < low]
        self._texts: dict[ocr.Line, str] = {}

    def compare(self, expected: Expected) -> Comparison:
        """Look for ``expected``: first where a text of its length may stand, the small print only when all else fails.

        Whatever was not found has been looked for in every line, so that "different" never means "not looked at".
        """
        found = match(list(self._texts.values()), expected)
        for depth in _DEPTHS:
            if found.complete(expected):
                return found
            found = self._read(self._likely(expected, found, depth), expected)
        return found if found.complete(expected) else self._read(self._small, expected)

    def _read(self, lines: Sequence[ocr.Line], expected: Expected) -> Comparison:
        unread = [line for line in lines if line not in self._texts]
        read = ocr.read([ocr.crop(self.view, line) for line in unread])
        self._texts |= {line: one.text for line, one in zip(unread, read, strict=True)}
        return match(list(self._texts.values()), expected)

    def _likely(self, expected: Expected, found: Comparison, depth: int) -> list[ocr.Line]:
        """For each open fact, the lines whose shape fits its length best: what costs is reading, by a line's width."""
        names = ((found.surname, expected.surname), (found.given_names, expected.given_names))
        wanted = [([name.title(), name, _folded(name).title()], 0.0) for seen, name in names if name and not seen]
        wanted += [([expected.document_number], 0.0)] if not found.number_found else []
        wanted += [
            ([f"{day:%d %b %Y}".upper()], order)
            for day, order in zip(expected.dates, (_ORDER, -_ORDER), strict=True)
            if day not in found.dates_found
        ]
        wideness = self._wideness()
        chosen: dict[ocr.Line, None] = {}
        for spellings, order in wanted:
            shapes = [wideness * _shape(text) for text in spellings]
            by_fit = sorted(self._values, key=lambda line: self._misfit(line, shapes, order))
            chosen |= dict.fromkeys(by_fit[:depth])
        return list(chosen)

    def _wideness(self) -> float:
        """How much wider than assumed the lines are that have been read; 1 before any was."""
        known = [
            line.width / self._height / _shape(text)
            for line, text in self._texts.items()
            if len(text) >= _TELLING and line in self._values
        ]
        return statistics.median(known) if known else 1.0

    def _misfit(self, line: ocr.Line, shapes: Sequence[float], order: float) -> float:
        # By the usual height of a line: a box is higher for a single g or an accent.
        fit = min(abs(math.log(line.width / self._height / shape)) for shape in shapes)
        oddly_high = max(0.0, abs(math.log(line.height / self._height)) - _ODDLY_HIGH)
        return fit + oddly_high + order * line.centre[1] / self.view.shape[0]


def _shape(text: str) -> float:
    """How many times as wide as high the box of a line is that says ``text``."""
    return _SIZE_IN_BOX * _typeface().getlength(text) / _UNITS + _AROUND


@functools.cache
def _typeface() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_TYPEFACE), _UNITS)


def match(texts: Sequence[str], expected: Expected) -> Comparison:
    """The comparison itself, on lines of text."""
    found = Comparison()
    want = {"surname": _key(expected.surname), "given_names": _key(expected.given_names)}
    near = dict.fromkeys(want, 1.0)
    for text in texts:
        key = _LABELS.sub("", _key(text))
        folded = _folded(key)
        for name, wanted in want.items():
            if wanted and _same_name(folded, _folded(wanted), expected.names_may_be_truncated):
                setattr(found, name, getattr(found, name) or _as_printed(text, getattr(expected, name), key))
            elif wanted:
                near[name] = min(near[name], _distance(key, wanted) / len(wanted))
        # A number may itself begin with a digit, as the labels of a licence do.
        whole = _key(text)
        plain = whole.translate(_ALIKE)
        if expected.number_is_doubtful:
            found.number_found |= expected.document_number.replace("O", "0") in whole.replace("O", "0")
        else:
            found.number_found |= expected.document_number.translate(_ALIKE) in plain
        for day in expected.dates:
            if any(f"{day:{form}}".upper().translate(_ALIKE) in plain for form in _FORMATS):
                found.dates_found.add(day)
    open_names = [near[name] for name, wanted in want.items() if wanted and not getattr(found, name)]
    found.nearest_name = min(open_names, default=1.0)
    return found


def checks(found: Comparison, expected: Expected) -> tuple[Check, ...]:
    """One check per printed fact. Raises DocumentUnreadable when too little was legible to blame the document.

    A fact counts as different only when all the others were found: one missing line among legible ones contradicts,
    several are a bad photo. Nothing is ever accepted on missing print.
    """
    number_ok, dates_ok = found.number_found, set(expected.dates) <= found.dates_found
    given_ok = bool(found.given_names) or not expected.given_names
    names_ok = bool(found.surname) and given_ok
    if not names_ok and found.nearest_name <= 0.25:
        raise DocumentUnreadable("name_unclear", f"a printed name is {found.nearest_name:.2f} away")
    missing = [not found.surname, not given_ok, not number_ok, not dates_ok].count(True)
    if missing > 1:
        raise DocumentUnreadable("print_unreadable", f"{missing} printed facts were not found")
    return (
        Check("printed_name", names_ok, "" if names_ok else "printed_name_differs"),
        Check("printed_number", number_ok, "" if number_ok else "printed_number_differs"),
        Check("printed_dates", dates_ok, "" if dates_ok else "printed_date_differs"),
    )


def _key(text: str) -> str:
    return transliterate(text).replace("<", "")


def _folded(key: str) -> str:
    """Both spellings of an umlaut alike (MUELLER, MULLER): OCR loses dots that the zone spells out."""
    return re.sub(r"(?<=[AOU])E|(?<=A)A", "", key)


def _same_name(key: str, wanted: str, may_be_truncated: bool) -> bool:
    return key == wanted or (may_be_truncated and len(wanted) > 5 and key.startswith(wanted))


def _as_printed(text: str, wanted: str, key: str) -> str:
    """The printed spelling, in ordinary case and without a label that stood in front."""
    words = text.strip()
    if _key(words) != key:
        words = words.split(maxsplit=1)[-1]
    if words.isupper():
        words = re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), words)
    spelled = _mended(words, wanted)
    # What OCR lost for good (the stroke of an Ø) is not made up: then the zone's own spelling is what is certain.
    return spelled if _key(spelled).startswith(_key(wanted)) else wanted.title()


def _mended(words: str, wanted: str) -> str:
    """``words`` with the blanks and accents that OCR lost and the zone proves (MUELLER: Muller is Müller)."""
    spelled = wanted.replace(" ", "")
    breaks = set(itertools.accumulate(len(word) for word in wanted.split()))
    written: list[str] = []
    index = 0
    for char in words:
        key = _key(char)
        if key and index in breaks and written and written[-1].isalpha():
            written.append(" ")
        if key and not spelled.startswith(key, index):
            if index and written and spelled.startswith(key, index + 1):
                written[-1] = _accented(written[-1], spelled[index - 1 : index + 1])
                index += 1
            elif _plain(char) == spelled[index : index + 1]:
                char, key = _accented(char, spelled[index : index + 2]), spelled[index : index + 2]
            else:
                return words
        written.append(char)
        index += len(key)
    if written and index == len(spelled) - 1:
        written[-1] = _accented(written[-1], spelled[index - 1 :])
    return "".join(written)


def _plain(char: str) -> str:
    return unicodedata.normalize("NFKD", char)[0].upper()


def _accented(char: str, pair: str) -> str:
    # A plain O may have lost dots or a stroke (both are spelled OE), so it stays; a wrong accent is certainly wrong.
    meant = _ACCENTED.get(pair, char) if pair != "OE" or _plain(char) != char.upper() else char
    return meant if char.isupper() else meant.lower()


def _distance(a: str, b: str) -> int:
    """Levenshtein's edit distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]
