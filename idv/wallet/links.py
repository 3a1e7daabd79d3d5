"""Offers and requests that other people's pages hand over: read, kept sealed, answered once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from idv.wallet.errors import LinkRefused
from idv.wallet.models import HeldCredential, IncomingLink
from idv.wallet.sealing import OpenWallet

LINK_LENGTH = 16_384
_KEPT_FOR = timedelta(days=1)
_SEAL = "link"
_OFFER_MEMBERS = {"credential_offer", "credential_offer_uri"}
_REQUEST_MEMBERS = {"request_uri", "request"}


def kind_of(text: str) -> IncomingLink.Kind:
    """Whether a link brings an offer or a request. Raises LinkRefused.

    The scheme says nothing: wallets are opened by many (`openid-credential-offer`, `openid4vp`, `haip-vci`, https).
    """
    names = parameters_of(text).keys()
    if names & _OFFER_MEMBERS:
        return IncomingLink.Kind.OFFER
    if "client_id" in names or names & _REQUEST_MEMBERS:
        return IncomingLink.Kind.REQUEST
    raise LinkRefused("link_unknown", "neither an offer nor a request")


def parameters_of(text: str) -> dict[str, str]:
    """The parameters of a link's query. Raises LinkRefused when it is oversize, not a link, or repeats a parameter."""
    if len(text) > LINK_LENGTH:
        raise LinkRefused("link_too_long", f"more than {LINK_LENGTH} characters")
    try:
        pairs = parse_qsl(urlsplit(text.strip()).query, keep_blank_values=True, max_num_fields=30, errors="strict")
    except (ValueError, UnicodeError) as error:
        raise LinkRefused("link_unknown", "not a link") from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise LinkRefused("link_unknown", "a parameter is given twice")
    return parameters


def keep(*, opened: OpenWallet, text: str, at: datetime) -> IncomingLink:
    """Keep a link until it is answered, and forget those nobody answered. Raises LinkRefused."""
    kind = kind_of(text)
    opened.wallet.incoming_links.filter(created_at__lt=at - _KEPT_FOR).delete()
    content = opened.seal_json({"link": text.strip()}, purpose=_SEAL)
    return IncomingLink.objects.create(wallet=opened.wallet, kind=kind, content_sealed=content, created_at=at)


def get(*, opened: OpenWallet, link_id: Any, kind: IncomingLink.Kind) -> IncomingLink:
    """Raises LinkRefused(link_unknown)."""
    link = IncomingLink.objects.filter(pk=link_id, wallet=opened.wallet, kind=kind).first()
    if link is None:
        raise LinkRefused("link_unknown", "not a link of this wallet")
    return link


def content_of(opened: OpenWallet, link: IncomingLink) -> dict[str, Any]:
    content: dict[str, Any] = opened.open_json(link.content_sealed, purpose=_SEAL)
    return content


def write_content(opened: OpenWallet, link: IncomingLink, content: dict[str, Any]) -> None:
    link.content_sealed = opened.seal_json(content, purpose=_SEAL)
    link.save(update_fields=["content_sealed"])


def claim(link: IncomingLink, *, at: datetime) -> None:
    """Take the one right to answer; a second click or a second tab finds it taken. Raises LinkRefused(already_used)."""
    if not IncomingLink.objects.filter(pk=link.pk, claimed_at=None, outcome="").update(claimed_at=at):
        raise LinkRefused("already_used", "the link was answered, or is being answered")


def release(link: IncomingLink) -> None:
    """Give the right back: nothing was spent at the other side."""
    IncomingLink.objects.filter(pk=link.pk, outcome="").update(claimed_at=None)


def settle(
    opened: OpenWallet, link: IncomingLink, outcome: IncomingLink.Outcome, *, credential: HeldCredential | None = None
) -> None:
    """Write down how it ended and forget what was in it."""
    link.outcome, link.credential = outcome, credential
    link.content_sealed = opened.seal_json({}, purpose=_SEAL)
    link.save(update_fields=["outcome", "credential", "content_sealed"])
