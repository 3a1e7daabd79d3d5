"""The live capture: what is asked of the person, and what a liveness engine answers.

Left and right are always **the person's own**: ``turn_left`` means towards their own left shoulder. The camera does
not mirror what it stores, so in the stored photo their nose then moves towards the picture's right edge. A preview on
the page may be mirrored; the uploaded file must not be.
"""

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FRONTAL: Final = "frontal"
TURN_LEFT: Final = "turn_left"
TURN_RIGHT: Final = "turn_right"
LOOK_UP: Final = "look_up"
BLINK: Final = "blink"
CLOSER: Final = "closer"
CAMERA_LEFT: Final = "camera_left"
CAMERA_RIGHT: Final = "camera_right"


class Movement(StrEnum):
    """What moves: the person's head, or, for those who cannot turn or blink, the camera round a still head."""

    HEAD = "head"
    CAMERA = "camera"


# Pixels of the long side of a photo of a face: four times what the recogniser needs, and quick to decode.
PHOTO_SIDE: Final = 960
# A burst from the page's camera has eight photos; from files, one with open and one with closed eyes will do.
BURST_MIN: Final = 2
BURST_MAX: Final = 10
_BURST_SHOWN: Final = 8
_MOVES: Final = 3


@dataclass(frozen=True)
class Step:
    """What one step asks for: ``key`` names the upload (``frame_<key>``), ``photos`` says how many a camera takes."""

    key: str
    instruction: Promise
    hint: Promise
    photos: int = 1

    @property
    def is_burst(self) -> bool:
        return self.photos > 1

    def as_dict(self) -> dict[str, str | int]:
        return {"key": self.key, "instruction": str(self.instruction), "hint": str(self.hint), "photos": self.photos}


_A_THIRD: Final = _("About a third of the way, so that both eyes stay visible.")
_STEPS: Final = {
    step.key: step
    for step in (
        Step(
            FRONTAL,
            _("Look straight into the camera"),
            _("Hold the camera at eye level, in good light, and keep still."),
        ),
        Step(TURN_LEFT, _("Turn your head to your left"), _A_THIRD),
        Step(TURN_RIGHT, _("Turn your head to your right"), _A_THIRD),
        Step(LOOK_UP, _("Lift your chin and look up"), _("Only your head moves; keep the camera where it is.")),
        Step(
            BLINK,
            _("Close both eyes for a second, then open them"),
            _("Several photos are taken. From files, choose at least one with open and one with closed eyes."),
            photos=_BURST_SHOWN,
        ),
        Step(CLOSER, _("Come closer to the camera"), _("Until your face fills about half of the picture's height.")),
        Step(
            CAMERA_LEFT,
            _("Keep still and move the camera to your left side"),
            _("Until it sees your face half from the left. Somebody may hold it for you."),
        ),
        Step(
            CAMERA_RIGHT,
            _("Keep still and move the camera to your right side"),
            _("Until it sees your face half from the right. Somebody may hold it for you."),
        ),
    )
}


def step(key: str) -> Step:
    """What to show for one key of a challenge. Raises KeyError for a key that no challenge contains."""
    return _STEPS[key]


def new_challenge(rng: random.Random, movement: Movement = Movement.HEAD) -> list[str]:
    """Steps in the order in which they are asked for: the frontal one first, then three moves drawn by ``rng``.

    One of the moves is always a view from the side, because only that tells a head from a flat picture. Pass
    ``kit.chance.lot()`` in the product: neither choice nor order may be foreseeable (54 challenges by head).
    """
    if movement is Movement.CAMERA:
        moves = [CAMERA_LEFT, CAMERA_RIGHT, CLOSER]
    else:
        turns = [TURN_LEFT, TURN_RIGHT]
        rng.shuffle(turns)
        moves = [turns[0], *rng.sample([turns[1], LOOK_UP, BLINK, CLOSER], _MOVES - 1)]
    rng.shuffle(moves)
    return [FRONTAL, *moves]


def movement_of(challenge: Sequence[str]) -> Movement:
    return Movement.CAMERA if CAMERA_LEFT in challenge else Movement.HEAD


_Photo = TypeVar("_Photo")
_NUMBERED: Final = re.compile(r"(?P<key>.+)_\d+")


def gather(challenge: Sequence[str], uploads: Callable[[str], Sequence[_Photo]]) -> dict[str, _Photo]:
    """What was uploaded for each step, keyed ``turn_left`` for a single photo and ``blink_1``, ``blink_2`` … for a
    burst. ``uploads`` answers for a field name with the files in it; too many of them are left out.
    """
    found: dict[str, _Photo] = {}
    for key in challenge:
        files = uploads(f"frame_{key}")
        if step(key).is_burst:
            found |= {f"{key}_{number}": file for number, file in enumerate(files[:BURST_MAX], start=1)}
        elif files:
            found[key] = files[0]
    return found


def step_of(photo_key: str) -> str:
    """The step that a photo of ``gather`` belongs to. Raises KeyError for a key that belongs to none."""
    if photo_key in _STEPS:
        return photo_key
    numbered = _NUMBERED.fullmatch(photo_key)
    if numbered is None or not step(numbered["key"]).is_burst:
        raise KeyError(photo_key)
    return numbered["key"]


def photos_of(key: str, photo_keys: Iterable[str]) -> list[str]:
    """The keys of the photos of one step, in the order in which they were taken."""
    if not step(key).is_burst:
        return [key] if key in photo_keys else []
    own = [name for name in photo_keys if (numbered := _NUMBERED.fullmatch(name)) and numbered["key"] == key]
    return sorted(own, key=lambda name: int(name.rpartition("_")[2]))


def missing(challenge: Sequence[str], photo_keys: Iterable[str]) -> list[str]:
    """The steps that have too few photos."""
    keys = list(photo_keys)
    return [key for key in challenge if len(photos_of(key, keys)) < (BURST_MIN if step(key).is_burst else 1)]


def is_complete(challenge: Sequence[str], photo_keys: Iterable[str]) -> bool:
    """Whether every step has its photos and there is no photo that was not asked for."""
    keys = set(photo_keys)
    return not missing(challenge, keys) and keys == {name for key in challenge for name in photos_of(key, keys)}


def repeats(challenge: Sequence[str], frames: Mapping[str, bytes]) -> bool:
    """Whether one photo serves two steps. Within a burst a camera may well see the same thing twice."""
    by_step = [{frames[name] for name in photos_of(key, frames)} for key in challenge]
    return sum(map(len, by_step)) > len(set().union(*by_step))


@dataclass(frozen=True)
class LivenessVerdict:
    """``reason_code`` (of ``idv.face.errors``) is empty when ``live``. ``measures`` hold no biometric data.

    ``evidence``: for each step the key of the photo that shows the move; all of them must show one person.
    """

    live: bool
    reason_code: str = ""
    measures: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)


class LivenessEngine(Protocol):
    """Tells a head that moved as asked from a picture. It stops printed and shown photos.

    It does **not** stop injected camera streams, generated video or masks, and it does not compare the frames' identity
    (``idv.face.capture`` does). It has not been tested to ISO/IEC 30107-3.
    """

    name: str
    version: str

    def judge(self, frames: Mapping[str, bytes], challenge: Sequence[str]) -> LivenessVerdict:
        """Judge the JPEGs of one capture, keyed as ``gather`` does. Raises FaceUnusable when one shows no single face.

        A challenge without the frontal step, missing or additional photos are ``frames_missing``.
        """
        ...
