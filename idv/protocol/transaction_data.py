"""Transaction data (OpenID4VP 1.0 sections 5.1, 8.4 and B.3.3): what the presentation is for, signed by the holder too.

A wallet that does not know the type must refuse the request, so the verifier sends it only to wallets that say in
``wallet_metadata`` that they understand it, or when it was asked to for one request.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idv.credentials import base64url, strict_json
from recovery_portal.kit.errors import DomainError

#: Collision-resistant: a URN of this product.
TYPE = "urn:recovery-portal:account-recovery:1"
#: A member of ``wallet_metadata``; the text defines none for this, and verifiers ignore members they do not know.
METADATA_MEMBER = "transaction_data_types_supported"
HASH_ALGORITHM = "sha-256"
#: What is signed must be shown, and a consent page shows one purpose.
_MAX_ENTRIES = 1
_MAX_TEXT = 300
_MAX_BYTES = 8_192


class TransactionDataInvalid(DomainError):
    """Transaction data that must be refused (invalid_transaction_data)."""


@dataclass(frozen=True, kw_only=True)
class AccountRecovery:
    """What the person agrees to: ``account`` is masked, ``asked_from`` the browser that asked, as far as is known."""

    account: str
    purpose: str
    asked_from: str
    encoded: str


def build(*, credential_ids: Sequence[str], account: str, purpose: str, asked_from: str) -> str:
    """One entry, base64url encoded: the same input gives the same text, so it need not be stored."""
    entry = {
        "type": TYPE,
        "credential_ids": list(credential_ids),
        "transaction_data_hashes_alg": [HASH_ALGORITHM],
        "account": account[:_MAX_TEXT],
        "purpose": purpose[:_MAX_TEXT],
        "asked_from": asked_from[:_MAX_TEXT],
    }
    return base64url.encode(strict_json.dumps(entry).encode())


def read(value: object, *, credential_ids: Sequence[str]) -> tuple[AccountRecovery, ...]:
    """The entries of a request, all of the one type we know. Raises TransactionDataInvalid for any other."""
    if value is None:
        return ()
    if not isinstance(value, list) or not 0 < len(value) <= _MAX_ENTRIES:
        raise TransactionDataInvalid("invalid_transaction_data", "not one entry")
    return tuple(_read_one(entry, credential_ids) for entry in value)


def is_understood_by(wallet_metadata: object) -> bool:
    """Whether a wallet said that it knows our type. Whatever it posted, this never raises."""
    try:
        members = strict_json.load_object(wallet_metadata.encode()) if isinstance(wallet_metadata, str) else {}
    except (DomainError, UnicodeError):
        return False
    types = members.get(METADATA_MEMBER)
    return isinstance(types, list) and TYPE in types


def digest_of(encoded: str) -> str:
    """The hash that goes into the key-binding JWT."""
    return base64url.encode(hashlib.sha256(encoded.encode("ascii")).digest())


def require_hashes(binding: Mapping[str, Any], expected: Sequence[str], *, required: bool) -> None:
    """Refuse a key binding whose hashes are not those of ``expected``; their absence only when ``required``."""
    hashes = binding.get("transaction_data_hashes")
    if hashes is None:
        if required:
            raise TransactionDataInvalid("transaction_data_missing", "the holder did not sign the transaction data")
        return
    if binding.get("transaction_data_hashes_alg", HASH_ALGORITHM) != HASH_ALGORITHM or not isinstance(hashes, list):
        raise TransactionDataInvalid("transaction_data_mismatch", "hashed in another way")
    wanted = [digest_of(encoded) for encoded in expected]
    if len(hashes) != len(wanted) or not all(map(_same, hashes, wanted)):
        raise TransactionDataInvalid("transaction_data_mismatch", "the holder signed other transaction data")


def _same(found: object, expected: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode("utf-8"), expected.encode("utf-8"))


def _read_one(encoded: object, credential_ids: Sequence[str]) -> AccountRecovery:
    if not isinstance(encoded, str):
        raise TransactionDataInvalid("invalid_transaction_data", "an entry is a text")
    try:
        entry = strict_json.load_object(base64url.decode(encoded), max_bytes=_MAX_BYTES)
    except DomainError as error:
        raise TransactionDataInvalid("invalid_transaction_data", error.reason) from error
    if entry.get("type") != TYPE:
        raise TransactionDataInvalid("invalid_transaction_data", "a type that we do not know")
    named, algorithms = entry.get("credential_ids"), entry.get("transaction_data_hashes_alg", [HASH_ALGORITHM])
    if not isinstance(named, list) or not named or not all(name in credential_ids for name in named):
        raise TransactionDataInvalid("invalid_transaction_data", "credential_ids name no credential query")
    if not isinstance(algorithms, list) or HASH_ALGORITHM not in algorithms:
        raise TransactionDataInvalid("invalid_transaction_data", "a hash that we do not compute")
    texts = {name: entry.get(name, "") for name in ("account", "purpose", "asked_from")}
    if not all(isinstance(text, str) and len(text) <= _MAX_TEXT for text in texts.values()):
        raise TransactionDataInvalid("invalid_transaction_data", "a member is no short text")
    return AccountRecovery(encoded=encoded, **texts)
