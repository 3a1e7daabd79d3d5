"""Encryption at rest for what must wait: images, private keys, claims.

AES-256-GCM under a key derived from ``VAULT_KEY`` for one purpose (HKDF, RFC 5869), so that a sealed thing cannot be
opened as another. ``derived_from`` narrows the key further to one owner (an attempt, a session, a PIN): destroy that
value and everything sealed under it is gone, whatever copies of the ciphertext remain.
"""

import base64
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .errors import DomainError

_NONCE_BYTES = 12


class VaultError(DomainError):
    """The sealed bytes were altered, or belong to another key or purpose."""


def _key(purpose: str, derived_from: bytes) -> bytes:
    master = base64.urlsafe_b64decode(settings.VAULT_KEY)
    return HKDF(hashes.SHA256(), 32, salt=derived_from, info=purpose.encode()).derive(master)


def new_key() -> str:
    """A fresh 256-bit master key as the setting ``VAULT_KEY`` wants it."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def seal(data: bytes, *, purpose: str, derived_from: bytes = b"") -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(purpose, derived_from)).encrypt(nonce, data, purpose.encode())


def open(sealed: bytes | memoryview, *, purpose: str, derived_from: bytes = b"") -> bytes:
    """The bytes that were sealed. Raises VaultError."""
    sealed = bytes(sealed)
    try:
        cipher = AESGCM(_key(purpose, derived_from))
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise VaultError("cannot_open", f"not sealed for {purpose}") from error


def mac(data: bytes, *, purpose: str) -> str:
    """HMAC-SHA256 of ``data`` in hex: who cannot read the key cannot make another one that fits other data."""
    return hmac.digest(_key(purpose, b""), data, "sha256").hex()
