"""Whether the portrait lies square on its page. One that was cut out and laid over the first one seldom does.

A document's portrait is printed with everything else: its borders are as straight as the page. Each of the four is
looked for beside the face, as the line along which the picture changes most, and two that are turned alike tell of a
picture that came later. Documents whose portrait has no border have nothing to measure, and one that was laid
perfectly straight, or printed anew with the page, or put in by a program, looks like any other.
"""

import itertools
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from idv.face.engines import Box
from idv.provider.document.locate import Picture, shrunk

# Measured on photos of specimens, mild to hard: honest borders lie 0 askew, whatever the camera did.
SUSPICIOUS: Final = 0.75
_SCALE: Final = 1 / 3
_ANGLES: Final = np.arange(-4.0, 4.01, 0.25)
_LEAST_SIDE: Final = 8
# Mean change of brightness along a border, of 255; between blurred paper and paper there is hardly any.
_VISIBLE: Final = 8.0
_ALIKE: Final = 1.0


def degrees_askew(view: Picture, face: Box) -> float:
    """How far the portrait round ``face`` is turned in the squared ``view``, as two of its borders have it; else 0."""
    grey = cv2.cvtColor(shrunk(view, _SCALE), cv2.COLOR_RGB2GRAY).astype(np.float32)
    x, y, w, h = (_SCALE * side for side in (face.left, face.top, face.width, face.height))
    beside = [(x - w, y - 0.5 * h, x - 0.1 * w, y + 1.2 * h), (x + 1.1 * w, y - 0.5 * h, x + 2 * w, y + 1.2 * h)]
    across = [(x - 0.4 * w, y - 1.1 * h, x + 1.4 * w, y - 0.25 * h), (x - 0.4 * w, y + 1.1 * h, x + 1.4 * w, y + 2 * h)]
    turned = [_turn_of(_cut(grey, *place)) for place in beside]
    turned += [-_turn_of(_cut(grey, *place).T) for place in across]
    askew = [(one + other) / 2 for one, other in itertools.combinations(turned, 2) if _tell_the_same(one, other)]
    return max(askew, key=abs, default=0.0)


def _tell_the_same(one: float, other: float) -> bool:
    return min(abs(one), abs(other)) >= SUSPICIOUS and abs(one - other) <= _ALIKE


def _cut(grey: npt.NDArray[np.float32], left: float, top: float, right: float, bottom: float) -> Picture:
    part: Picture = grey[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))]
    return part


def _turn_of(strip: Picture) -> float:
    """The angle of the strongest edge that runs along ``strip``; 0 where there is none to speak of."""
    if min(strip.shape) < _LEAST_SIDE:
        return 0.0
    even = cv2.GaussianBlur(np.ascontiguousarray(strip), (0, 0), 1.0)
    change = even[:, 2:] - even[:, :-2]
    height, width = change.shape
    best = (0.0, 0.0)
    for angle in _ANGLES:
        slope = float(np.tan(np.radians(angle)))
        shear = np.array([[1, slope, -slope * height / 2], [0, 1, 0]], np.float32)
        # Once sheared upright, an edge adds up in one column.
        strength = float(np.abs(cv2.warpAffine(change, shear, (width, height)).mean(axis=0)).max())
        best = max(best, (strength, float(angle)))
    return best[1] if best[0] >= _VISIBLE else 0.0
