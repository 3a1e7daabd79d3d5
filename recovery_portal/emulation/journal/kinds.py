"""Which addresses carry protocol messages, what each is called, and who usually sends it (pure)."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """``sender`` is who usually asks; ``front`` is True where a browser carries the message."""

    name: str
    sender: str
    front: bool = False


def _known(*rows: tuple[str, str, str, bool]) -> tuple[tuple[re.Pattern[str], Kind], ...]:
    return tuple((re.compile(pattern), Kind(name, sender, front)) for pattern, name, sender, front in rows)


_PUBLISHED: Final = (r"/\.well-known/.*", "published document", "wallet", False)
KINDS: Final = {
    "portal": _known(
        (r"/recover/return/", "return from the provider", "browser", True),
        (r"/recover/presented/", "return from the wallet", "browser", True),
        (r"/verifier/requests/[^/]+", "presentation request", "wallet", False),
        (r"/verifier/responses/[^/]+", "presentation", "wallet", False),
        (r"/verifier/jwks|/verifier/development-ca\.pem", "published keys", "wallet", False),
        _PUBLISHED,
    ),
    "provider": _known(
        (r"/par", "pushed authorization request", "portal", False),
        (r"/authorize", "authorization request", "browser", True),
        (r"/token", "token request", "wallet", False),
        (r"/offers/[^/]+", "credential offer", "wallet", False),
        (r"/nonce", "nonce", "wallet", False),
        (r"/credential", "credential request", "wallet", False),
        (r"/deferred-credential", "deferred credential request", "wallet", False),
        (r"/notification", "notification", "wallet", False),
        (r"/status/[^/]+", "status list", "portal", False),
        (r"/jwks|/development-ca\.pem|/credentials/VerifiedIdentity", "published keys", "wallet", False),
        _PUBLISHED,
    ),
    "wallet": _known(
        (r"/receive/?", "credential offer link", "browser", True),
        (r"/present/?", "presentation request link", "browser", True),
    ),
}


def kind_of(house: str, path: str) -> Kind | None:
    """None for what is no protocol message."""
    return next((kind for pattern, kind in KINDS.get(house, ()) if pattern.fullmatch(path)), None)
