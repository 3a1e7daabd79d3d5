"""Compact JWE by joserfc: ECDH-ES, direct, with AES-GCM. ``jose`` checks what comes in and alone calls this."""

from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from idv.credentials.jose import CONTENT_ENCRYPTIONS, MAX_HEADER_BYTES, MAX_JWE_BYTES


def encrypt(protected: dict[str, Any], plaintext: bytes, public_pem: bytes) -> str:
    """``plaintext`` for the holder of the key."""
    return jwe.encrypt_compact(protected, plaintext, ECKey.import_key(public_pem), registry=_JweRegistry())


def decrypt(compact: str, private_pem: str) -> bytes:
    """What is inside. Raises ValueError, whatever is wrong with it."""
    try:
        return jwe.decrypt_compact(compact, ECKey.import_key(private_pem), registry=_JweRegistry()).plaintext or b""
    except (JoseError, TypeError, KeyError) as error:
        raise ValueError("not for this key") from error


class _JweRegistry(jwe.JWERegistry):
    """joserfc's limits are sized for tokens; an encrypted presentation carries a portrait."""

    max_protected_header_length = MAX_HEADER_BYTES
    max_ciphertext_length = MAX_JWE_BYTES

    def __init__(self) -> None:
        # Unknown header members are ignored as RFC 7516 asks; critical ones are refused before we come here.
        super().__init__(algorithms=["ECDH-ES", *CONTENT_ENCRYPTIONS], strict_check_header=False)
