"""Cutting the holder's portrait out of a document."""

import io
from typing import Final

import cv2
import numpy as np
from PIL import Image

from idv.face import mesh
from idv.face.engines import Box
from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.locate import Picture

_MARGIN: Final = 0.55
_MAX_SIDE: Final = 640


def cut(view: Picture) -> bytes:
    """JPEG of the largest face in ``view`` with some margin; the small ghost image of real documents loses to it.

    Raises DocumentUnreadable (portrait_not_found).
    """
    found = [face for part in _parts(view) for face in part]
    if not found:
        raise DocumentUnreadable("portrait_not_found", "no face on the page")
    box = max(found, key=lambda face: face.width)
    across, down = box.width * _MARGIN, box.height * _MARGIN
    left, top = max(0, round(box.left - across)), max(0, round(box.top - down * 1.4))
    right, bottom = round(box.left + box.width + across), round(box.top + box.height + down)
    picture = Image.fromarray(np.ascontiguousarray(view[top:bottom, left:right]))
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def _parts(view: Picture) -> list[list[Box]]:
    # The detector wants a face of a tenth of its picture or more: squares of the page's height, overlapping.
    height, width = view.shape[:2]
    side = min(height, width)
    step = max(1, (width - side) // 2)
    starts = sorted({0, step, width - side})
    found = []
    for start in starts:
        tile = np.ascontiguousarray(view[:, start : start + side])
        small = cv2.resize(tile, (512, round(512 * tile.shape[0] / tile.shape[1])), interpolation=cv2.INTER_AREA)
        scale = tile.shape[1] / 512
        boxes = [face.box for face in mesh.detect(small)]
        found.append([Box(b.left * scale + start, b.top * scale, b.width * scale, b.height * scale) for b in boxes])
    return found
