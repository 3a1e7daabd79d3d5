"""The secret string of a pass: drawn, hashed, compared. Pure; nothing here stores anything."""

import secrets

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

# Upper and lower case, digits and symbols as the original draws them, without what people misread (0 O o 1 l I)
# and without what HTML, shells and URLs escape (& < > " ' % /).
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ" + "abcdefghijkmnpqrstuvwxyz" + "23456789" + "+-*=#$@?!"

# OWASP Password Storage Cheat Sheet, the minimum for Argon2id: 19 MiB, two passes, one lane. A pass of eight
# characters has 48 bits, so that its hash must be slow to try (ASVS 5.0 6.5.2).
_HASHER = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID, encoding="utf-8"
)

# More than any pass has: longer entries are refused before they cost anything.
LONGEST_ENTRY = 64


def draw(length: int) -> str:
    """A new passcode of ``length`` characters (6.02 bits each) from the operating system's generator."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def entered(text: str) -> str:
    """What the person typed or pasted, without the blanks that copying brings along. Case matters."""
    return text.strip()


def hashed(passcode: str) -> str:
    """Salted Argon2id in PHC form."""
    return _HASHER.hash(passcode)


def matches(passcode: str, stored: str) -> bool:
    """Whether ``stored`` is the hash of ``passcode``; False also for a hash that cannot be read."""
    if not passcode or len(passcode) > LONGEST_ENTRY:
        passcode, stored = "", _NOBODYS_HASH  # the same work, so that length tells nothing
    try:
        return _HASHER.verify(stored, passcode.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


def spend_time() -> None:
    """The work of one comparison, for accounts without a pass: the clock must not tell them apart (ASVS 6.3.8)."""
    matches("?", _NOBODYS_HASH)


_NOBODYS_HASH = hashed(secrets.token_urlsafe())
