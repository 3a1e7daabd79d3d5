"""The live capture: what is asked of the person, and what a liveness engine answers.

Left and right are always **the person's own**: ``turn_left`` means towards their own left shoulder. The camera does
not mirror what it stores, so in the stored photo their nose then moves towards the picture's right edge. A preview on
the page may be mirrored; the uploaded file must not be.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FRONTAL: Final = "frontal"
TURN_LEFT: Final = "turn_left"
TURN_RIGHT: Final = "turn_right"


@dataclass(frozen=True)
class Step:
    """One photo to take: ``key`` names the upload (``frame_<key>``), the rest is for the person."""

    key: str
    instruction: Promise
    hint: Promise

    def as_dict(self) -> dict[str, str]:
        return {"key": self.key, "instruction": str(self.instruction), "hint": str(self.hint)}


_STEPS: Final = {
    FRONTAL: Step(
        FRONTAL, _("Look straight into the camera"), _("Hold the camera at eye level, in good light, and keep still.")
    ),
    TURN_LEFT: Step(
        TURN_LEFT, _("Turn your head to your left"), _("About a third of the way, so that both eyes stay visible.")
    ),
    TURN_RIGHT: Step(
        TURN_RIGHT, _("Turn your head to your right"), _("About a third of the way, so that both eyes stay visible.")
    ),
}


def step(key: str) -> Step:
    """What to show for one key of a challenge. Raises KeyError for a key that no challenge contains."""
    return _STEPS[key]


def new_challenge(rng: random.Random) -> list[str]:
    """Poses in the order in which they are asked for: the frontal one first, the turns in an order drawn by ``rng``.

    Pass ``random.SystemRandom()`` in the product: the order must not be foreseeable.
    """
    turns = [TURN_LEFT, TURN_RIGHT]
    rng.shuffle(turns)
    return [FRONTAL, *turns]


@dataclass(frozen=True)
class LivenessVerdict:
    """``reason_code`` (of ``idv.face.errors``) is empty when ``live``. ``measures`` hold no biometric data."""

    live: bool
    reason_code: str = ""
    measures: dict[str, float] = field(default_factory=dict)


class LivenessEngine(Protocol):
    """Tells a head that moved as asked from a picture. It stops printed and shown photos.

    It does **not** stop injected camera streams, generated video or masks, and it does not compare the frames' identity
    (``idv.face.capture`` does). It has not been tested to ISO/IEC 30107-3.
    """

    name: str
    version: str

    def judge(self, frames: Mapping[str, bytes], challenge: Sequence[str]) -> LivenessVerdict:
        """Judge one JPEG per key of ``challenge``. Raises FaceUnusable when a frame shows no single face."""
        ...
