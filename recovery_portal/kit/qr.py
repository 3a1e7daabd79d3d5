"""QR codes, black on white in both colour schemes so that every camera reads them: inline SVG for our own pages, PNG
for the pages of others."""

import base64
import io

import qrcode
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_QUIET_ZONE = 4  # modules, ISO/IEC 18004 clause 6.3.8


def svg(text: str) -> SafeString:
    """``text`` as one SVG path, error correction M. The caller keeps the result: one drawing per request."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
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
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=_QUIET_ZONE, box_size=4)
    code.add_data(text)
    code.make(fit=True)
    picture = io.BytesIO()
    code.make_image().save(picture, "PNG")
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode("ascii")
