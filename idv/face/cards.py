"""Cue cards: pictures whose QR code says what a scripted engine shall see. They pass the image gate like any photo."""

import io
import json
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image


def write(cues: dict[str, Any]) -> bytes:
    """A JPEG that carries ``cues`` (plain JSON values)."""
    code = zxingcpp.create_barcode(json.dumps(cues, sort_keys=True), zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    modules = np.array(zxingcpp.write_barcode_to_image(code, scale=6, add_quiet_zones=True))
    out = io.BytesIO()
    Image.fromarray(modules).convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def read(jpeg: bytes) -> dict[str, Any] | None:
    """The cues in the picture, or None when it is no cue card."""
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
            return cues
    return None
