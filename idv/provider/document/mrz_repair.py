"""From what OCR saw to a zone: settle what the format settles, propose what a check digit singles out, guess nothing.

Order: alphabet, line length (runs of fillers are miscounted), letter-or-digit by position, then look-alikes in the
document number and the optional data, the fields where both may stand. The name line has none;
nothing here can mend it.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Final

from idv.provider.document.mrz import TD1, TD2, TD3, Layout, Span, Zone, replaced
from idv.provider.document.ocr import FILLER_LIKE

_AS_FILLER: Final = dict.fromkeys(FILLER_LIKE, "<")
_TO_DIGIT: Final = str.maketrans("OQDILZSGBTA", "00011256874")
_TO_LETTER: Final = str.maketrans("01258647", "OIZSBGAT")
_LOOK_ALIKE: Final = {
    "0": "OQD", "O": "0", "Q": "0", "D": "0", "1": "I", "I": "1", "2": "Z", "Z": "2", "5": "S", "S": "5",
    "8": "B", "B": "8",
}  # fmt: skip
_MAX_CHANGES: Final = 3


def cleaned(text: str) -> str:
    """Only the zone's alphabet; brackets of any script are fillers, blanks and the rest go."""
    swapped = "".join("<<" if char == "«" else _AS_FILLER.get(char, char) for char in text.upper())
    return re.sub(r"[^A-Z0-9<]", "", swapped)


def settled(texts: Sequence[str], layout: Layout) -> Zone | None:
    """The lines brought to the layout's shape, or None when they cannot be. Check digits are not looked at."""
    if len(texts) != layout.lines:
        return None
    lines = [_fitted(cleaned(text), index, layout) for index, text in enumerate(texts)]
    if any(line is None for line in lines):
        return None
    zone = Zone(layout, tuple(line for line in lines if line is not None))
    return _by_position(zone)


def _fitted(line: str, index: int, layout: Layout) -> str | None:
    if index == layout.names[0]:
        return _fitted_names(line, layout)
    missing = layout.width - len(line)
    if missing == 0:
        return line
    runs = [match.span() for match in re.finditer("<+", line)]
    if not runs:
        return None
    start, end = max(runs, key=lambda run: run[1] - run[0])
    # Only a run long enough to be miscounted is refitted: a single filler between two fields is not.
    if end - start < 3 or end - start + missing < 1:
        return None
    return line[:start] + "<" * (end - start + missing) + line[end:]


def _fitted_names(line: str, layout: Layout) -> str | None:
    head, names = line[: layout.names[1]], line[layout.names[1] :]
    if "<<" in names:
        family, _, rest = names.partition("<<")
        given = rest.lstrip("<").split("<<")[0]
        names = f"{family}<<{given}"
    names = names.rstrip("<")
    room = layout.width - layout.names[1]
    return head + names.ljust(room, "<") if names and len(names) <= room and len(head) == layout.names[1] else None


def _by_position(zone: Zone) -> Zone:
    layout = zone.layout
    for span in (layout.issuer, layout.nationality, layout.names):
        zone = _translated(zone, span, _TO_LETTER)
    digits: list[Span] = [layout.birth, layout.expiry, *(position for _, position in layout.checks.values())]
    for span in digits:
        zone = _translated(zone, span, _TO_DIGIT)
    return _translated(zone, layout.code, _TO_LETTER)


def _translated(zone: Zone, span: Span, table: dict[int, int]) -> Zone:
    return replaced(zone, span, zone.at(span).translate(table))


def readings(zone: Zone) -> list[Zone]:
    """``zone`` and what differs from it in a few look-alikes, as far as they pass **every** check digit.

    Look-alikes are where letters and digits may both stand: the number (up to three changes) and the optional data (up
    to two, with those of the number). Changes may cancel in a check digit (O70 and 07O have the same), so even a zone
    that passes may not be the only reading of what was seen.
    """
    number, everywhere = _doubtful_places(zone, (zone.layout.number,)), _doubtful_places(zone)
    found = [] if zone.failed_checks else [zone]
    for changes in range(1, _MAX_CHANGES + 1):
        for chosen in itertools.combinations(number if changes > 2 else everywhere, changes):
            for letters in itertools.product(*(_LOOK_ALIKE[zone.at(place)] for place in chosen)):
                candidate = zone
                for place, letter in zip(chosen, letters, strict=True):
                    candidate = replaced(candidate, place, letter)
                if not candidate.failed_checks:
                    found.append(candidate)
    return found


def look_alikes_may_explain(zone: Zone) -> bool:
    """Whether the wrong check digits may be misread look-alikes rather than the document's fault."""
    covered = {(line, at) for line, start, end in zone.doubtful_spans for at in range(start, end)}
    return any((line, start) in covered for line, start, _ in _doubtful_places(zone))


def _doubtful_places(zone: Zone, spans: Sequence[Span] = ()) -> list[Span]:
    return [
        (line, at, at + 1)
        for line, start, end in spans or (zone.layout.number, *zone.layout.optional)
        for at in range(start, end)
        if zone.lines[line][at] in _LOOK_ALIKE
    ]


ZONES: Final[dict[str, tuple[tuple[str, Layout], ...]]] = {
    "passport": (("front", TD3),),
    "identity_card": (("back", TD1), ("front", TD2)),
}
"""On which side of a document which zone may stand (Doc 9303-4 to 9303-6), the commonest first."""
