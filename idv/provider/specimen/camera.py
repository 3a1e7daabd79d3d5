"""A phone camera over a table: rotation, perspective, blur, noise and compression, the same for the same seed."""

import io
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image


@dataclass(frozen=True)
class _Conditions:
    width: int
    share: float
    rotation: float
    perspective: float
    blur: float
    noise: float
    quality: int
    glare: float


_SEVERITIES: Final = {
    "mild": _Conditions(2400, 0.84, 3.0, 0.015, 0.5, 3.0, 92, 0.0),
    "medium": _Conditions(2000, 0.76, 8.0, 0.035, 1.0, 7.0, 75, 0.15),
    "hard": _Conditions(1700, 0.66, 15.0, 0.06, 1.5, 12.0, 30, 0.3),
}


def photo_width(severity: str) -> int:
    """Pixels across a photo."""
    return _SEVERITIES[severity].width


def photograph(page: Image.Image, *, seed: int = 0, severity: str = "mild", share: float | None = None) -> bytes:
    """A JPEG of ``page`` lying on a table. ``severity`` is mild, medium or hard; raises KeyError for another word.

    ``share`` is the part of the photo's width that the page takes, where that of the severity is not wanted.
    """
    how = _SEVERITIES[severity]
    how = how if share is None else replace(how, share=share)
    rng = np.random.default_rng(seed)
    width, height = how.width, round(how.width * 0.75)
    table = cv2.resize(rng.normal(0, 1, (height // 12, width // 12)).astype(np.float32), (width, height))
    ground = rng.uniform(40, 110, 3) + 8 * table[..., None] + rng.normal(0, 2, (height, width, 1))
    spot = _corners(page, how, rng, width, height)
    source = np.array([[0, 0], [page.width, 0], [page.width, page.height], [0, page.height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, spot)
    sheet = np.asarray(page.convert("RGB"), np.float32)
    page_laid = cv2.warpPerspective(sheet, matrix, (width, height), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones(sheet.shape[:2], np.float32), matrix, (width, height), flags=cv2.INTER_LINEAR)
    scene: npt.NDArray[Any] = page_laid * mask[..., None] + ground * (1 - mask[..., None])
    scene *= _light(rng, width, height)[..., None]
    if how.glare:
        scene += _glare(rng, width, height, how.glare)[..., None]
    if how.blur:
        scene = cv2.GaussianBlur(scene, (0, 0), how.blur * rng.uniform(0.7, 1.0))
    scene += rng.normal(0, how.noise * rng.uniform(0.7, 1.0), scene.shape)
    out = io.BytesIO()
    Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=how.quality)
    return out.getvalue()


def _corners(
    page: Image.Image, how: _Conditions, rng: np.random.Generator, width: int, height: int
) -> npt.NDArray[Any]:
    half = np.array([page.width, page.height]) * (how.share * width / page.width) / 2
    fit = min(1.0, 0.43 * height / half[1])
    corners: npt.NDArray[Any] = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float) * half * fit
    angle = np.radians(rng.uniform(-how.rotation, how.rotation))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    laid = corners @ turn.T + rng.uniform(-1, 1, (4, 2)) * how.perspective * half[0] * 2
    # The whole page stays in the picture, as the coaching on the capture page asks for.
    reach = np.abs(laid).max(axis=0) / (np.array([width, height]) * 0.49)
    laid = laid / max(1.0, float(reach.max()))
    return (laid + np.array([width, height]) / 2).astype(np.float32)


def _light(rng: np.random.Generator, width: int, height: int) -> npt.NDArray[Any]:
    corners = rng.uniform(0.82, 1.05, (2, 2)).astype(np.float32)
    return cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)


def _glare(rng: np.random.Generator, width: int, height: int, strength: float) -> npt.NDArray[Any]:
    x0, y0 = rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    spread = 0.12 * width
    return 255 * strength * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * spread**2))
