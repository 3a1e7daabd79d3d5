"""What a person does with the wallet itself: make one, unlock it, change its PIN, erase it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from idv.wallet import pin as pins
from idv.wallet import sealing
from idv.wallet.errors import SealBroken
from idv.wallet.models import Wallet
from idv.wallet.sealing import OpenWallet
from recovery_portal.kit import tokens


@dataclass(frozen=True)
class Unlocking:
    """What came of a try. Exactly one of `opened`, `try_again_at`, or a plain wrong PIN (both None)."""

    opened: OpenWallet | None = None
    tries_left: int = 0
    try_again_at: datetime | None = None


def create_wallet(*, browser_token: str, pin: str, at: datetime) -> OpenWallet:
    salt, master_key = sealing.new_salt(), sealing.new_master_key()
    wallet = Wallet.objects.create(
        browser_digest=tokens.digest(browser_token),
        pin_salt=salt,
        master_key_sealed=sealing.seal_with_pin(master_key, pin=pin, salt=salt),
        created_at=at,
    )
    return OpenWallet(wallet, master_key)


def unlock(*, wallet: Wallet, pin: str, at: datetime) -> Unlocking:
    """Try a PIN. The try is counted before the PIN is looked at, so that parallel tries cost as much as serial ones."""
    counted = wallet.failed_attempts + 1
    if wallet.paused_until_at is not None and at < wallet.paused_until_at:
        return Unlocking(try_again_at=wallet.paused_until_at)
    pause = pins.pause_until(counted, at)
    claimed = Wallet.objects.filter(pk=wallet.pk, failed_attempts=wallet.failed_attempts).update(
        failed_attempts=counted, paused_until_at=pause
    )
    wallet.refresh_from_db()
    tries_left = max(pins.FREE_TRIES - wallet.failed_attempts, 0)
    if not claimed:
        return Unlocking(tries_left=tries_left, try_again_at=wallet.paused_until_at)
    try:
        master_key = sealing.open_with_pin(wallet.master_key_sealed, pin=pin, salt=wallet.pin_salt)
    except SealBroken:
        return Unlocking(tries_left=tries_left, try_again_at=pause)
    Wallet.objects.filter(pk=wallet.pk, failed_attempts=counted).update(failed_attempts=0, paused_until_at=None)
    return Unlocking(opened=OpenWallet(wallet, master_key))


def change_pin(*, opened: OpenWallet, new_pin: str) -> None:
    """The same master key under a new PIN. The caller has just checked the old one with `unlock`."""
    salt = sealing.new_salt()
    opened.wallet.pin_salt = salt
    opened.wallet.master_key_sealed = sealing.seal_with_pin(opened.master_key, pin=new_pin, salt=salt)
    opened.wallet.save(update_fields=["pin_salt", "master_key_sealed"])


def erase(*, wallet: Wallet) -> None:
    """Forget everything. Works without the PIN: a forgotten PIN leaves nothing else to do."""
    wallet.delete()
