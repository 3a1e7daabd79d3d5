"""Base64url as JOSE wants it (RFC 7515 section 2): no padding, and one spelling per value."""

import binascii

from recovery_portal.kit.errors import DomainError

#: The last characters whose unused bits are zero, by how many characters stand in the last group of four.
_LAST = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
_PADDING = (b"", b"", b"==", b"=")
_TRANSLATION = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
_LONG = 2048


class Base64UrlInvalid(DomainError):
    """The text is not canonical base64url."""


def encode(data: bytes) -> str:
    """The unpadded base64url spelling of ``data``."""
    text = binascii.b2a_base64(data, newline=False)
    return text.replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes behind ``text``. Raises Base64UrlInvalid for padding, other alphabets and second spellings.

    A decoder that ignores stray characters or unused bits lets one signed value be written in many ways, and a
    "seen before" check built on the text can then be walked around.
    """
    try:
        data = text.encode("ascii")
        rest = len(data) & 3
        plain = binascii.a2b_base64(_in_the_other_alphabet(data) + _PADDING[rest], strict_mode=True)
    except ValueError as error:
        raise Base64UrlInvalid("base64url_invalid", "not unpadded base64url") from error
    if rest and data[-1] not in _LAST[rest]:
        raise Base64UrlInvalid("base64url_not_canonical", "unused bits are set")
    return plain


def _in_the_other_alphabet(data: bytes) -> bytes:
    """As the decoder reads it, with its own characters and padding made unreadable. Raises ValueError for those, too.

    A short text is translated at once; in a long one (a portrait) it is quicker to look for the few that differ.
    """
    if len(data) < _LONG:
        return data.translate(_TRANSLATION)
    if b"+" in data or b"/" in data or b"=" in data:
        raise ValueError
    return data.replace(b"-", b"+").replace(b"_", b"/")
