"""A wallet that testers command, in the wallet house: real keys, and the same flows as behind its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from idv.wallet.errors import WalletRefusal
from idv.wallet.pages import ADVICE
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError
from recovery_portal.testing import shapes, wishes

from ..doors import operation
from ..flows import wallets

_WALLET: Final = frozenset({"wallet"})


@operation("GET", "wallet", answers=list[shapes.HeldId], houses=_WALLET)
def wallet() -> list[shapes.HeldId]:
    """The Verified IDs in the tester's wallet, the newest first; an issuer that wanted time is asked again."""
    return wallets.held(at=clock.now())


@operation("POST", "wallet/receive", takes=wishes.OfferLink, answers=shapes.Reception, houses=_WALLET)
def receive(given: wishes.OfferLink) -> shapes.Reception:
    """Redeem an offer."""
    with _in_words():
        return wallets.receive(given, at=clock.now())


@operation("POST", "wallet/present", takes=wishes.RequestLink, answers=shapes.Sharing, houses=_WALLET)
def present(given: wishes.RequestLink) -> shapes.Sharing:
    """Share what a verifier asks for."""
    with _in_words():
        return wallets.present(given, at=clock.now())


@operation("POST", "wallet/refuse", takes=wishes.RequestLink, answers=shapes.Sharing, houses=_WALLET)
def refuse(given: wishes.RequestLink) -> shapes.Sharing:
    """Decline to share, and tell the verifier."""
    with _in_words():
        return wallets.refuse(given, at=clock.now())


@operation("DELETE", "wallet", houses=_WALLET)
def forget_wallet() -> None:
    """Erase the tester's wallet; the next operation begins a new one."""
    wallets.forget()


@contextmanager
def _in_words() -> Iterator[None]:
    """A refusal as the wallet's own page begins it, with the reason, which a page would not show."""
    try:
        yield
    except WalletRefusal as refused:
        advice = ADVICE.get(refused.code)
        raise DomainError(refused.code, f"{advice.title}: {refused.reason}" if advice else refused.reason) from refused
