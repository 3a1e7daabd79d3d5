"""The tester's wallet: one of the wallet house's own wallets, without a browser. What it may do, a person's may."""

import base64
import contextlib
from datetime import datetime
from typing import Any, Final

from idv.wallet import display, flows, formats, links, offers, presenting, receiving, sealing
from idv.wallet.errors import LinkRefused, WalletRefusal
from idv.wallet.models import HeldCredential, IncomingLink, Wallet
from idv.wallet.receiving import COPY_SEAL
from idv.wallet.sealing import OpenWallet
from recovery_portal.kit import tokens
from recovery_portal.testing import shapes, wishes

from .. import state
from ..doors import NotThere

_NAME: Final = "wallet"
_PICTURE: Final = "•••"


def held(*, at: datetime) -> list[shapes.HeldId]:
    """What is in it, the newest first; an issuer that wanted time is asked again."""
    opened = _opened(at)
    for link in opened.wallet.incoming_links.filter(kind=IncomingLink.Kind.OFFER, outcome="", claimed_at__isnull=False):
        with contextlib.suppress(WalletRefusal):  # the list is of what is here
            receiving.collect(opened=opened, link=link, at=at)
    return [_told(opened, row) for row in opened.wallet.credentials.prefetch_related("copies")]


def receive(wanted: wishes.OfferLink, *, at: datetime) -> shapes.Reception:
    """Raises LinkRefused, IssuerRefused."""
    opened = _opened(at)
    link = _kept(opened, wanted.link, IncomingLink.Kind.OFFER, at)
    if offers.read(opened=opened, link=link).needs_consent_there:
        raise LinkRefused("not_supported", "the issuer asks the person on its own page, and there is none here")
    if wanted.tx_code:
        offers.enter_tx_code(opened=opened, link=link, tx_code=wanted.tx_code)
    received = receiving.accept(opened=opened, link=link, at=at)
    return shapes.Reception(_told(opened, received) if received else None)


def present(wanted: wishes.RequestLink, *, at: datetime) -> shapes.Sharing:
    """Raises LinkRefused, VerifierRefused, NotThere."""
    opened = _opened(at)
    if wanted.verified_id and not any(str(row.pk) == wanted.verified_id for row in opened.wallet.credentials.all()):
        raise NotThere("unknown_verified_id", "There is no Verified ID of that id in the wallet.")
    link = _kept(opened, wanted.link, IncomingLink.Kind.REQUEST, at)
    chosen = [wanted.verified_id] if wanted.verified_id else []
    answered = presenting.share(opened=opened, link=link, wanted=chosen, at=at)
    return shapes.Sharing(answered.was_told, answered.continue_at or "")


def refuse(wanted: wishes.RequestLink, *, at: datetime) -> shapes.Sharing:
    """Raises LinkRefused, VerifierRefused."""
    opened = _opened(at)
    link = _kept(opened, wanted.link, IncomingLink.Kind.REQUEST, at)
    answered = presenting.decline(opened=opened, link=link, at=at)
    return shapes.Sharing(answered.was_told, answered.continue_at or "")


def forget() -> None:
    """The wallet and all that is in it."""
    kept = state.read(_NAME)
    if kept is not None:
        Wallet.objects.filter(pk=kept["wallet"]).delete()
        state.forget(_NAME)


def _opened(at: datetime) -> OpenWallet:
    """The wallet as its browser would have it after the PIN; a new one where there is none (any more)."""
    kept = state.read(_NAME)
    row = Wallet.objects.filter(pk=kept["wallet"]).first() if kept else None
    if kept and row is not None:
        return sealing.open_from_session(base64.b64decode(kept["sealed"]), wallet=row, browser_token=kept["browser"])
    browser = tokens.new_token(32)
    opened = flows.create_wallet(browser_token=browser, pin=tokens.new_token(), at=at)
    sealed = base64.b64encode(sealing.seal_for_session(opened, browser_token=browser)).decode()
    state.write(_NAME, {"wallet": str(opened.wallet.pk), "sealed": sealed, "browser": browser})
    return opened


def _kept(opened: OpenWallet, text: str, kind: IncomingLink.Kind, at: datetime) -> IncomingLink:
    if links.kind_of(text) != kind:
        raise LinkRefused("link_unknown", f"it brings no {kind.value}")
    return links.keep(opened=opened, text=text, at=at)


def _told(opened: OpenWallet, row: HeldCredential) -> shapes.HeldId:
    copy = row.copies.all()[0]
    claims = formats.of(row.format).claims(opened.open(copy.compact_sealed, purpose=COPY_SEAL).decode())
    return shapes.HeldId(
        id=str(row.pk),
        name=row.display["name"],
        type=row.credential_type,
        issuer=row.issuer,
        received_at=row.received_at.isoformat(),
        expires_at=row.expires_at.isoformat() if row.expires_at else None,
        claims={name: _shown(value) for name, value in claims.items() if name not in display.TECHNICAL_CLAIMS},
    )


def _shown(value: Any) -> Any:
    """Pictures of faces leave no door of ours."""
    return _PICTURE if isinstance(value, str) and value[:5].lower() == "data:" else value
