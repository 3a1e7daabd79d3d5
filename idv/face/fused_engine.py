"""Both engines at once: each measures the same faces, and their confidences are joined."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from idv.face.arc_engine import ArcOnnxFaceEngine
from idv.face.dlib_engine import DlibFaceEngine
from idv.face.engines import Calibration, Face

_DLIB_NUMBERS: Final = 128
# Confidence is a logistic curve over each distance, so the mean on the logit scale weighs both distances by how much
# they tell. Two engines that both say 70 give 70: the joint false match rate is at most that of the weaker one.
CALIBRATION: Final = Calibration(name="dlib+arc-mean-logit", version="1", slope=1.0, midpoint=0.0)
_SMALLEST: Final = 1e-9


class FusedFaceEngine:
    """dlib and arc_onnx. Takes the time of both; off unless ``IDV_FACE_ENGINE`` names it."""

    name = "both"
    calibration = CALIBRATION

    def __init__(self) -> None:
        self._dlib, self._arc = DlibFaceEngine(), ArcOnnxFaceEngine()
        self.version = f"{self._dlib.version}+{self._arc.version}"

    def embed(self, jpeg: bytes) -> Face:
        """The one face; ``vector`` is both descriptors, one behind the other. Raises FaceUnusable as either engine."""
        first, second = self._dlib.embed(jpeg), self._arc.embed(jpeg)
        return Face(np.concatenate([first.vector, second.vector]), first.box, first.quality)

    def confidence(self, reference: Face, probes: Sequence[Face]) -> float:
        if not probes:
            raise ValueError("confidence needs at least one probe")
        return sum(100.0 / (1.0 + math.exp(self.distance(reference, probe))) for probe in probes) / len(probes)

    def distance(self, one: Face, other: Face) -> float:
        """The negative mean logit of both confidences: 0 where they balance at 50."""
        (dlib_one, arc_one), (dlib_other, arc_other) = _halves(one), _halves(other)
        by_dlib = self._dlib.confidence(dlib_one, [dlib_other])
        by_arc = self._arc.confidence(arc_one, [arc_other])
        return -(_logit(by_dlib / 100) + _logit(by_arc / 100)) / 2


def _halves(face: Face) -> tuple[Face, Face]:
    return (
        Face(face.vector[:_DLIB_NUMBERS], face.box, face.quality),
        Face(face.vector[_DLIB_NUMBERS:], face.box, face.quality),
    )


def _logit(share: float) -> float:
    share = min(max(share, _SMALLEST), 1 - _SMALLEST)
    return math.log(share / (1 - share))
