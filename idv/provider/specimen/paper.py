"""Paper, ink and typefaces of the specimens."""

import functools
import io
import math
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from idv.face import mesh

_FONTS: Final = Path(__file__).parent / "fonts"
INK: Final = (28, 30, 40)
LABEL: Final = (92, 100, 120)
STAMP: Final = (176, 32, 44)
# Share of the portrait's height that the detector's face box (brows to chin) takes, as on a passport photo.
_FACE_SHARE: Final = 0.46


@functools.cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """``text``, ``bold`` (Liberation Sans) or ``ocr`` (OCR-B, the face that Doc 9303-3 asks for)."""
    file_name = {"text": "LiberationSans-Regular.ttf", "bold": "LiberationSans-Bold.ttf", "ocr": "OCRB.otf"}[name]
    return ImageFont.truetype(str(_FONTS / file_name), size)


def sheet(width: int, height: int, tint: tuple[int, int, int]) -> Image.Image:
    """A tinted page with fine wavy lines, in the manner of security printing (it secures nothing)."""
    page = Image.new("RGB", (width, height), tint)
    draw = ImageDraw.Draw(page)
    line = tuple(max(0, c - 16) for c in tint)
    x = np.arange(0, width + 8, 8)
    for index, base in enumerate(range(-40, height + 40, 22)):
        y = base + 14 * np.sin(x / 70 + index * 0.35) + 6 * np.sin(x / 23 - index * 0.8)
        draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=line, width=1)
    return page


def write_field(page: Image.Image, at: tuple[int, int], label: str, value: str, *, size: int, room: int) -> None:
    """A small label with its value beneath; the value shrinks to ``room`` pixels rather than leaving the page."""
    draw = ImageDraw.Draw(page)
    draw.text(at, label, font=font("text", round(size * 0.5)), fill=LABEL)
    while size > 12 and font("bold", size).getlength(value) > room:
        size -= 1
    draw.text((at[0], at[1] + 22), value, font=font("bold", size), fill=INK)


def write_zone(page: Image.Image, lines: tuple[str, ...], *, left: int, top: int, pitch: float, leading: int) -> None:
    """The machine-readable lines, one character per ``pitch`` pixels (2.54 mm, Doc 9303-3, 4.1)."""
    draw = ImageDraw.Draw(page)
    face = font("ocr", round(pitch * 1.64))
    for row, line in enumerate(lines):
        for column, char in enumerate(line):
            draw.text(
                (left + pitch * (column + 0.5), top + row * leading), char, font=face, fill=(12, 12, 16), anchor="mm"
            )


def place_portrait(page: Image.Image, portrait: bytes, box: tuple[int, int, int, int]) -> None:
    """Paste the portrait into ``box`` (left, top, width, height), cropped round the face when there is one."""
    left, top, width, height = box
    with Image.open(io.BytesIO(portrait)) as image:
        picture = ImageOps.exif_transpose(image).convert("RGB")
    faces = mesh.detect(np.asarray(picture))
    if faces:
        face = faces[0].box
        tall = face.height / _FACE_SHARE
        wide = tall * width / height
        middle = face.left + face.width / 2
        crop = (middle - wide / 2, face.top + face.height / 2 - tall * 0.55)
        ground = picture.resize((1, 1)).getpixel((0, 0))
        canvas = Image.new("RGB", (max(1, round(wide)), max(1, round(tall))), ground)
        canvas.paste(picture, (-round(crop[0]), -round(crop[1])))
        picture = canvas
    page.paste(ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS), (left, top))


def stamp(page: Image.Image, box: tuple[int, int, int, int], *, opacity: int, angle: float | None = None) -> None:
    """SPECIMEN across ``box``, along its diagonal or at ``angle`` degrees."""
    left, top, width, height = box
    slope = math.degrees(math.atan2(height, width)) if angle is None else angle
    run = math.hypot(width, height) * 0.86 if angle is None else width * 0.95
    size = round(run / (font("bold", 100).getlength("SPECIMEN") / 100))
    layer = Image.new("L", (round(run * 1.05), round(size * 1.2)), 0)
    ImageDraw.Draw(layer).text(
        (layer.width / 2, layer.height / 2), "SPECIMEN", font=font("bold", size), fill=opacity, anchor="mm"
    )
    layer = layer.rotate(slope, expand=True, resample=Image.Resampling.BICUBIC)
    spot = (left + (width - layer.width) // 2, top + (height - layer.height) // 2)
    page.paste(Image.new("RGB", layer.size, STAMP), spot, layer)
