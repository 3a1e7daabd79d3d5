"""The shapes of the zone's characters: OCR-B as Doc 9303-3, 4.1 prescribes it, laid over the line that was read.

A network that has learned language reads O after letters and 0 after digits; a template knows nothing but the form. It
settles look-alikes, and it is the second reader where two must agree: independent of the first but for the crop.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from idv.provider.document import ocr
from idv.provider.document.locate import Picture
from idv.provider.document.mrz import Zone

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
_FONT: Final = Path(__file__).parents[1] / "specimen" / "fonts" / "OCRB.otf"
_PITCH, _HEIGHT = 20, 36
_REACH: Final = 3
_BLUR: Final = 1.3
_MARGIN: Final = 0.15
# Measured on hard photos: a right character is at most 0.1 behind the best one wherever the line lies as assumed.
_TOLERANCE: Final = 0.12
_ASKEW: Final = 0.1
_CLEARLY: Final = 0.04
# Against what the network read and every check digit bears out.
_AGAINST: Final = 0.1
# Blur makes a 0 round: it looks like an O by up to 0.06, where an O looks like one by 0.11 to 0.18. The middle is no 0.
_ROUNDED: Final = 0.085
# Mean likeness of the best characters of a line: 0.7 and more however blurred, nothing on blank paper.
_VISIBLE: Final = 0.5


@functools.cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), round(_PITCH * 1.64))


def _drawn(text: str) -> Picture:
    """``text`` in ink (1) on paper (0), one character per ``_PITCH`` pixels."""
    page = Image.new("L", (_PITCH * len(text), _HEIGHT), 0)
    draw = ImageDraw.Draw(page)
    for index, char in enumerate(text):
        draw.text((_PITCH * (index + 0.5), _HEIGHT / 2), char, font=_font(), fill=255, anchor="mm")
    return np.asarray(page, np.float32) / 255


@functools.cache
def _templates() -> Picture:
    """Every character at every small displacement: (character, displacement, pixels), each of length one."""
    shapes = []
    for char in ALPHABET:
        cell = cv2.GaussianBlur(_drawn(f" {char} ")[:, _PITCH : 2 * _PITCH], (0, 0), _BLUR)
        moved = [
            np.roll(np.pad(cell, _REACH), (dy, dx), (0, 1))[_REACH:-_REACH, _REACH:-_REACH]
            for dx in range(-_REACH, _REACH + 1)
            for dy in range(-_REACH, _REACH + 1)
        ]
        shapes.append([_normal(one) for one in moved])
    return np.asarray(shapes, np.float32)


def _normal(cell: Picture) -> Picture:
    flat = cell.ravel() - cell.mean()
    return flat / max(float(np.linalg.norm(flat)), 1e-6)


def likeness(line: Picture, text: str) -> Picture:
    """How well each character of the alphabet fits each place of ``line`` (a crop that reads ``text``).

    Rows are places, columns are ``ALPHABET``; values are correlations, -1 to 1.
    """
    grey = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY).astype(np.float32)
    ink = np.clip(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((31, 31))) - grey, 0, None)
    ink /= max(float(np.percentile(ink, 99)), 1.0)
    source, target = _extent(cv2.GaussianBlur(ink, (0, 0), 1.5)), _extent(_drawn(text))
    width, height = _PITCH * len(text), _HEIGHT
    scale_x = (target[1] - target[0]) / max(source[1] - source[0], 1)
    scale_y = (target[3] - target[2]) / max(source[3] - source[2], 1)
    matrix = np.array(
        [[scale_x, 0, target[0] - source[0] * scale_x], [0, scale_y, target[2] - source[2] * scale_y]], np.float32
    )
    laid = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)
    cells = np.asarray([_normal(laid[:, at : at + _PITCH]) for at in range(0, width, _PITCH)], np.float32)
    shapes = _templates()
    scores: Picture = (cells @ shapes.reshape(-1, shapes.shape[2]).T).reshape(len(text), *shapes.shape[:2])
    return scores.max(axis=2)


def _extent(ink: Picture) -> tuple[int, int, int, int]:
    """First and last column and row with ink."""
    columns, rows = np.flatnonzero((ink > 0.4).sum(axis=0) >= 2), np.flatnonzero((ink > 0.4).mean(axis=1) > 0.03)
    if not columns.size or not rows.size:
        return 0, ink.shape[1], 0, ink.shape[0]
    return int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1


class Shapes:
    """The shapes in one zone; looked at only when asked for."""

    def __init__(self, view: Picture, rows: Sequence[ocr.Line]) -> None:
        self._view, self._rows = view, rows
        self._scores: dict[int, Picture] = {}

    def choose(self, readings: Sequence[Zone], *, seen: Zone | None = None) -> tuple[Zone, ...]:
        """The one reading that the shapes speak for; all of them when they do not speak clearly.

        ``seen`` is what the network read; to speak for another one they must be clearer still.
        """
        if len(readings) < 2:
            return tuple(readings)
        fits = sorted(((self._fit(zone, readings), zone.text, zone) for zone in readings), reverse=True)
        wanted = _CLEARLY if seen is None or fits[0][2] == seen else _AGAINST
        if any(np.isnan(fit) for fit, *_ in fits) or fits[0][0] - fits[1][0] < wanted:
            return tuple(readings)
        return (fits[0][2],)

    def agree(self, zone: Zone) -> bool:
        """Whether every character of ``zone`` is, as far as its shape tells, the one that stands there."""
        return all(self._gap(zone, line).max() <= _TOLERANCE for line in range(zone.layout.lines))

    def _fit(self, zone: Zone, readings: Sequence[Zone]) -> float:
        """The likeness of ``zone`` summed over the places where ``readings`` differ.

        nan when the lines lie askew or cannot be seen.
        """
        fit = 0.0
        for line, texts in enumerate(zip(*(one.lines for one in readings), strict=True)):
            places = [at for at, chars in enumerate(zip(*texts, strict=True)) if len(set(chars)) > 1]
            if not places:
                continue
            gaps = self._gap(readings[0], line)
            if (gaps > _TOLERANCE).mean() > _ASKEW or self._scores[line].max(axis=1).mean() < _VISIBLE:
                return float("nan")
            chars = [zone.lines[line][at] for at in places]
            fit += sum(
                float(self._scores[line][at, ALPHABET.index(char)]) for at, char in zip(places, chars, strict=True)
            )
            fit += _ROUNDED * chars.count("0")
        return fit

    def _gap(self, zone: Zone, line: int) -> Picture:
        """For each place, how much better the best character fits than the one in ``zone``."""
        text = zone.lines[line]
        if line not in self._scores:
            self._scores[line] = likeness(ocr.crop(self._view, self._rows[line], margin=_MARGIN), text)
        scores = self._scores[line]
        gap: Picture = scores.max(axis=1) - scores[np.arange(len(text)), [ALPHABET.index(char) for char in text]]
        return gap
