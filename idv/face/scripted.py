"""Scripted eyes for tests and emulation: the picture itself (a cue card) says what is seen. Never for production.

Cues: ``{"person": "alice"}``, ``{"person": "alice", "pose": "turn_left"}``, ``{"trouble": "too_dark"}`` (a code of
``idv.face.errors``), ``{"person": "alice", "liveness": "flat_picture"}``. A picture without cues shows no face.
``{"person": "alice", "any_pose": true}`` serves every step: one file in place of a whole capture.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from idv.face import cards
from idv.face.engines import Box, Calibration, Face, Quality, euclidean, mean_confidence
from idv.face.errors import FaceUnusable
from idv.face.liveness import FRONTAL, LivenessVerdict, is_complete, photos_of, repeats, step_of


def _cues(jpeg: bytes) -> dict[str, Any]:
    cues = cards.read(jpeg) or {}
    if "trouble" in cues or "person" not in cues:
        raise FaceUnusable(cues.get("trouble", "no_face"), "scripted")
    return cues


class ScriptedFaceEngine:
    """Confidence 100 for the same named person, close to 0 for any other."""

    name = "scripted"
    version = "1"
    calibration = Calibration(name="scripted", version="1", slope=12.28, midpoint=0.604)

    def embed(self, jpeg: bytes) -> Face:
        """The person named on the card. Raises FaceUnusable with the card's ``trouble``."""
        person = _cues(jpeg)["person"]
        seed = int.from_bytes(hashlib.sha256(str(person).encode()).digest()[:8])
        vector = np.random.default_rng(seed).normal(size=128)
        return Face(vector / np.linalg.norm(vector), Box(0, 0, 200, 200), Quality(200, 200, 200))

    def confidence(self, reference: Face, probes: Sequence[Face]) -> float:
        return mean_confidence(self.calibration, reference, probes)

    def distance(self, one: Face, other: Face) -> float:
        return euclidean(one, other)


class ScriptedLivenessEngine:
    """Live when every card names the pose that was asked for, and no card says otherwise."""

    name = "scripted"
    version = "1"

    def judge(self, frames: Mapping[str, bytes], challenge: Sequence[str]) -> LivenessVerdict:
        """See LivenessEngine; ``liveness`` on a card is the reason code of the refusal."""
        if FRONTAL not in challenge or not is_complete(challenge, frames):
            return LivenessVerdict(False, "frames_missing")
        told = {name: _cues(jpeg) for name, jpeg in frames.items()}
        if repeats(challenge, frames) and not all(cues.get("any_pose") for cues in told.values()):
            return LivenessVerdict(False, "frames_repeated")
        for name, cues in told.items():
            if cues.get("liveness"):
                return LivenessVerdict(False, cues["liveness"])
            if not cues.get("any_pose") and cues.get("pose", FRONTAL) != step_of(name):
                return LivenessVerdict(False, "not_frontal" if name == FRONTAL else "turn_too_small")
        return LivenessVerdict(True, evidence={key: photos_of(key, frames)[0] for key in challenge})
