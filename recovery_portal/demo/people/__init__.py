"""Six synthetic people whose pictures may be shipped; see README.md here for where they come from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent

PEOPLE: Final = ("vera", "abel", "jun", "omar", "lena", "rosa")
"""Everybody has ``portrait`` and ``selfie1`` to ``selfie3``."""

MOVING: Final = ("vera", "abel", "jun")
"""These three also have a live capture (``MOTIONS``); of ``frontal``, ``turn_left`` and ``turn_right`` a second one,
with ``_2``."""

MOTIONS: Final = ("frontal", "turn_left", "turn_right", "look_up", "closer", "blink_1", "blink_2")
_TURNS: Final = ("frontal", "turn_left", "turn_right")
# A camera that moves to somebody's left sees them as if they had turned to their right.
_SAME_VIEW: Final = {"camera_left": "turn_right", "camera_right": "turn_left"}


def path(person: str, picture: str) -> Path:
    """The JPEG ``picture`` of ``person``. Raises FileNotFoundError when there is none."""
    found = HERE / f"{person}_{picture}.jpg"
    if person not in PEOPLE or not found.is_file():
        raise FileNotFoundError(f"no picture {picture!r} of {person!r}")
    return found


def jpeg(person: str, picture: str) -> bytes:
    """The bytes of ``path(person, picture)``."""
    return path(person, picture).read_bytes()


def capture(person: str, challenge: Sequence[str] = _TURNS, *, second: bool = False) -> dict[str, bytes]:
    """A live capture of one of ``MOVING`` for a challenge, keyed as ``idv.face.liveness.gather`` does.

    ``second``: other pictures of that head, where there are some.
    """
    names = [name for key in challenge for name in (("blink_1", "blink_2") if key == "blink" else (key,))]
    return {name: jpeg(person, _picture(_SAME_VIEW.get(name, name), second)) for name in names}


def _picture(name: str, second: bool) -> str:
    return f"{name}_2" if second and name in _TURNS else name
