"""Links that a QR code or a button carries: built for a scheme or a web wallet, read without trusting one character."""

from collections.abc import Mapping
from typing import TypeGuard
from urllib.parse import parse_qsl, urlencode, urlsplit

from recovery_portal.kit.errors import DomainError

_MAX_LINK_CHARACTERS = 16_384
_MAX_ADDRESS_CHARACTERS = 2048


class LinkInvalid(DomainError):
    """A link that cannot be read in one way only."""


def build(base: str, members: Mapping[str, str]) -> str:
    """``base`` with ``members`` in its query."""
    return f"{base}{'&' if '?' in base else '?'}{urlencode(members)}"


def members_of(link: str) -> dict[str, str]:
    """The query of a link. Raises LinkInvalid; a member that stands twice is refused, as two readers might differ."""
    if len(link) > _MAX_LINK_CHARACTERS:
        raise LinkInvalid("link_malformed", "too long")
    try:
        pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True, max_num_fields=20, errors="strict")
    except (ValueError, UnicodeError) as error:
        raise LinkInvalid("link_malformed", "not a link") from error
    members = dict(pairs)
    if len(members) != len(pairs):
        raise LinkInvalid("link_malformed", "a member stands twice")
    return members


def is_address_text(value: object) -> TypeGuard[str]:
    """Whether it is written as an address may be: short, in visible ASCII."""
    return (
        isinstance(value, str)
        and len(value) <= _MAX_ADDRESS_CHARACTERS
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def web_address(value: object) -> str:
    """``value`` itself, when it is an http(s) address without user, password and fragment. Raises LinkInvalid.

    Whether it may be reached (https, public, ours) is for the guarded client to say.
    """
    # ASCII, as addresses are (RFC 3986): of two that look alike in other letters, people would believe the wrong one.
    if is_address_text(value):
        try:
            parts = urlsplit(value)
            _ = parts.port
            if parts.scheme in ("https", "http") and parts.hostname and "@" not in parts.netloc and not parts.fragment:
                return value
        except ValueError:
            pass
    raise LinkInvalid("address_malformed", "not a web address")
