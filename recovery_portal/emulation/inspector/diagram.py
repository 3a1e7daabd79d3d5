"""Where each line of the sequence diagram stands (pure): units are those of the SVG's view box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .story import Step

_LANE: Final = 158
_MARGIN: Final = 82
_HEAD: Final = 56
_ROW: Final = 46
_NOTE_WIDTH: Final = 148
_TITLE_LONGEST: Final = 34


@dataclass(frozen=True)
class Lane:
    name: str
    x: int


@dataclass(frozen=True)
class Arrow:
    """A message: ``head`` are the points of its head, ``text_x`` the middle of its words."""

    step: Step
    y: int
    from_x: int
    to_x: int
    text_x: int
    head: str
    title: str


@dataclass(frozen=True)
class Note:
    """What a party did by itself."""

    step: Step
    x: int
    y: int
    text_x: int
    width: int
    title: str


@dataclass(frozen=True)
class Diagram:
    width: int
    height: int
    foot: int
    lanes: list[Lane]
    arrows: list[Arrow]
    notes: list[Note]


def draw(steps: Sequence[Step], names: Sequence[str]) -> Diagram:
    """One lane for each name, one row for each step."""
    at = {name: _MARGIN + index * _LANE for index, name in enumerate(names)}
    rows = [(step, _HEAD + 34 + index * _ROW) for index, step in enumerate(steps)]
    height = _HEAD + 34 + len(steps) * _ROW
    return Diagram(
        width=2 * _MARGIN + max(0, len(names) - 1) * _LANE,
        height=height,
        foot=height - 12,
        lanes=[Lane(name, x) for name, x in at.items()],
        arrows=[_arrow(step, y, at[step.sender], at[step.receiver]) for step, y in rows if step.is_message],
        notes=[_note(step, y, at[step.sender]) for step, y in rows if not step.is_message],
    )


def _arrow(step: Step, y: int, from_x: int, to_x: int) -> Arrow:
    back = -9 if to_x > from_x else 9
    head = f"{to_x},{y} {to_x + back},{y - 5} {to_x + back},{y + 5}"
    return Arrow(step, y, from_x, to_x, (from_x + to_x) // 2, head, _short(f"{step.number}. {step.title}"))


def _note(step: Step, y: int, x: int) -> Note:
    left = x - _NOTE_WIDTH // 2
    return Note(step, left, y - 20, x, _NOTE_WIDTH, _short(f"{step.number}. {step.title}", 23))


def _short(text: str, longest: int = _TITLE_LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
