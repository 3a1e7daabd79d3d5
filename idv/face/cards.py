"""Cue cards: pictures whose QR code says what a scripted engine shall see. They pass the image gate like any photo."""

import io
import json
from functools import lru_cache
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image

_SCALE = 4  # pixels of a module: small, and still read after a camera's compression


def write(cues: dict[str, Any]) -> bytes:
    """A JPEG that carries ``cues`` (plain JSON values)."""
    return _drawn(json.dumps(cues, sort_keys=True))


@lru_cache(maxsize=256)
def _drawn(text: str) -> bytes:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    modules = np.array(zxingcpp.write_barcode_to_image(code, scale=_SCALE, add_quiet_zones=True))
    out = io.BytesIO()
    Image.fromarray(modules).convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def read(jpeg: bytes) -> dict[str, Any] | None:
    """The cues in the picture, or None when it is no cue card."""
    cues = _seen(jpeg)
    return None if cues is None else json.loads(cues)


@lru_cache(maxsize=64)
def _seen(jpeg: bytes) -> bytes | None:
    """One photo is looked at several times: for its liveness, for who it is, for what else it shows."""
    with Image.open(io.BytesIO(jpeg)) as image:
        found = zxingcpp.read_barcodes(
            np.asarray(image.convert("L")), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    for code in found:
        try:
            cues = json.loads(code.bytes)
        except ValueError:
            continue
        if isinstance(cues, dict):
            return bytes(code.bytes)
    return None
