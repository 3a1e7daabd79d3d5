"""The image gate: what comes in, what goes out, and a sentence for everything else."""

import io
import struct
import zlib

import pillow_heif
import pytest
from PIL import Image, ImageFile

from recovery_portal.kit import images


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


@pytest.fixture
def photo() -> Image.Image:
    """Left half red, right half blue: orientation can be told."""
    picture = Image.new("RGB", (400, 200), "red")
    picture.paste("blue", (200, 0, 400, 200))
    return picture


def _opened(accepted: images.AcceptedImage) -> Image.Image:
    return Image.open(io.BytesIO(accepted.jpeg))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_it_makes_a_jpeg_of_every_accepted_format(photo: Image.Image, form: str) -> None:
    accepted = images.accept(_encoded(photo, form))
    assert (accepted.width, accepted.height) == (400, 200)
    assert _opened(accepted).format == "JPEG"


def test_it_turns_a_photo_upright_and_strips_what_the_camera_wrote(photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    exif[0x010F] = "Secret Camera"
    accepted = images.accept(_encoded(photo, "JPEG", exif=exif, comment=b"where I live"))
    assert (accepted.width, accepted.height) == (200, 400)
    picture = _opened(accepted)
    assert picture.getpixel((100, 50))[0] > 200  # red is on top now
    assert not picture.getexif()
    assert b"Secret" not in accepted.jpeg
    assert b"where I live" not in accepted.jpeg


def test_a_heic_photo_of_a_phone_is_turned_only_once(photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    heif = pillow_heif.from_pillow(photo)
    out = io.BytesIO()
    heif.save(out, exif=exif.tobytes())
    accepted = images.accept(out.getvalue())
    assert {accepted.width, accepted.height} == {200, 400}


def test_it_shrinks_large_photos_and_leaves_small_ones() -> None:
    accepted = images.accept(_encoded(Image.new("RGB", (6000, 4000), "grey"), "JPEG"))
    assert (accepted.width, accepted.height) == (2560, 1707)
    assert images.accept(_encoded(Image.new("RGB", (300, 200)), "JPEG"), max_side=640).width == 300


def test_transparency_lies_on_white() -> None:
    accepted = images.accept(_encoded(Image.new("RGBA", (200, 200), (0, 0, 0, 0)), "PNG"))
    assert _opened(accepted).getpixel((100, 100)) == (255, 255, 255)


def _png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    idat = b"IDAT" + zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", len(idat) - 4) + idat + struct.pack(">I", zlib.crc32(idat))


def _moving(form: str) -> bytes:
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("red", "blue")]
    return _encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=100)


def _refusals() -> list[tuple[str, bytes]]:
    whole = _encoded(Image.effect_noise((500, 500), 80).convert("RGB"), "JPEG")
    return [
        ("empty", b""),
        ("too_large", b"\xff\xd8\xff" + b"\0" * images.MAX_BYTES),
        ("not_an_image", b"PK\x03\x04 a document"),
        ("not_an_image", b"<html>not a photo</html>"),
        ("unsupported_type", _encoded(Image.new("P", (200, 200)), "GIF")),
        ("unsupported_type", b"%PDF-1.7 and so on"),
        ("unsupported_type", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("unsupported_type", b"\0\0\0\x20ftypmp42 a film"),
        ("broken", b"\xff\xd8\xff\xe0 not really"),
        ("broken", whole[: len(whole) // 2]),
        ("broken", b"\0\0\0\x18ftypheic" + b"\0" * 400),
        ("animated", _moving("PNG")),
        ("animated", _moving("WEBP")),
        ("too_many_pixels", _png_header(10_000, 10_000)),
        ("too_many_pixels", _png_header(60_000, 60_000)),
        ("too_many_pixels", _png_header(7_100, 7_100)),
        ("too_small", _encoded(Image.new("RGB", (40, 4000)), "JPEG")),
    ]


@pytest.mark.parametrize(("code", "data"), _refusals(), ids=lambda value: value if isinstance(value, str) else "")
def test_it_refuses_with_a_code_and_a_sentence_that_says_what_to_do(code: str, data: bytes) -> None:
    with pytest.raises(images.ImageRefused) as refused:
        images.accept(data)
    assert refused.value.code == code
    assert str(refused.value.sentence).endswith(".")


def test_half_a_photo_stays_refused_when_a_library_has_told_pillow_to_accept_it() -> None:
    whole = _encoded(Image.effect_noise((500, 500), 80).convert("RGB"), "JPEG")
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with pytest.raises(images.ImageRefused) as refused:
            images.accept(whole[:-3000])
        assert refused.value.code == "broken"
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
