"""One live capture, measured whole: a live head, one person throughout, and how alike it is to a reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from idv.face import grid, looks
from idv.face.engines import Face, FaceEngine
from idv.face.liveness import BLINK, FRONTAL, LivenessEngine, LivenessVerdict

# Between frames seconds apart even a 35 degree turn stays above 88 (measured); 50 is a false match rate of 1 %.
_SAME_PERSON: Final = 50.0


@dataclass(frozen=True)
class Measurement:
    """What was measured; whether it is enough is the flow's rule.

    ``confidence`` is the mean over one photo of each step but the blink (closed eyes are a poor likeness); None when
    the capture is not live (an attacker learns no score). ``frames`` counts the photos that were sent;
    ``reference_quality`` grades the portrait, where it was looked at.
    """

    live: bool
    reason_code: str
    confidence: float | None
    measures: dict[str, float]
    frames: int
    reference_quality: str = ""


def measure(
    *,
    reference: bytes,
    frames: Mapping[str, bytes],
    challenge: Sequence[str],
    face_engine: FaceEngine,
    liveness_engine: LivenessEngine,
) -> Measurement:
    """Measure ``frames`` (keyed as ``liveness.gather`` does) against the portrait ``reference``.

    The cheap test comes first, and one photo of each step is embedded once. Raises FaceUnusable when a frame, or the
    reference, shows no usable face; a capture that is not live is an answer, not an error.
    """
    verdict = liveness_engine.judge(frames, challenge)
    if not verdict.live:
        return _not_live(verdict, len(frames))
    faces = {key: face_engine.embed(frames[verdict.evidence[key]]) for key in challenge}
    sameness = _same_person(faces, face_engine)
    measures = verdict.measures | {
        "same_person": round(sameness, 1),
        "grid": round(grid.strength(frames[verdict.evidence[FRONTAL]]), 1),
    }
    if sameness < _SAME_PERSON:
        return _not_live(LivenessVerdict(False, "other_person", measures), len(frames))
    probes = [face for key, face in faces.items() if key != BLINK]
    held = face_engine.embed(reference)
    confidence = face_engine.confidence(held, probes)
    return Measurement(True, "", confidence, measures, len(frames), looks.grade(held.quality))


def _same_person(faces: Mapping[str, Face], engine: FaceEngine) -> float:
    frontal = faces[FRONTAL]
    return min(engine.confidence(frontal, [face]) for key, face in faces.items() if key != FRONTAL)


def _not_live(verdict: LivenessVerdict, frames: int) -> Measurement:
    return Measurement(False, verdict.reason_code, None, verdict.measures, frames)
