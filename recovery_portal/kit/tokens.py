"""Random bearer secrets and their digests (ASVS 5.0 11.5.1: at least 128 bits from a CSPRNG)."""

import hashlib
import hmac
import secrets


def new_token(nbytes: int = 16) -> str:
    """URL-safe secret of ``nbytes`` random bytes, never fewer than 16. None begins with a hyphen: some are typed after
    a command, where a hyphen would begin an option (this takes 1/64 of all values away)."""
    if nbytes < 16:
        raise ValueError("a bearer secret has at least 128 bits")
    while (token := secrets.token_urlsafe(nbytes)).startswith("-"):
        pass
    return token


def digest(token: str) -> str:
    """SHA-256 in hex (64 characters). Fit for secrets of full entropy only; a passcode needs a memory-hard hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same(left: str, right: str) -> bool:
    """Comparison in constant time, for any text."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))
