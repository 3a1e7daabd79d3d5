"""Finding and decoding the PDF417 barcode on the back of a driving licence."""

import itertools
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import zxingcpp

from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.locate import CARD_ASPECT, Picture, find_quad, squared

_WIDTH: Final = 1600
_NUDGES: Final = (-0.5, 0.5, -1, 1, -2, 2)
_ANGLES: Final = (0, -3, 3, -6, 6, -9, 9, -12, 12)


def decode(picture: Picture) -> bytes:
    """The barcode's **bytes**. Raises DocumentUnreadable (barcode_not_found).

    The decoder gives up on a code that lies more than a few degrees askew, so the card is squared first and
    small turns are tried after that.
    """
    for view in _views(picture):
        for code in zxingcpp.read_barcodes(view, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.PDF417)):
            if code.valid:
                return bytes(code.bytes)
    raise DocumentUnreadable("barcode_not_found", "no PDF417 decoded")


def _views(picture: Picture) -> Iterator[Picture]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    quad = find_quad(picture, CARD_ASPECT)
    if quad is not None:
        card = cv2.cvtColor(squared(picture, quad, CARD_ASPECT), cv2.COLOR_RGB2GRAY)
        yield card
        yield cv2.resize(card, None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)
    yield grey
    band = _band(grey)
    if band is not None:
        for angle in _ANGLES:
            yield _turned(band, angle)
    if quad is not None:
        # A corner that was found two pixels off decides whether so fine a code is read.
        for zoom, nudge in itertools.product((1.6, 2.2), _NUDGES):
            yield _turned(cv2.resize(card, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC), nudge)


def _band(grey: Picture) -> Picture | None:
    """The region with the strongest sideways gradients, straightened: bars look like nothing else on a card."""
    scale = min(1.0, 900 / grey.shape[1])
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    across = cv2.convertScaleAbs(cv2.Sobel(small, cv2.CV_32F, 1, 0) - 0.5 * np.abs(cv2.Sobel(small, cv2.CV_32F, 0, 1)))
    _, mask = cv2.threshold(cv2.GaussianBlur(across, (9, 9), 0), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((11, 31), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return None
    (x, y), (w, h), angle = cv2.minAreaRect(max(outlines, key=cv2.contourArea))
    if w < h:
        w, h, angle = h, w, angle - 90
    zoom = _WIDTH / max(w * 1.15, 1.0)
    turn = cv2.getRotationMatrix2D((x, y), angle, zoom)
    height = max(64, round(h * 1.5 * zoom))
    turn[:, 2] += np.array([_WIDTH / 2, height / 2]) - np.array([x, y])
    turn[:, :2] *= scale
    return cv2.warpAffine(grey, turn, (_WIDTH, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _turned(band: Picture, angle: float) -> Picture:
    if not angle:
        return band
    height, width = band.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return cv2.warpAffine(band, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
