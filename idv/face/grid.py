"""A fine regular pattern all over a picture, as a photo of a screen has it: a hint for whoever looks, never a reason.

The pixels of a screen, seen by the pixels of a camera, leave a few sharp peaks in the spectrum. Focus, distance and
every scaling wash them out: that there is no pattern says nothing.
"""

import io
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

# Measured on simulated screens: 350 to 1 000; on honest photos of faces 6 to 12, of documents with their guilloches,
# down to JPEG quality 30, 12 to 44.
SUSPICIOUS: Final = 100.0
_SIDE: Final = 384
_LOWEST: Final = 0.18  # cycles per pixel; below it is what the picture shows
# JPEG's own blocks of eight pixels.
_BLOCKS: Final = (1 / 8, 1 / 4, 3 / 8, 1 / 2)
_NEAR: Final = 0.006


def strength(jpeg: bytes) -> float:
    """The strongest fine pattern against what is usual in this picture; 0 for a picture too small to tell."""
    with Image.open(io.BytesIO(jpeg)) as image:
        green = np.asarray(image.convert("RGB"), np.float32)[..., 1]
    side = min(_SIDE, *green.shape)
    if side < _SIDE // 4:
        return 0.0
    top, left = (green.shape[0] - side) // 2, (green.shape[1] - side) // 2
    middle = green[top : top + side, left : left + side]
    window = np.hanning(side)
    spectrum = np.abs(np.fft.fft2((middle - cv2.GaussianBlur(middle, (0, 0), 3)) * np.outer(window, window)))
    fine = spectrum[_fine(side)]
    usual = float(np.median(fine))
    # A drawing without any noise has no background to compare with.
    return float(fine.max()) / usual if usual > 1.0 else 0.0


def _fine(side: int) -> npt.NDArray[np.bool_]:
    across = np.abs(np.fft.fftfreq(side))
    down = across[:, None]
    ring = (np.hypot(across, down) > _LOWEST) & (np.hypot(across, down) < 0.5)
    for block in _BLOCKS:
        ring &= ~((np.abs(across - block) < _NEAR) & (down < _NEAR))
        ring &= ~((np.abs(down - block) < _NEAR) & (across < _NEAR))
    return ring
