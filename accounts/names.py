"""The normal form of an account name: the same string whoever types it, on whatever keyboard."""

import unicodedata

ACCOUNT_NAME_MAX_LENGTH = 254


def normalise_account_name(value: str) -> str:
    """Strip, compose (NFKC) and lower-case; longer input is cut, as no stored name is longer."""
    cleaned = "".join(c for c in unicodedata.normalize("NFKC", value) if c.isprintable())
    return cleaned.strip().lower()[:ACCOUNT_NAME_MAX_LENGTH]
