"""What a phone's camera reads off a page: the QR code as it is drawn, not the link beside it."""

from __future__ import annotations

import re

from .pages import NotOnThisPage, Page

_RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-\d+z")
_PIXELS = 8  # of one module


def on(page: Page, number: int = 0) -> str:
    """The text of one QR code of the page, the first unless told otherwise. Raises NotOnThisPage."""
    codes = [svg for svg in page.root.all("svg") if "qr__code" in svg.get("class")]
    if number >= len(codes):
        raise NotOnThisPage(f"There is no QR code on {page.heading!r} ({page.path}).")
    drawn = codes[number]
    return _read(drawn.get("viewbox"), "".join(path.get("d") for path in drawn.all("path")))


def _read(viewbox: str, path: str) -> str:
    import numpy as np
    import zxingcpp

    size = int(viewbox.split()[2])
    modules = np.full((size, size), 255, np.uint8)
    for x, y, width in (map(int, run) for run in _RUN.findall(path)):
        modules[y, x : x + width] = 0
    found = zxingcpp.read_barcodes(np.kron(modules, np.ones((_PIXELS, _PIXELS), np.uint8)))
    if not found:
        raise NotOnThisPage("The QR code on the page cannot be read.")
    return str(found[0].text)
