"""From distances to a calibration: a confidence that means the same for every engine, and a report that says so."""

import math
from datetime import datetime
from typing import Any, Final

from idv.face import calibrations
from idv.face.engines import Calibration, FaceEngine
from idv.face.evaluation import pairs

# The two points that fix the curve: 50 is a false match rate of 1 in 100, 70 of 1 in 1000.
ANCHORS: Final = ((50, 0.01), (70, 0.001))


class TooFewPairs(ValueError):
    """The folder is too small to say how often strangers are taken for each other."""


def fit(engine: FaceEngine, distances: pairs.Distances, *, at: datetime) -> Calibration:
    """The logistic curve through both anchors. Raises TooFewPairs below 10 000 pairs of different people."""
    loose, strict = (pairs.threshold_at(distances, rate) for _, rate in ANCHORS)
    if loose is None or strict is None or loose <= strict:
        raise TooFewPairs(f"{len(distances.impostor)} pairs of different people; 10 000 are needed for 1 in 1000")
    slope = (_logit(70) - _logit(50)) / (loose - strict)
    return Calibration(f"{engine.name}-fmr", f"{at:%Y-%m-%d}", slope, loose, ANCHORS)


def _logit(confidence: float) -> float:
    return math.log(confidence / (100 - confidence))


def report(
    engine: FaceEngine, labelled: pairs.Labelled, distances: pairs.Distances, calibration: Calibration, *, at: datetime
) -> dict[str, Any]:
    """Figures of the folder with ``calibration``: rates at confidence 50 to 90 with 95 % intervals over people."""
    return {
        "engine": engine.name,
        "engine_version": engine.version,
        "made_at": at.isoformat(timespec="seconds"),
        "calibration": calibrations.as_json(calibration),
        "people": len(labelled.names),
        "pictures": len(labelled.faces),
        "unusable": labelled.unusable,
        "genuine_pairs": len(distances.genuine),
        "impostor_pairs": len(distances.impostor),
        "equal_error_rate": round(pairs.equal_error_rate(distances), 5),
        "at": {str(confidence): _rates(distances, calibration, confidence) for confidence in (50, 60, 70, 80, 90)},
    }


def _rates(distances: pairs.Distances, calibration: Calibration, confidence: int) -> dict[str, Any]:
    threshold = calibration.midpoint - _logit(confidence) / calibration.slope
    match_interval, miss_interval = pairs.intervals(distances, threshold)
    return {
        "distance": round(threshold, 4),
        "false_match": round(pairs.false_match_rate(distances, threshold), 6),
        "false_match_95": [round(value, 6) for value in match_interval],
        "false_non_match": round(pairs.false_non_match_rate(distances, threshold), 6),
        "false_non_match_95": [round(value, 6) for value in miss_interval],
    }
