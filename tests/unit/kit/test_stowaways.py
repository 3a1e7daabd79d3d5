"""A photo that is something else besides is refused; what cameras append to theirs is not."""

import io
import struct
import zipfile
import zlib

import pillow_heif
import pytest
from PIL import Image

from recovery_portal.kit import images

FORMS = ("JPEG", "PNG", "WEBP", "HEIF")


def photo(form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((240, 180), 60).convert("RGB").save(out, form, **options)
    return out.getvalue()


def code_for(data: bytes) -> str:
    try:
        images.accept(data)
    except images.ImageRefused as refused:
        return refused.code
    return ""


def archive(comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("index.html", "x" * 2000)
        made.comment = comment
    return out.getvalue()


STOWAWAYS = {
    "zip": archive(),
    "zip with a comment": archive(b"to the very end " * 4000),
    "zip after padding": b"\0" * 4096 + archive(),
    "7z": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(64),
    "rar": b"Rar!\x1a\x07\x01\0" + bytes(64),
    "gzip": b"\x1f\x8b\x08\0" + bytes(64),
    "pdf": b"%PDF-1.7\n1 0 obj\n",
    "pdf far behind": bytes(range(1, 200)) * 40 + b"\n%PDF-2.0\n",
    "html": b"<!DOCTYPE html><title>x</title>",
    "upper case html": b"<HTML >",
    "script": b"--><sCrIpT>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
    "php": b"<?php system($_GET['c']);",
    "elf": b"\x7fELF\x02\x01\x01",
    "exe": b"MZ\x90\0\3",
    "shell": b"\n#!/bin/sh\nid\n",
    "office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "rtf": b"{\\rtf1 x}",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", sorted(STOWAWAYS))
def test_what_is_no_picture_behind_one(form: str, what: str) -> None:
    assert code_for(photo(form) + STOWAWAYS[what]) == "more_than_a_photo"


@pytest.mark.parametrize("what", ["zip", "7z", "rar", "pdf", "html", "script", "svg", "php"])
def test_the_same_in_a_comment(what: str) -> None:
    assert code_for(photo(comment=STOWAWAYS[what])) == "more_than_a_photo"


@pytest.mark.parametrize("what", ["pdf", "html", "script", "svg", "php"])
def test_the_same_in_the_metadata(what: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = STOWAWAYS[what].decode("latin-1")
    assert code_for(photo("WEBP", exif=exif.tobytes())) == "more_than_a_photo"


def test_the_same_in_a_chunk_of_a_png() -> None:
    whole = photo("PNG")
    body = b"tEXtComment\0" + STOWAWAYS["php"]
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    assert code_for(whole[:-12] + chunk + whole[-12:]) == "more_than_a_photo"


def test_a_photo_whose_first_length_is_the_beginning_of_a_comment() -> None:
    whole = photo()
    length = int.from_bytes(b"/*")
    bent = whole[:4] + b"/*" + whole[6:20] + b"*/=alert(1)/*".ljust(length - 16, b"\0") + whole[20:]
    assert code_for(bent) == "more_than_a_photo"


@pytest.mark.parametrize("part", [b"\xff\xd8", b"\xff\xe1\0\2"])
def test_more_parts_than_a_photo_has_cost_no_time(part: bytes) -> None:
    assert code_for(b"\xff\xd8" + part * 3_000_000) == "more_than_a_photo"


def _appended() -> dict[str, bytes]:
    film = struct.pack(">I", 24) + b"ftypmp42\0\0\0\0mp42isom" + struct.pack(">I", 40_008) + b"mdat" + bytes(40_000)
    trailer = b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000SEFH" + bytes(24) + b"\x18\0\0\0SEFT"
    return {
        "a second view": photo(),
        "two more views and a depth map": photo() + photo() + b"edof" + bytes(range(256)) * 100,
        "the clip of a motion photo": film,
        "a clip behind a maker's mark": b"MotionPhoto_Data" + film + trailer,
        "a maker's trailer": trailer,
        "padding": bytes(70_000),
        "a line end": b"\r\n",
        "half of an older picture": photo("PNG")[3000:],
    }


@pytest.mark.parametrize("what", sorted(_appended()))
def test_what_cameras_append_is_left_behind_without_a_word(what: str) -> None:
    for form in ("JPEG", "PNG"):
        assert code_for(photo(form) + _appended()[what]) == ""


def test_a_photo_of_several_views_passes() -> None:
    one, other = Image.new("RGB", (200, 200), "red"), Image.new("RGB", (200, 200), "blue")
    out = io.BytesIO()
    one.save(out, "MPO", save_all=True, append_images=[other])
    assert code_for(out.getvalue()) == ""
    heif = pillow_heif.HeifFile()
    heif.add_from_pillow(one)
    heif.add_from_pillow(other)
    out = io.BytesIO()
    heif.save(out)
    assert code_for(out.getvalue()) == ""


def test_metadata_that_programs_write_passes() -> None:
    xmp = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
    for form in ("JPEG", "PNG", "WEBP"):
        assert code_for(photo(form, xmp=xmp) if form != "PNG" else photo(form)) == ""
    exif = Image.Exif()
    exif[0x010E] = "5 < 7, <3 and a zip: PK"
    assert code_for(photo("JPEG", exif=exif, progressive=True)) == ""
