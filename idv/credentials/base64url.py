"""Base64url as JOSE wants it (RFC 7515 section 2): no padding, and one spelling per value."""

import base64
import re

from recovery_portal.kit.errors import DomainError

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


class Base64UrlInvalid(DomainError):
    """The text is not canonical base64url."""


def encode(data: bytes) -> str:
    """The unpadded base64url spelling of ``data``."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes behind ``text``. Raises Base64UrlInvalid for padding, other alphabets and second spellings.

    A decoder that ignores stray characters or unused bits lets one signed value be written in many ways, and a
    "seen before" check built on the text can then be walked around.
    """
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise Base64UrlInvalid("base64url_invalid", "not unpadded base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise Base64UrlInvalid("base64url_not_canonical", "unused bits are set")
    return data
