"""Whether a face in a picture can be measured at all: size, light, sharpness. One rule for every engine."""

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from idv.face.engines import Box, Quality
from idv.face.errors import FaceUnusable

_MIN_FACE_PX: Final = 60
_MIN_BRIGHTNESS: Final = 45.0
_MIN_SHARPNESS: Final = 8.0
# A portrait is good to compare with from a face of 200 pixels on (facts 5.3), and clear of the limits of light and
# sharpness; below half of that it will do, and no more.
_GOOD_FACE_PX: Final = 200
_CLEAR_OF_LIMITS: Final = 1.5


def grade(quality: Quality) -> str:
    """HIGH, MEDIUM or LOW, of a face that can be measured."""
    is_clear = quality.brightness >= _MIN_BRIGHTNESS * _CLEAR_OF_LIMITS and (
        quality.sharpness >= _MIN_SHARPNESS * _CLEAR_OF_LIMITS
    )
    if is_clear and quality.face_px >= _GOOD_FACE_PX:
        return "HIGH"
    return "MEDIUM" if is_clear and quality.face_px >= _GOOD_FACE_PX / 2 else "LOW"


def judge(array: npt.NDArray[Any], box: Box, scale: float = 1.0) -> Quality:
    """The quality of the face in ``box`` of an RGB picture. Raises FaceUnusable: too_small, too_dark, blurred.

    ``scale``: how much the picture was shrunk before; the size counts in the pixels that were handed in.
    """
    if box.width / scale < _MIN_FACE_PX:
        raise FaceUnusable("too_small", f"face {box.width / scale:.0f} px wide")
    top, left = max(0, round(box.top)), max(0, round(box.left))
    face = array[top : round(box.top + box.height), left : round(box.left + box.width)]
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    brightness = float(np.percentile(grey, 90))
    if brightness < _MIN_BRIGHTNESS:
        raise FaceUnusable("too_dark", f"brightness {brightness:.0f}")
    # Measured at one fixed width and stretched to one contrast, so that resolution and light do not pass for sharpness.
    even = cv2.resize(grey, (128, 128), interpolation=cv2.INTER_AREA).astype(np.float32) * (160.0 / brightness)
    sharpness = float(cv2.Laplacian(even, cv2.CV_32F).var())
    if sharpness < _MIN_SHARPNESS:
        raise FaceUnusable("blurred", f"sharpness {sharpness:.1f}")
    return Quality(face_px=box.width, brightness=brightness, sharpness=sharpness)
