"""Cutting the holder's portrait out of a document."""

import io
from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image

from idv.face import mesh
from idv.face.engines import Box
from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.locate import Picture, shrunk

_MARGIN: Final = 0.55
_MAX_SIDE: Final = 640
_TILE: Final = 512
_SURE: Final = 0.75


def find(view: Picture) -> Box:
    """Where the largest face in ``view`` is; the small ghost image of real documents loses to it.

    Raises DocumentUnreadable (portrait_not_found).
    """
    found = _faces(view)
    if not found:
        raise DocumentUnreadable("portrait_not_found", "no face on the page")
    # Stamps and patterns sometimes pass for a large faint face; a portrait is a sure one.
    sure = [face for face in found if face.score >= _SURE] or found
    return max((face.box for face in sure), key=lambda box: box.width)


def cut(view: Picture, box: Box) -> bytes:
    """JPEG of the face at ``box`` with some margin."""
    across, down = box.width * _MARGIN, box.height * _MARGIN
    left, top = max(0, round(box.left - across)), max(0, round(box.top - down * 1.4))
    right, bottom = round(box.left + box.width + across), round(box.top + box.height + down)
    picture = Image.fromarray(np.ascontiguousarray(view[top:bottom, left:right]))
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def _faces(view: Picture) -> list[mesh.Detection]:
    # The detector wants a face of a tenth of its picture or more: squares of the page's height, overlapping.
    scale = min(view.shape[:2]) / _TILE
    small = shrunk(view, min(1.0, 1 / scale))
    side = min(small.shape[:2])
    scale, rest = min(view.shape[:2]) / side, small.shape[1] - side
    found = []
    for start in sorted({0, rest // 2, rest}):
        for face in mesh.detect(np.ascontiguousarray(small[:side, start : start + side])):
            box = face.box
            moved = Box((box.left + start) * scale, box.top * scale, box.width * scale, box.height * scale)
            found.append(replace(face, box=moved))
    return found
