"""Locks of the wallet.

    PIN --Argon2id--> stretched --vault--> master key, as stored
    browser's cookie --vault--> master key, as kept in the session while the wallet is unlocked
    master key --vault, one purpose per wallet and column--> holder keys, credentials, links

The vault keeps a stolen database from being searched for PINs; the PIN keeps whoever holds the vault key from
reading wallets without a memory-hard search; the cookie keeps a stolen session store from opening unlocked wallets.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

from idv.wallet import pin as pins
from idv.wallet.errors import SealBroken
from idv.wallet.models import Wallet
from recovery_portal.kit import vault

_STORED = "wallet-master-key"
_UNLOCKED = "wallet-unlocked"


@dataclass(frozen=True)
class OpenWallet:
    """A wallet whose PIN was given: the only thing that can read or write sealed columns."""

    wallet: Wallet
    master_key: bytes = field(repr=False)

    def seal(self, data: bytes, *, purpose: str) -> bytes:
        return vault.seal(data, purpose=f"wallet:{purpose}:{self.wallet.pk}", derived_from=self.master_key)

    def open(self, sealed: bytes | memoryview, *, purpose: str) -> bytes:
        """Raises SealBroken."""
        return _open(sealed, purpose=f"wallet:{purpose}:{self.wallet.pk}", derived_from=self.master_key)

    def seal_json(self, value: Any, *, purpose: str) -> bytes:
        return self.seal(json.dumps(value).encode(), purpose=purpose)

    def open_json(self, sealed: bytes | memoryview, *, purpose: str) -> Any:
        return json.loads(self.open(sealed, purpose=purpose))


def new_salt() -> bytes:
    return os.urandom(16)


def new_master_key() -> bytes:
    return os.urandom(32)


def seal_with_pin(master_key: bytes, *, pin: str, salt: bytes) -> bytes:
    return vault.seal(master_key, purpose=_STORED, derived_from=pins.stretch(pin, salt))


def open_with_pin(sealed: bytes | memoryview, *, pin: str, salt: bytes | memoryview) -> bytes:
    """Raises SealBroken when the PIN is wrong."""
    return _open(sealed, purpose=_STORED, derived_from=pins.stretch(pin, bytes(salt)))


def seal_for_session(opened: OpenWallet, *, browser_token: str) -> bytes:
    return vault.seal(opened.master_key, purpose=f"{_UNLOCKED}:{opened.wallet.pk}", derived_from=browser_token.encode())


def open_from_session(sealed: bytes, *, wallet: Wallet, browser_token: str) -> OpenWallet:
    """Raises SealBroken."""
    master_key = _open(sealed, purpose=f"{_UNLOCKED}:{wallet.pk}", derived_from=browser_token.encode())
    return OpenWallet(wallet, master_key)


def _open(sealed: bytes | memoryview, *, purpose: str, derived_from: bytes) -> bytes:
    try:
        return vault.open(bytes(sealed), purpose=purpose, derived_from=derived_from)
    except vault.VaultError as error:
        raise SealBroken("seal_broken", error.reason) from error
