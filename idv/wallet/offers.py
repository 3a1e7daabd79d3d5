"""An offer that waits for the person: read once, kept sealed, with the transaction code that was typed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from idv.protocol import issuance
from idv.protocol.issuance import CredentialOffer
from idv.wallet import display, issuer_client, issuer_metadata, links
from idv.wallet.errors import IssuerRefused, LinkRefused
from idv.wallet.issuer_metadata import Issuer
from idv.wallet.models import IncomingLink
from idv.wallet.sealing import OpenWallet
from idv.wallet.wire import Wire


@dataclass(frozen=True)
class Offer:
    """What the page *Add a Verified ID* shows."""

    issuer_name: str
    issuer_address: str
    credential_name: str
    description: str
    claim_labels: list[str]
    needs_tx_code: bool
    tx_code_is_numeric: bool
    tx_code_hint: str
    has_tx_code: bool
    # Without a code in it, the issuer asks the person itself, on its own pages.
    needs_consent_there: bool


def read(*, opened: OpenWallet, link: IncomingLink) -> Offer:
    """Fetch what the link leads to, once, and keep it. Raises LinkRefused, IssuerRefused."""
    content = prepared(opened, link)
    issuer, tx_code = Issuer(**content["issuer"]), content["tx_code_wanted"]
    return Offer(
        issuer_name=issuer.name,
        issuer_address=display.address(issuer.url),
        credential_name=issuer.display["name"],
        description=issuer.display["description"],
        claim_labels=[entry["label"] for entry in issuer.labels if len(entry["path"]) == 1],
        needs_tx_code=tx_code is not None,
        tx_code_is_numeric=(tx_code or {}).get("input_mode", "numeric") != "text",
        tx_code_hint=display.line((tx_code or {}).get("description"), limit=300),
        has_tx_code=bool(content.get("tx_code")),
        needs_consent_there=not content["pre_authorized_code"],
    )


def enter_tx_code(*, opened: OpenWallet, link: IncomingLink, tx_code: str) -> None:
    """Keep the transaction code the person typed; the issuer judges it when the person says *Start*."""
    links.write_content(opened, link, prepared(opened, link) | {"tx_code": tx_code})


def prepared(opened: OpenWallet, link: IncomingLink) -> dict[str, Any]:
    """The link's content with the offer and its issuer's metadata in it. Raises LinkRefused, IssuerRefused."""
    if link.outcome or link.claimed_at is not None:
        raise LinkRefused("already_used", "the offer was used")
    content = links.content_of(opened, link)
    if "issuer" in content:
        return content
    line = Wire()
    offer = _offer(line, content["link"])
    issuer = issuer_metadata.read(line, offer)
    if not offer.pre_authorized_code and not issuer.authorization_endpoint:
        raise IssuerRefused("not_supported", "no code in the offer, and no page where the person could consent")
    content = {
        "issuer": asdict(issuer),
        "pre_authorized_code": offer.pre_authorized_code,
        "issuer_state": offer.issuer_state,
        "tx_code_wanted": None if offer.tx_code is None else asdict(offer.tx_code),
    }
    links.write_content(opened, link, content)
    return content


def _offer(line: Wire, link: str) -> CredentialOffer:
    try:
        parsed = issuance.parse_offer_link(link)
        if parsed.offer is not None:
            return parsed.offer
        return issuance.parse_offer(issuer_client.fetch_offer(line, parsed.offer_uri or ""))
    except issuance.OfferInvalid as error:
        code = "not_supported" if error.code == "offer_unsupported" else "offer_malformed"
        raise LinkRefused(code, error.reason) from error
