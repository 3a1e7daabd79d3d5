"""Six synthetic people whose pictures may be shipped; see README.md here for where they come from."""

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent

PEOPLE: Final = ("vera", "abel", "jun", "omar", "lena", "rosa")
"""Everybody has ``portrait`` and ``selfie1`` to ``selfie3``."""

MOVING: Final = ("vera", "abel", "jun")
"""These three also have two live captures: ``frontal``, ``turn_left``, ``turn_right`` and the same with ``_2``."""


def path(person: str, picture: str) -> Path:
    """The JPEG ``picture`` of ``person``. Raises FileNotFoundError when there is none."""
    found = HERE / f"{person}_{picture}.jpg"
    if person not in PEOPLE or not found.is_file():
        raise FileNotFoundError(f"no picture {picture!r} of {person!r}")
    return found


def jpeg(person: str, picture: str) -> bytes:
    """The bytes of ``path(person, picture)``."""
    return path(person, picture).read_bytes()


def capture(person: str, *, second: bool = False) -> dict[str, bytes]:
    """A live capture of one of ``MOVING``, as the Face Check asks for it; ``second``: other pictures of that head."""
    suffix = "_2" if second else ""
    return {key: jpeg(person, key + suffix) for key in ("frontal", "turn_left", "turn_right")}
