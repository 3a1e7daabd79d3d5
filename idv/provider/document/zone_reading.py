"""Reading the machine-readable zone out of one view of a document."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from idv.provider.document import glyphs, mrz_repair, ocr
from idv.provider.document.locate import Picture
from idv.provider.document.mrz import Layout, Zone

# Cuts of the lines that are tried in turn: a little more or less paper around the characters changes what is read.
_MARGINS: Final = (0.12, 0.05)
_MIN_SPAN: Final = 0.25
_FULL_SPAN: Final = 0.7


@dataclass(frozen=True)
class ZoneReading:
    """``candidates`` pass every check digit (``mrz_repair.readings``); when there are none, ``raw`` is what was seen.

    ``was_repaired`` asks for confirmation by the print; ``score`` is the OCR's own confidence in its worst line;
    ``is_steady`` says that every cut of the lines in doubt gave the same characters.
    """

    raw: Zone
    candidates: tuple[Zone, ...]
    was_repaired: bool
    score: float
    is_steady: bool
    shapes: glyphs.Shapes


def read_zone(view: Picture, lines: Sequence[ocr.Line], layout: Layout) -> ZoneReading | None:
    """The zone in ``view``, or None when its lines are not there."""
    rows = _rows(view, lines, layout)
    if rows is None:
        return None
    seen: list[tuple[Zone, float]] = []
    shapes = glyphs.Shapes(view, rows)
    texts: dict[int, ocr.Text] = {}
    doubtful: Collection[int] = range(layout.lines)
    for margin in _MARGINS:
        read = ocr.read([ocr.crop(view, rows[index], margin=margin) for index in doubtful])
        texts |= dict(zip(doubtful, read, strict=True))
        zone = mrz_repair.settled([texts[index].text for index in range(layout.lines)], layout)
        if zone is None:
            doubtful = range(layout.lines)
            continue
        seen.append((zone, min(text.score for text in texts.values())))
        if not zone.failed_checks:
            candidates = shapes.choose(mrz_repair.readings(zone), seen=zone)
            repaired = candidates != (zone,)
            return ZoneReading(zone, candidates, repaired, score=seen[-1][1], is_steady=True, shapes=shapes)
        doubtful = zone.doubtful_lines
    if not seen:
        return None
    proposals = {candidate.text: candidate for zone, _ in seen for candidate in mrz_repair.readings(zone)}
    candidates = shapes.choose(list(proposals.values()))
    if len(candidates) == 1:
        # What was read may be too far off to propose the truth; what was chosen is nearer to it.
        candidates = shapes.choose(mrz_repair.readings(candidates[0]), seen=candidates[0])
    steady = len(seen) == len(_MARGINS) and len({zone.text for zone, _ in seen}) == 1
    return ZoneReading(seen[0][0], candidates, True, min(score for _, score in seen), steady, shapes)


def bottom_is_zone(view: Picture, lines: Sequence[ocr.Line], layout: Layout) -> bool:
    """Whether the lowest lines look like a zone: as many as it has, from edge to edge (Doc 9303-6, 3.1)."""
    rows = _rows(view, lines, layout) or []
    return bool(rows) and all(row.width >= _FULL_SPAN * view.shape[1] for row in rows)


def _rows(view: Picture, lines: Sequence[ocr.Line], layout: Layout) -> list[ocr.Line] | None:
    """The lowest rows with the slender shape of the zone's lines: it is always the last thing on the page."""
    clusters: list[list[ocr.Line]] = []
    for line in lines:
        if clusters and abs(line.centre[1] - clusters[-1][-1].centre[1]) < 0.45 * line.height:
            clusters[-1].append(line)
        else:
            clusters.append([line])
    rows = [_joined(cluster) for cluster in clusters]
    # Characters are 2.54 mm apart and boxes 4 to 6 mm high, so a line of 44 is 18 to 28 times as long as high.
    slender = 0.27 * layout.width
    wide = [row for row in rows if row.width >= _MIN_SPAN * view.shape[1] and row.width > slender * row.height]
    return wide[-layout.lines :] if len(wide) >= layout.lines else None


def _joined(cluster: Sequence[ocr.Line]) -> ocr.Line:
    if len(cluster) == 1:
        return cluster[0]
    first = min(cluster, key=lambda line: line.centre[0])
    last = max(cluster, key=lambda line: line.centre[0])
    return ocr.Line(np.array([first.quad[0], last.quad[1], last.quad[2], first.quad[3]], np.float32))
