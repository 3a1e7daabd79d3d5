"""QR codes, black on white in both colour schemes so that every camera reads them: inline SVG for our own pages, PNG
for the pages of others."""

import base64
import io
import re
from functools import lru_cache
from typing import Any, Final

import qrcode
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from qrcode.util import mask_func

_QUIET_ZONE = 4  # modules, ISO/IEC 18004 clause 6.3.8
_PERIOD: Final = 12  # of every mask, in both directions
# What must not be frequent in a masked symbol, ISO/IEC 18004 clause 7.8.3.1: long runs, and what looks like a finder.
_RUNS: Final = re.compile(r"0{5,}|1{5,}")
_FINDERS: Final = re.compile(r"(?=10111010000|00001011101)")


class _Code(qrcode.QRCode):
    """Chooses its mask by the same four penalties as the library, a whole row at a time: pages wait for it."""

    _free: list[int]

    def map_data(self, data: Any, mask_pattern: int) -> None:
        self._free = [_bits([cell is None for cell in row]) for row in self.modules]
        super().map_data(data, mask_pattern)

    def best_mask_pattern(self) -> int:
        self.makeImpl(True, 0)
        size = self.modules_count
        drawn = [_bits(row) for row in self.modules]
        first = _mask(0, size)

        def masked(pattern: int) -> list[int]:
            rows = zip(drawn, self._free, first, _mask(pattern, size), strict=True)
            return [row ^ (free & (was ^ now)) for row, free, was, now in rows]

        return min(range(8), key=lambda pattern: _penalty(masked(pattern), size))


def _bits(row: list[bool]) -> int:
    return int("".join(["1" if dark else "0" for dark in row]), 2)


@lru_cache(maxsize=64)
def _mask(pattern: int, size: int) -> list[int]:
    covers = mask_func(pattern)
    tile = [f"{_bits([covers(y, x) for x in range(_PERIOD)]):0{_PERIOD}b}" for y in range(_PERIOD)]
    return [int((tile[y % _PERIOD] * (size // _PERIOD + 1))[:size], 2) for y in range(size)]


def _penalty(rows: list[int], size: int) -> int:
    lines = [f"{row:0{size}b}" for row in rows]
    lines += ["".join(column) for column in zip(*lines, strict=True)]
    lost = sum(len(run) - 2 for line in lines for run in _RUNS.findall(line))
    lost += 40 * sum(len(_FINDERS.findall(line)) for line in lines)
    inner = (1 << (size - 1)) - 1
    alike = [~(row ^ (row >> 1)) & inner for row in rows]
    blocks = zip(rows, rows[1:], alike, alike[1:], strict=False)
    lost += 3 * sum((one & other & ~(above ^ below) & inner).bit_count() for above, below, one, other in blocks)
    dark = sum(row.bit_count() for row in rows)
    return lost + 10 * int(abs(dark * 100 / size**2 - 50) / 5)


def svg(text: str) -> SafeString:
    """``text`` as one SVG path, error correction M. The caller keeps the result: one drawing per request."""
    code = _Code(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    size = code.modules_count + 2 * _QUIET_ZONE
    runs = []
    for y, row in enumerate(code.get_matrix()):
        x = 0
        while x < len(row):
            if row[x]:
                start = x
                while x < len(row) and row[x]:
                    x += 1
                runs.append(f"M{start + _QUIET_ZONE} {y + _QUIET_ZONE}h{x - start}v1h-{x - start}z")
            else:
                x += 1
    return format_html(
        '<svg class="qr__code" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<rect width="{}" height="{}" fill="#fff"/><path fill="#000" d="{}"/></svg>',
        escape(_("QR code. The same address stands beside it as a link.")),
        size,
        size,
        size,
        size,
        mark_safe("".join(runs)),  # noqa: S308 - digits and path letters only
    )


def png_data_uri(text: str) -> str:
    """``text`` as a picture in a ``data:`` address."""
    code = _Code(error_correction=qrcode.ERROR_CORRECT_M, border=_QUIET_ZONE, box_size=4)
    code.add_data(text)
    code.make(fit=True)
    picture = io.BytesIO()
    code.make_image().save(picture, "PNG")
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode("ascii")
