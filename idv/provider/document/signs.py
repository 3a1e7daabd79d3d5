"""Signs that a photo does not show the document itself. Each asks for another photo; none is proof of anything."""

from typing import Final

import cv2
import numpy as np

from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.locate import Picture, shrunk

# Chroma (CIE a, b in 8 bits), 3rd to 97th percentile. Measured on 50 photos of specimens each, mild and hard:
# coloured ones 13.8 to 21.1, grey copies 0 to 0.4, whatever colour the light has.
_LEAST_COLOUR: Final = 4.0


def colour_of(view: Picture) -> float:
    """How far apart the colours on a page lie. Light of one colour tints a grey copy evenly and adds nothing."""
    small = cv2.resize(shrunk(view, 0.25), (96, 64), interpolation=cv2.INTER_AREA)
    chroma = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)[3:-3, 3:-3, 1:]
    smooth = cv2.GaussianBlur(chroma, (0, 0), 1)
    spread = np.percentile(smooth, 97, axis=(0, 1)) - np.percentile(smooth, 3, axis=(0, 1))
    return float(np.linalg.norm(spread))


def refuse_photocopy(view: Picture) -> None:
    """Raises DocumentUnreadable (photocopy_suspected) for a page without colours: every document has some."""
    colour = colour_of(view)
    if colour < _LEAST_COLOUR:
        raise DocumentUnreadable("photocopy_suspected", f"colours {colour:.1f} apart")
