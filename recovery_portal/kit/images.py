"""The one gate for pictures from outside: what passes is a clean, upright, modest JPEG; nothing else is decoded."""

import io
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import Final

import pillow_heif
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from recovery_portal.kit import hooks, stowaways
from recovery_portal.kit.errors import DomainError

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_PIXELS: Final = 50_000_000
MIN_SIDE: Final = 100
JPEG_QUALITY: Final = 92

SENTENCES: Final[dict[str, Promise]] = {
    "empty": _("The photo arrived empty. Take it again, or choose another file."),
    "too_large": _("The photo is larger than 20 MB. Take it with the camera on this page, or choose a smaller file."),
    "not_an_image": _("This file is not a photo. Choose a JPEG, PNG, WebP or HEIC picture."),
    "unsupported_type": _("This kind of file cannot be used. Choose a JPEG, PNG, WebP or HEIC picture."),
    "broken": _("The photo is damaged and cannot be opened. Take it again."),
    "more_than_a_photo": _(
        "This file holds more than a photo. Take the photo with the camera on this page, or choose another file."
    ),
    "animated": _("Moving pictures cannot be used. Take a single photo."),
    "too_many_pixels": _("The photo has more than 50 megapixels. Lower the camera's resolution, then take it again."),
    "too_small": _("The photo is too small to show any detail. Take it with the camera on this page."),
}

_OTHER_PICTURES: Final = (b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"%PDF", b"<svg", b"\x00\x00\x01\x00")
# EXIF 2.32, tag 0x0112: what undoes the way in which the camera was held.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow lets through of its own and of the decoders' errors when the bytes are not what they claim to be.
_DAMAGE: Final = (
    OSError, ValueError, SyntaxError, RuntimeError, MemoryError, EOFError, TypeError, LookupError, AttributeError,
    ArithmeticError, struct.error, zlib.error,
)  # fmt: skip
_HEIF_BRANDS: Final = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}

pillow_heif.register_heif_opener(thumbnails=False)

# Two hundred kilobytes can unfold to hundreds of megabytes: however many people upload at once, few pictures are open.
_OPEN_AT_ONCE: Final = threading.BoundedSemaphore(2)


class ImageRefused(DomainError):
    """The bytes are not a picture that we work with; ``sentence`` tells the person what to do instead."""

    @property
    def sentence(self) -> Promise:
        return SENTENCES[self.code]


@dataclass(frozen=True)
class AcceptedImage:
    """An upright RGB JPEG without any metadata. ``width`` and ``height`` are in pixels."""

    jpeg: bytes
    width: int
    height: int


def _format_of(data: bytes) -> str:
    """Pillow's name for the format, from the content alone: file names and declared types are the sender's claims."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIF"
    if data.lstrip()[:5].startswith(_OTHER_PICTURES) or data[4:8] == b"ftyp":
        raise ImageRefused("unsupported_type", "recognised, but not a format that we accept")
    raise ImageRefused("not_an_image", "no known picture signature")


def _open(data: bytes, kind: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=[kind])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise ImageRefused("too_many_pixels", str(bomb)) from bomb
    except (UnidentifiedImageError, *_DAMAGE) as error:
        raise ImageRefused("broken", f"{kind} header: {error}") from error


def accept(data: bytes, *, max_side: int = 2560) -> AcceptedImage:
    """Take a picture from outside and re-make it: upright, RGB, no metadata, long side at most ``max_side`` pixels.

    Raises ImageRefused. Size in bytes and pixels is checked before anything is decoded, so that a small file
    which unfolds to gigabytes costs nothing. It does **not** look for faces or documents.
    """
    drawn = hooks.find("PICTURE_HOOK")
    if drawn:
        data = drawn(data)
    if not data:
        raise ImageRefused("empty", "0 bytes")
    if len(data) > MAX_BYTES:
        raise ImageRefused("too_large", f"{len(data)} bytes")
    kind = _format_of(data)
    if besides := stowaways.find_in(data, kind):
        raise ImageRefused("more_than_a_photo", f"{kind} and {besides}")
    with _OPEN_AT_ONCE:
        return _remade(data, kind, max_side)


def _remade(data: bytes, kind: str, max_side: int) -> AcceptedImage:
    with _open(data, kind) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ImageRefused("too_many_pixels", f"{image.width} x {image.height}")
        # A JPEG may carry a second view (MPO) and a HEIC its depth map: those are photos, not animations.
        if kind in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
            raise ImageRefused("animated", kind)
        if min(image.size) < MIN_SIDE:
            raise ImageRefused("too_small", f"{image.width} x {image.height}")
        # A process-wide switch that other libraries turn on (face_recognition does): half a photo must not pass.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            image.draft("RGB", _no_smaller_than(image.size, max_side))
            image.load()
            upright = _upright(_near(image, max_side))
        except _DAMAGE as error:
            raise ImageRefused("broken", f"{kind} content: {error}") from error
    picture = _on_white(upright)
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return AcceptedImage(jpeg=_clean_jpeg(picture), width=picture.width, height=picture.height)


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera was held. Of the metadata that number alone is read: Pillow's own ``exif_transpose`` writes
    the rest anew, and fails where a sender made it so that it can be read and not be written."""
    orientation = image.getexif().get(ExifTags.Base.Orientation)
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _near(image: Image.Image, max_side: int) -> Image.Image:
    """Halved, thirded … while that keeps ``max_side`` pixels: every copy made afterwards is as much smaller."""
    factor = max(image.size) // max_side
    return image.reduce(factor) if factor > 1 and image.mode in {"L", "LA", "RGB", "RGBA", "CMYK"} else image


def _no_smaller_than(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """What to ask a JPEG's decoder for: it halves while *both* sides stay above this, so both must be in proportion."""
    longest = max(size)
    return max(1, size[0] * max_side // longest), max(1, size[1] * max_side // longest)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image.convert("RGB")


def _clean_jpeg(picture: Image.Image) -> bytes:
    # A fresh canvas: `info` (EXIF, XMP, ICC, comments) of the original never reaches the encoder.
    canvas = Image.new("RGB", picture.size)
    canvas.paste(picture)
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=JPEG_QUALITY, optimize=False)
    return out.getvalue()
