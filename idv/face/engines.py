"""What a face engine is, and the values that it measures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the picture that was handed in."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Quality:
    """``face_px``: width of the face box in pixels; ``brightness``: 90th percentile of its luma, 0-255;
    ``sharpness``: variance of the Laplacian of the face at 128 pixels width."""

    face_px: float
    brightness: float
    sharpness: float


@dataclass(frozen=True, eq=False)
class Face:
    """One measured face. ``vector`` is biometric data: it lives in memory, never in a table or a log."""

    vector: Vector
    box: Box
    quality: Quality

    def __repr__(self) -> str:
        return f"Face(box={self.box}, quality={self.quality})"


@dataclass(frozen=True)
class Calibration:
    """From a distance to a confidence of 0 to 100: ``100 / (1 + exp(slope * (distance - midpoint)))``.

    ``name`` and ``version`` are stored beside every score, because a number means nothing without them.
    ``anchors`` say what the scale was fixed to: pairs of confidence and false match rate (zero-effort impostors).
    """

    name: str
    version: str
    slope: float
    midpoint: float
    anchors: tuple[tuple[int, float], ...] = ()

    def confidence(self, distance: float) -> float:
        return 100.0 / (1.0 + math.exp(self.slope * (distance - self.midpoint)))

    @property
    def label(self) -> str:
        return f"{self.name}/{self.version}"


class FaceEngine(Protocol):
    """Measures faces. Whether a confidence is enough is the caller's rule (a flow's), never the engine's."""

    name: str
    version: str
    calibration: Calibration

    def embed(self, jpeg: bytes) -> Face:
        """The one face in an upright picture that came through ``kit.images.accept``. Raises FaceUnusable."""
        ...

    def confidence(self, reference: Face, probes: Sequence[Face]) -> float:
        """0 to 100: how sure the engine is that all probes show the person of ``reference``; the mean over the probes.

        Raises ValueError without probes. It says nothing about liveness.
        """
        ...

    def distance(self, one: Face, other: Face) -> float:
        """How unlike two faces are, on the engine's own scale, which its calibration makes comparable."""
        ...


def euclidean(one: Face, other: Face) -> float:
    return float(np.linalg.norm(one.vector - other.vector))


def mean_confidence(
    calibration: Calibration,
    reference: Face,
    probes: Sequence[Face],
    distance: Callable[[Face, Face], float] = euclidean,
) -> float:
    if not probes:
        raise ValueError("confidence needs at least one probe")
    return sum(calibration.confidence(distance(reference, probe)) for probe in probes) / len(probes)
