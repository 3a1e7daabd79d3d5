"""The rates over the threshold, drawn as an SVG that needs nothing else to be looked at."""

from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from idv.face.engines import Calibration
from idv.face.evaluation import pairs

_WIDTH, _HEIGHT, _MARGIN = 640, 360, 48
_FLOOR: Final = 1e-5  # a rate of nothing is drawn at the bottom of the logarithmic scale


def draw(distances: pairs.Distances, calibration: Calibration, title: str) -> str:
    """False match (falling with confidence) and false non-match rate over the confidence, 0 to 100, logarithmic."""
    confidences = np.linspace(1, 99, 99)
    matched = _confidences(distances.impostor, calibration)
    missed = _confidences(distances.genuine, calibration)
    false_match = [(c, float((matched >= c).mean()) if len(matched) else 0.0) for c in confidences]
    false_miss = [(c, float((missed < c).mean()) if len(missed) else 0.0) for c in confidences]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_grid(),
        f'<polyline fill="none" stroke="#b00020" stroke-width="2" points="{_points(false_match)}"/>',
        f'<polyline fill="none" stroke="#1450a0" stroke-width="2" points="{_points(false_miss)}"/>',
        f'<text x="{_MARGIN}" y="20" font-size="13">{escape(title)}</text>',
        f'<text x="{_WIDTH - 190}" y="40" font-size="12" fill="#b00020">false match rate</text>',
        f'<text x="{_WIDTH - 190}" y="58" font-size="12" fill="#1450a0">false non-match rate</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _confidences(distances: pairs.Numbers, calibration: Calibration) -> pairs.Numbers:
    return 100.0 / (1.0 + np.exp(calibration.slope * (distances - calibration.midpoint)))


def _x(confidence: float) -> float:
    return _MARGIN + (_WIDTH - 2 * _MARGIN) * confidence / 100


def _y(rate: float) -> float:
    share = np.log10(max(rate, _FLOOR)) / np.log10(_FLOOR)
    return float(_MARGIN + (_HEIGHT - 2 * _MARGIN) * share)


def _points(curve: list[tuple[float, float]]) -> str:
    return " ".join(f"{_x(confidence):.1f},{_y(rate):.1f}" for confidence, rate in curve)


def _grid() -> list[str]:
    lines = []
    for confidence in range(0, 101, 10):
        x = _x(confidence)
        lines.append(f'<path d="M{x:.1f} {_MARGIN}V{_HEIGHT - _MARGIN}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.1f}" y="{_HEIGHT - 28}" font-size="11" text-anchor="middle">{confidence}</text>')
    for power in range(6):
        y = _y(10.0**-power)
        lines.append(f'<path d="M{_MARGIN} {y:.1f}H{_WIDTH - _MARGIN}" stroke="#ddd"/>')
        lines.append(f'<text x="{_MARGIN - 6}" y="{y + 4:.1f}" font-size="11" text-anchor="end">1e-{power}</text>')
    lines.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" font-size="12" text-anchor="middle">confidence</text>')
    return lines
