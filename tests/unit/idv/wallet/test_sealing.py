import pytest

from idv.wallet import sealing
from idv.wallet.errors import SealBroken
from idv.wallet.models import Wallet
from idv.wallet.sealing import OpenWallet

PIN, SALT = "482913", b"s" * 16


def test_only_the_pin_opens_the_master_key():
    sealed = sealing.seal_with_pin(b"m" * 32, pin=PIN, salt=SALT)
    assert sealing.open_with_pin(sealed, pin=PIN, salt=SALT) == b"m" * 32
    with pytest.raises(SealBroken):
        sealing.open_with_pin(sealed, pin="482914", salt=SALT)


def test_another_installations_vault_does_not_open_it(settings):
    sealed = sealing.seal_with_pin(b"m" * 32, pin=PIN, salt=SALT)
    settings.VAULT_KEY = "b3RoZXItb25seS12YXVsdC1rZXktb2YtMzItYnl0ZXM="
    with pytest.raises(SealBroken):
        sealing.open_with_pin(sealed, pin=PIN, salt=SALT)


def test_what_is_sealed_for_one_wallet_or_purpose_opens_for_no_other():
    first, second = OpenWallet(Wallet(), b"k" * 32), OpenWallet(Wallet(), b"k" * 32)
    sealed = first.seal(b"secret", purpose="credential")
    assert first.open(sealed, purpose="credential") == b"secret"
    with pytest.raises(SealBroken):
        first.open(sealed, purpose="holder-key")
    with pytest.raises(SealBroken):
        second.open(sealed, purpose="credential")


def test_an_unlocked_wallet_in_the_session_wants_the_browsers_cookie():
    opened = OpenWallet(Wallet(), b"k" * 32)
    sealed = sealing.seal_for_session(opened, browser_token="cookie")
    assert sealing.open_from_session(sealed, wallet=opened.wallet, browser_token="cookie").master_key == b"k" * 32
    with pytest.raises(SealBroken):
        sealing.open_from_session(sealed, wallet=opened.wallet, browser_token="another")


def test_the_master_key_is_not_in_the_repr():
    assert "kkkk" not in repr(OpenWallet(Wallet(), b"k" * 32))
