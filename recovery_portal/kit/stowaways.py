"""Files that are a picture and something else besides: a page, a program or an archive in or behind the photo.

What cameras append themselves is let through, because re-making the picture leaves it behind: a second view (CIPA
DC-007), the clip of a motion photo, a depth map, a maker's trailer, padding.
"""

import re
from typing import Final

# Found anywhere: readers of these formats look for them anywhere, or run what stands between. Long enough that five
# million bytes of somebody's film do not contain one by chance.
_MARKUP: Final = re.compile(
    rb"<(?i:script[\s>/]|!doctype\s+html|html[\s>]|svg\s+(?:xmlns|on)|iframe\s|body\s+on|img\s+src)"
)
_ANYWHERE: Final = {
    "a program": (b"<?php", b"<jsp:"),
    "an archive": (b"PK\x05\x06\0\0\0\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"),
}
_PDF: Final = re.compile(rb"%PDF-\d")
# Found only where a reader that was told the offset, or a cut-off head, would begin.
_AT_THE_START: Final = {
    "a program": (b"\x7fELF", b"MZ", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"dex\n"),
    "an archive": (b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"MSCF"),
    "a document": (b"{\\rtf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%!PS"),
}
# The first segment's length spells the beginning of a comment: the file is a script that says nothing until its end.
_COMMENT_AS_LENGTH: Final = (b"\xff\xd8\xff\xe0/*", b"\xff\xd8\xff\xe0//")
_MARKER: Final = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_BOX: Final = re.compile(rb"[A-Za-z0-9 ]{4}")
# A photo has some dozens of segments, a large PNG thousands of chunks; each costs a step.
_PARTS_MAX: Final = 50_000


def find_in(data: bytes, kind: str) -> str:
    """What ``data`` (a ``kind`` as Pillow names it) is besides a picture, in a word; empty when it is only that."""
    if _MARKUP.search(data):
        return "a page"
    if _PDF.search(data):
        return "a document"
    for what, signs in _ANYWHERE.items():
        if any(sign in data for sign in signs):
            return what
    if data.startswith(_COMMENT_AS_LENGTH):
        return "a program"
    end = _END_OF[kind](data)
    if end is None:
        return "more parts than a photo has"
    behind = data[end : end + 64].lstrip(b"\0 \r\n\t")
    return next((what for what, signs in _AT_THE_START.items() if behind.startswith(signs)), "")


def _end_of_jpeg(data: bytes) -> int | None:
    at = 2
    for _ in range(_PARTS_MAX):
        # Within the picture's own data FF is followed by 00 or a restart marker, so the next match is a segment.
        found = _MARKER.search(data, at)
        if found is None:
            return len(data)
        at, marker = found.end(), data[found.end() - 1]
        if marker == 0xD9:
            return at
        if marker != 0xD8:
            at += int.from_bytes(data[at : at + 2])
    return None


def _end_of_png(data: bytes) -> int | None:
    at = 8
    for _ in range(_PARTS_MAX):
        if at + 12 > len(data):
            return len(data)
        name = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4])
        if name == b"IEND":
            return at
    return None


def _end_of_webp(data: bytes) -> int:
    size = int.from_bytes(data[4:8], "little")
    return 8 + size + size % 2


def _end_of_heif(data: bytes) -> int | None:
    """The first place where no box begins: cameras append boxes of their own, and those are whole."""
    at = 0
    for _ in range(_PARTS_MAX):
        size, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        if not _BOX.fullmatch(name) or not 8 <= size <= len(data) - at:
            # A size of 0 is the last box's, and means all the rest (ISO/IEC 14496-12, 4.2).
            return len(data) if size == 0 and _BOX.fullmatch(name) else at
        at += size
    return None


_END_OF: Final = {"JPEG": _end_of_jpeg, "PNG": _end_of_png, "WEBP": _end_of_webp, "HEIF": _end_of_heif}
