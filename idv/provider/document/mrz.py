"""The machine-readable zone of ICAO Doc 9303: TD3 (part 4), TD1 (part 5), TD2 (part 6); one table, both ways."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

_WEIGHTS: Final = (7, 3, 1)
_VALUES: Final = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
# Doc 9303-3, table of national characters: only those that are not "drop the accent".
_TRANSLITERATIONS: Final = {
    "Ä": "AE", "Ö": "OE", "Ü": "UE", "Å": "AA", "Æ": "AE", "Ø": "OE", "Œ": "OE", "ß": "SS", "ẞ": "SS",
    "Þ": "TH", "Ð": "D", "Đ": "D", "Ł": "L", "Ħ": "H", "ı": "I", "Ĳ": "IJ", "Ŋ": "N", "Ŧ": "T",
}  # fmt: skip

Span = tuple[int, int, int]
"""(line, start, end) in the zone, counted from 0."""


@dataclass(frozen=True)
class Layout:
    """Where the fields of one size of document stand, and which spans each check digit covers."""

    name: str
    lines: int
    width: int
    code: Span
    issuer: Span
    names: Span
    number: Span
    nationality: Span
    birth: Span
    sex: Span
    expiry: Span
    optional: tuple[Span, ...]
    checks: dict[str, tuple[tuple[Span, ...], Span]]


TD3: Final = Layout(
    name="TD3", lines=2, width=44, code=(0, 0, 2), issuer=(0, 2, 5), names=(0, 5, 44), number=(1, 0, 9),
    nationality=(1, 10, 13), birth=(1, 13, 19), sex=(1, 20, 21), expiry=(1, 21, 27), optional=((1, 28, 42),),
    checks={
        "number": (((1, 0, 9),), (1, 9, 10)),
        "birth": (((1, 13, 19),), (1, 19, 20)),
        "expiry": (((1, 21, 27),), (1, 27, 28)),
        "optional": (((1, 28, 42),), (1, 42, 43)),
        "composite": (((1, 0, 10), (1, 13, 20), (1, 21, 43)), (1, 43, 44)),
    },
)  # fmt: skip
TD2: Final = Layout(
    name="TD2", lines=2, width=36, code=(0, 0, 2), issuer=(0, 2, 5), names=(0, 5, 36), number=(1, 0, 9),
    nationality=(1, 10, 13), birth=(1, 13, 19), sex=(1, 20, 21), expiry=(1, 21, 27), optional=((1, 28, 35),),
    checks={
        "number": (((1, 0, 9),), (1, 9, 10)),
        "birth": (((1, 13, 19),), (1, 19, 20)),
        "expiry": (((1, 21, 27),), (1, 27, 28)),
        "composite": (((1, 0, 10), (1, 13, 20), (1, 21, 35)), (1, 35, 36)),
    },
)  # fmt: skip
TD1: Final = Layout(
    name="TD1", lines=3, width=30, code=(0, 0, 2), issuer=(0, 2, 5), names=(2, 0, 30), number=(0, 5, 14),
    nationality=(1, 15, 18), birth=(1, 0, 6), sex=(1, 7, 8), expiry=(1, 8, 14), optional=((0, 15, 30), (1, 18, 29)),
    checks={
        "number": (((0, 5, 14),), (0, 14, 15)),
        "birth": (((1, 0, 6),), (1, 6, 7)),
        "expiry": (((1, 8, 14),), (1, 14, 15)),
        "composite": (((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)), (1, 29, 30)),
    },
)  # fmt: skip


def check_digit(text: str) -> str:
    """Doc 9303-3, 4.9: weights 7, 3, 1 over the character values, modulo 10. Raises KeyError on a foreign character."""
    return str(sum(_VALUES[char] * _WEIGHTS[index % 3] for index, char in enumerate(text)) % 10)


def transliterate(text: str) -> str:
    """``text`` in the zone's alphabet: A-Z, words joined by a single filler; what cannot be written is left out."""
    letters: list[str] = []
    for char in unicodedata.normalize("NFC", text).upper():
        plain = _TRANSLITERATIONS.get(char) or unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
        if char in "'’":
            continue  # Doc 9303-3, 4.6: apostrophes are omitted, hyphens become a filler
        letters.append(plain if plain.isalnum() else "<")
    return "<".join(part for part in "".join(letters).split("<") if part)


