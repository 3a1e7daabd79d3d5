"""The link in a photographed QR code (rules, no database). The photo is looked at and forgotten."""

from __future__ import annotations

import io

import numpy as np
import zxingcpp
from PIL import Image

from idv.wallet import links
from idv.wallet.errors import LinkRefused
from recovery_portal.kit import images

#: Enough for a code that fills a quarter of the picture; more only costs time.
_LONG_SIDE = 1600
_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def link_in(photo: bytes) -> str:
    """The one offer or request among the codes in the picture.

    Raises ImageRefused when it is no picture, LinkRefused(code_not_found, link_unknown, codes_many).
    """
    with Image.open(io.BytesIO(images.accept(photo, max_side=_LONG_SIDE).jpeg)) as picture:
        grey = np.asarray(picture.convert("L"))
    texts = {code.text for code in zxingcpp.read_barcodes(grey, formats=_CODES) if code.valid and code.text}
    if not texts:
        raise LinkRefused("code_not_found", "no QR code")
    ours = [text for text in texts if _is_for_a_wallet(text)]
    if not ours:
        raise LinkRefused("link_unknown", "codes, and none of them for a wallet")
    if len(ours) > 1:  # which of them the person meant is not ours to guess
        raise LinkRefused("codes_many", f"{len(ours)} codes for a wallet")
    return ours[0]


def _is_for_a_wallet(text: str) -> bool:
    try:
        links.kind_of(text)
    except LinkRefused:
        return False
    return True
