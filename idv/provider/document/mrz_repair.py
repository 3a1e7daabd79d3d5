"""From what OCR saw to a zone: settle what the format settles, propose what a check digit singles out, guess nothing.

Order: alphabet, line length (runs of fillers are miscounted), letter-or-digit by position, then look-alikes in the
document number, the one field where both may stand. The name line has no check digit; nothing here can mend it.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Final

from idv.provider.document.mrz import TD1, TD3, Layout, Span, Zone, replaced

_AS_FILLER: Final = dict.fromkeys("«‹＜《〈くㄑ≤{[(（［", "<")
_TO_DIGIT: Final = str.maketrans("OQDILZSGBTA", "00011256874")
_TO_LETTER: Final = str.maketrans("01258647", "OIZSBGAT")
_LOOK_ALIKE: Final = {
    "0": "OQD", "O": "0", "Q": "0", "D": "0", "1": "I", "I": "1", "2": "Z", "Z": "2", "5": "S", "S": "5",
    "8": "B", "B": "8",
}  # fmt: skip
_MAX_CHANGES: Final = 2


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


def repairs(zone: Zone) -> list[Zone]:
    """Zones that differ in up to two look-alikes of the document number and pass **every** check digit.

    Each is a proposal only: the printed number must bear it out, and when it bears out two, the caller must not choose.
    """
    if not zone.failed_checks:
        return [zone]
    number = zone.at(zone.layout.number)
    doubtful = [index for index, char in enumerate(number) if char in _LOOK_ALIKE]
    found = []
    for changes in range(1, _MAX_CHANGES + 1):
        for chosen in itertools.combinations(doubtful, changes):
            for letters in itertools.product(*(_LOOK_ALIKE[number[index]] for index in chosen)):
                swapped = dict(zip(chosen, letters, strict=True))
                text = "".join(swapped.get(index, char) for index, char in enumerate(number))
                candidate = replaced(zone, zone.layout.number, text)
                if not candidate.failed_checks:
                    found.append(candidate)
    return found


def number_is_doubtful(zone: Zone) -> bool:
    """Whether a wrong check digit of the number may be a misread look-alike rather than the document's fault."""
    return "number" in zone.failed_checks and any(char in _LOOK_ALIKE for char in zone.at(zone.layout.number))


LAYOUTS: Final = {"passport": TD3, "identity_card": TD1}
