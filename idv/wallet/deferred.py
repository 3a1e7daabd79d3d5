"""Waiting for a credential that its issuer has not decided on yet (OpenID4VCI 1.0 section 9)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from idv.credentials import keys
from idv.wallet import links
from idv.wallet.credential_client import Deferred
from idv.wallet.errors import LinkRefused
from idv.wallet.issuer_client import Grant
from idv.wallet.issuer_metadata import Issuer
from idv.wallet.models import IncomingLink
from idv.wallet.sealing import OpenWallet


@dataclass(frozen=True)
class Wait:
    """All that is needed to ask again: whom, with what, and the keys the credential will be bound to."""

    issuer: Issuer
    grant: Grant
    holder_keys: list[keys.SigningKey]
    transaction_id: str


def remember(opened: OpenWallet, link: IncomingLink, wait: Wait, answer: Deferred, at: datetime) -> None:
    """Keep what is needed to ask again, sealed like everything else of this link."""
    content = {
        "deferred": {
            "issuer": asdict(wait.issuer),
            "grant": asdict(wait.grant),
            "holder_keys": [key.private_pem() for key in wait.holder_keys],
            "transaction_id": answer.transaction_id,
            "not_before": (at + timedelta(seconds=answer.interval_s)).timestamp(),
        }
    }
    links.write_content(opened, link, content)


def is_waiting(opened: OpenWallet, link: IncomingLink) -> bool:
    """Whether the issuer was asked and wants to be asked again."""
    return not link.outcome and "deferred" in links.content_of(opened, link)


def claim_turn(opened: OpenWallet, link: IncomingLink, *, at: datetime) -> Wait | None:
    """What to ask with, for one caller only, and not before the issuer said. Raises LinkRefused(already_used)."""
    kept = links.content_of(opened, link).get("deferred")
    if link.outcome or kept is None:
        raise LinkRefused("already_used", "nothing is waiting")
    if at.timestamp() < kept["not_before"]:
        return None
    # The turn is the compare-and-set of when it was last taken: of two pages that poll, one asks.
    if not IncomingLink.objects.filter(pk=link.pk, outcome="", claimed_at=link.claimed_at).update(claimed_at=at):
        return None
    link.claimed_at = at
    return Wait(
        issuer=Issuer(**kept["issuer"]),
        grant=Grant(**kept["grant"]),
        holder_keys=[keys.from_pem(pem) for pem in kept["holder_keys"]],
        transaction_id=kept["transaction_id"],
    )