@dataclass(frozen=True)
class Zone:
    """The lines of a zone with its layout; reads fields, judges check digits, and says nothing about genuineness."""

    layout: Layout
    lines: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.lines) != self.layout.lines or any(len(line) != self.layout.width for line in self.lines):
            raise ValueError(f"{self.layout.name} has {self.layout.lines} lines of {self.layout.width} characters")

    def at(self, span: Span) -> str:
        line, start, end = span
        return self.lines[line][start:end]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def failed_checks(self) -> tuple[str, ...]:
        """Names of the check digits that are wrong."""
        return tuple(name for name in self.layout.checks if not self._check_holds(name))

    @property
    def doubtful_lines(self) -> tuple[int, ...]:
        """The lines that a wrong check digit covers, from the top; the name's line is in none of a passport's."""
        return tuple(sorted({line for line, _, _ in self.doubtful_spans}))

    @property
    def doubtful_spans(self) -> list[Span]:
        """What the wrong check digits cover, and they themselves."""
        failed = [self.layout.checks[name] for name in self.failed_checks]
        # The composite covers what the others cover: beside others it says nothing new.
        told = [one for one in failed if one is not self.layout.checks["composite"]] or failed
        return [span for spans, position in told for span in (*spans, position)]

    def _check_holds(self, name: str) -> bool:
        spans, position = self.layout.checks[name]
        body, digit = "".join(self.at(span) for span in spans), self.at(position)
        if name == "number" and digit == "<":
            long_number = self._long_number()
            return bool(long_number) and check_digit(body + long_number[:-1]) == long_number[-1]
        if name == "optional" and digit == "<":
            return not body.strip("<")
        return check_digit(body) == digit

    def _long_number(self) -> str:
        # Doc 9303-5 and 9303-6, 4.2: a number of more than 9 characters goes on in the optional data, check digit last.
        return "" if self.layout is TD3 else self.at(self.layout.optional[0]).split("<", 1)[0]

    @property
    def document_number(self) -> str:
        _, position = self.layout.checks["number"]
        rest = self._long_number()[:-1] if self.at(position) == "<" else ""
        return (self.at(self.layout.number) + rest).strip("<")

    @property
    def document_code(self) -> str:
        return self.at(self.layout.code).strip("<")

    @property
    def issuing_country(self) -> str:
        return self.at(self.layout.issuer).strip("<")

    @property
    def nationality(self) -> str:
        return self.at(self.layout.nationality).strip("<")

    @property
    def sex(self) -> str:
        return {"M": "M", "F": "F"}.get(self.at(self.layout.sex), "X")

    @property
    def surname(self) -> str:
        return self._names()[0]

    @property
    def given_names(self) -> str:
        return self._names()[1]

    def _names(self) -> tuple[str, str]:
        surname, _, given = self.at(self.layout.names).partition("<<")
        # Only one double filler separates names; what follows a second one is padding, however it was read.
        return surname.replace("<", " ").strip(), given.split("<<")[0].replace("<", " ").strip()

    @property
    def names_may_be_truncated(self) -> bool:
        return not self.at(self.layout.names).endswith("<")

    @property
    def personal_number(self) -> str:
        _, position = self.layout.checks["number"]
        if self.layout is TD2 and self.at(position) == "<":
            return self.at(TD2.optional[0]).partition("<")[2].strip("<")
        return self.at(self.layout.optional[-1]).strip("<")

    def date_of_birth(self, at: date) -> date:
        """The latest century that is not after ``at``. Raises ValueError when it is no date."""
        born = _date(self.at(self.layout.birth), 2000)
        return born if born <= at else _date(self.at(self.layout.birth), 1900)

    def date_of_expiry(self) -> date:
        """Always in this century: no document lives long enough for another reading. Raises ValueError."""
        return _date(self.at(self.layout.expiry), 2000)


def _date(yymmdd: str, century: int) -> date:
    if not (len(yymmdd) == 6 and yymmdd.isascii() and yymmdd.isdigit()):
        raise ValueError(f"{yymmdd!r} is no date")
    return date(century + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))


def _padded(text: str, width: int) -> str:
    return text[:width].ljust(width, "<")


def _name_field(surname: str, given_names: str, width: int) -> str:
    """Doc 9303-4, 4.2.3: the surname keeps room for at least one letter of the given names."""
    family, given = transliterate(surname), transliterate(given_names)
    return _padded(f"{family[: width - 3]}<<{given}" if given else family, width)


def compose(
    layout: Layout,
    *,
    code: str,
    issuer: str,
    surname: str,
    given_names: str,
    number: str,
    nationality: str,
    born: date,
    sex: str,
    expires: date,
    personal_number: str = "",
) -> Zone:
    """A valid zone with every check digit right. Raises ValueError when the number is longer than nine characters."""
    if len(number) > 9 or not set(number) <= set(_VALUES):
        raise ValueError("a document number has at most 9 characters A-Z and 0-9")
    gender = sex if sex in {"M", "F"} else "<"
    figure = _padded(number, 9) + check_digit(_padded(number, 9))
    birth, expiry = (f"{d:%y%m%d}" + check_digit(f"{d:%y%m%d}") for d in (born, expires))
    names = _name_field(surname, given_names, layout.names[2] - layout.names[1])
    if layout is TD3:
        optional = _padded(personal_number, 14)
        optional += check_digit(optional)
        lower = f"{figure}{_padded(nationality, 3)}{birth}{gender}{expiry}{optional}"
        composite = check_digit(lower[0:10] + lower[13:20] + lower[21:43])
        return Zone(TD3, (f"{_padded(code, 2)}{_padded(issuer, 3)}{names}", lower + composite))
    if layout is TD2:
        lower = f"{figure}{_padded(nationality, 3)}{birth}{gender}{expiry}{_padded(personal_number, 7)}"
        composite = check_digit(lower[0:10] + lower[13:20] + lower[21:35])
        return Zone(TD2, (f"{_padded(code, 2)}{_padded(issuer, 3)}{names}", lower + composite))
    upper = f"{_padded(code, 2)}{_padded(issuer, 3)}{figure}{'<' * 15}"
    middle = f"{birth}{gender}{expiry}{_padded(nationality, 3)}{_padded(personal_number, 11)}"
    composite = check_digit(upper[5:30] + middle[0:7] + middle[8:15] + middle[18:29])
    return Zone(TD1, (upper, middle + composite, names))


def replaced(zone: Zone, span: Span, text: str) -> Zone:
    """The same zone with ``text`` at ``span``; check digits are left as they are."""
    line, start, end = span
    if len(text) != end - start:
        raise ValueError("the text does not fit the span")
    lines: Sequence[str] = [
        old[:start] + text + old[end:] if index == line else old for index, old in enumerate(zone.lines)
    ]
    return Zone(zone.layout, tuple(lines))
