"""Finding the document in a photo and looking at it squarely."""

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from idv.provider.document.errors import DocumentUnreadable

Picture = npt.NDArray[Any]
Quad = npt.NDArray[Any]
"""Four corners (x, y): top left, top right, bottom right, bottom left."""

PASSPORT_ASPECT: Final = 125 / 88
CARD_ASPECT: Final = 85.6 / 53.98
LARGE_CARD_ASPECT: Final = 105 / 74
VIEWS_MAX: Final = 3
_PAGE_WIDTH: Final = 1500
_SEARCH_SIDE: Final = 700
_MIN_AREA: Final = 0.12
_ASPECT_TOLERANCE: Final = 0.22
_SURE: Final = 0.97
# Doc 9303-5, 3: the zone of a card takes the lowest 23.2 of 54 mm.
_ZONE_FROM: Final = 0.4


def decode(jpeg: bytes) -> Picture:
    """Pixels of an accepted picture, RGB. Raises DocumentUnreadable when it is none."""
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise DocumentUnreadable("mrz_not_found", f"not a picture: {error}") from error


def views(picture: Picture, aspects: Sequence[float]) -> Iterator[Picture]:
    """Views of the document, the likeliest first: cut out and squared, then as photographed, then upside down."""
    quad = find_quad(picture, *aspects)
    first = squared(picture, quad, _nearest(quad, aspects)) if quad is not None else _fitted(picture)
    yield first
    if quad is not None:
        yield _fitted(picture)
    yield np.ascontiguousarray(first[::-1, ::-1])


def shrunk(picture: Picture, scale: float) -> Picture:
    """``picture`` at ``scale``, at most 1. OpenCV averages four pixels in no time, and any other number in 30 ms."""
    while scale <= 0.5:
        height, width = picture.shape[0] // 2, picture.shape[1] // 2
        picture = cv2.resize(picture[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
        scale *= 2
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR) if scale < 1 else picture


def _fitted(picture: Picture) -> Picture:
    return shrunk(picture, min(1.0, 2000 / max(picture.shape[:2])))


def squared(picture: Picture, quad: Quad, aspect: float) -> Picture:
    height = round(_PAGE_WIDTH / aspect)
    target = np.array([[0, 0], [_PAGE_WIDTH, 0], [_PAGE_WIDTH, height], [0, height]], np.float32)
    return cv2.warpPerspective(
        picture, cv2.getPerspectiveTransform(quad, target), (_PAGE_WIDTH, height), flags=cv2.INTER_LINEAR
    )


def lower_part(view: Picture) -> Picture:
    """The part of a squared view that a card's zone stands in; any other view whole."""
    return view[round(_ZONE_FROM * len(view)) :] if view.shape[1] == _PAGE_WIDTH else view


def find_quad(picture: Picture, *aspects: float) -> Quad | None:
    """The corners of the document, or None when nothing in the picture has one of its shapes."""
    scale = min(1.0, _SEARCH_SIDE / max(picture.shape[:2]))
    small = cv2.GaussianBlur(shrunk(picture, scale), (7, 7), 0)
    best: tuple[float, Quad] | None = None
    for mask in _masks(small):
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for outline in sorted(outlines, key=cv2.contourArea, reverse=True)[:3]:
            found = _four_corners(outline)
            if found is None or cv2.contourArea(found) < _MIN_AREA * mask.size:
                continue
            quad = _ordered(found)
            if abs(_aspect(quad) / _nearest(quad, aspects) - 1) > _ASPECT_TOLERANCE:
                continue
            # A true page fills its corners; a blob that merely has four of them does not.
            solidity = cv2.contourArea(cv2.convexHull(outline)) / max(cv2.contourArea(quad), 1.0)
            score = min(solidity, 1 / max(solidity, 1e-6))
            if best is None or score > best[0]:
                best = (score, quad)
        if best is not None and best[0] > _SURE:
            break
    return best[1] / scale if best else None


def _masks(small: Picture) -> Iterator[Picture]:
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    yield _closed(_bright(lab[..., 0]))
    border = np.concatenate([lab[:8].reshape(-1, 3), lab[-8:].reshape(-1, 3), lab[:, :8].reshape(-1, 3)])
    distance = np.linalg.norm(lab.astype(np.float32) - np.median(border, axis=0), axis=2)
    yield _closed(_bright(np.clip(distance * 2, 0, 255).astype(np.uint8)))
    yield _closed(cv2.dilate(cv2.Canny(lab[..., 0], 40, 120), np.ones((3, 3), np.uint8)))


def _bright(channel: Picture) -> Picture:
    return cv2.threshold(channel, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]


def _closed(mask: Picture) -> Picture:
    return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))


def _four_corners(outline: Picture) -> Quad | None:
    hull = cv2.convexHull(outline)
    around = cv2.arcLength(hull, True)
    for share in (0.01, 0.02, 0.03, 0.05, 0.08):
        corners = cv2.approxPolyDP(hull, share * around, True)
        if len(corners) == 4:
            return corners.reshape(4, 2).astype(np.float32)
        if len(corners) < 4:
            return None
    return None


def _ordered(corners: Quad) -> Quad:
    """Clockwise from the corner that makes the top edge a long one: the page is read lying."""
    centre = corners.mean(axis=0)
    round_clock = corners[np.argsort(np.arctan2(*(corners - centre).T[::-1]))]
    start = int(np.argmin(round_clock.sum(axis=1)))
    quad = np.roll(round_clock, -start, axis=0)
    top, side = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[1])
    return np.roll(quad, -1, axis=0) if side > top else quad


def _nearest(quad: Quad, aspects: Sequence[float]) -> float:
    return min(aspects, key=lambda aspect: abs(_aspect(quad) / aspect - 1))


def _aspect(quad: Quad) -> float:
    across = np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])
    down = np.linalg.norm(quad[2] - quad[1]) + np.linalg.norm(quad[3] - quad[0])
    return float(across) / max(float(down), 1.0)
