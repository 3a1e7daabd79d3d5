"""Offers of a credential and their secrets (OpenID4VCI 1.0 section 4)."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from idv.protocol import issuance as wire
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit.tokens import digest, new_token

from .. import credential, policy
from ..errors import ProofingMoved, ProofingOver
from ..machine import BEING_DECIDED, Event, State
from ..models import CredentialOffer, ProofingSession


@dataclass(frozen=True)
class OfferSecrets:
    """What the page shows: where the wallet fetches the offer, and the code (or none) that travels beside it."""

    offer_uri: str
    tx_code: str
    expires_at: datetime


def offer_credential(*, proofing: ProofingSession, at: datetime) -> None:
    """The person wants the credential: make the first offer."""
    with transaction.atomic():
        proofing.apply(Event.OFFER_MADE, at=at)
        _make_offer(proofing, at)


def current_offer(*, proofing: ProofingSession, at: datetime) -> OfferSecrets:
    """What ``open_offer_of`` returns, for the page."""
    return reveal(open_offer_of(proofing=proofing, at=at))


def open_offer_of(*, proofing: ProofingSession, at: datetime) -> CredentialOffer:
    """The offer that this proofing's page shows; one that ran out or was locked is replaced, a few times.

    Raises ProofingOver when there were too many, ProofingMoved when the offer has just been redeemed.
    """
    with transaction.atomic():
        ProofingSession.objects.select_for_update().get(pk=proofing.pk)
        offer = proofing.offers.filter(superseded_at__isnull=True).order_by("-made_at").first()
        if offer is not None and offer.redeemed_at is not None:
            raise ProofingMoved("the offer has been redeemed")
        if offer is None or offer.locked_at is not None or at >= offer.expires_at:
            if proofing.offers.count() >= policy.OFFERS_PER_PROOFING_MAX:
                raise ProofingOver("too many offers")
            proofing.offers.filter(superseded_at__isnull=True, redeemed_at__isnull=True).update(superseded_at=at)
            offer = _make_offer(proofing, at)
    return offer


def offer_for_test(
    *,
    subject: credential.Subject,
    at: datetime,
    configuration_id: str = credential.CONFIGURATION_ID,
    with_tx_code: bool = True,
    by_code_flow: bool = False,
    ready_after_s: int | None = None,
    is_denied: bool = False,
) -> OfferSecrets:
    """An offer with no proofing behind it, for testers' wallets; only in an emulation.

    ``by_code_flow``: with ``issuer_state`` for the authorization code flow instead of a pre-authorized code.
    ``ready_after_s``: the credential is deferred for so many seconds.
    """
    if not settings.EMULATION:
        raise ProofingOver("test offers exist only in an emulation")
    claims = credential.claims_of(subject, reference=new_token(), verified_at=at)
    offer = _make_offer(
        None,
        at,
        with_tx_code=with_tx_code and not by_code_flow,
        by_code_flow=by_code_flow,
        claims=claims,
        configuration_id=configuration_id,
        ready_after_s=ready_after_s,
        is_denied=is_denied,
    )
    return reveal(offer)


def reveal(offer: CredentialOffer) -> OfferSecrets:
    members = offer.open(offer.secrets_sealed or b"", purpose="secrets")
    return OfferSecrets(
        offer_uri=f"{settings.PROVIDER_BASE_URL}/offers/{members['reference']}",
        tx_code=members["tx_code"],
        expires_at=offer.expires_at,
    )


def read_offer(reference: str, *, at: datetime) -> dict[str, object]:
    """The offer behind its address, as JSON members. Raises ProtocolRefused(404) once it is used or over."""
    offer = open_offers(at).filter(reference_digest=digest(reference)).first()
    if offer is None or offer.secrets_sealed is None:
        raise ProtocolRefused("not_found", "no such offer, or not any more", status=404)
    members = offer.open(offer.secrets_sealed, purpose="secrets")
    if members.get("by_code_flow"):
        return wire.offer_members(
            wire.CredentialOffer(
                credential_issuer=settings.PROVIDER_BASE_URL,
                credential_configuration_ids=(offer.configuration_id,),
                issuer_state=members["reference"],
            )
        )
    tx_code = wire.TxCode(
        length=policy.TX_CODE_DIGITS,
        description=f"The {policy.TX_CODE_DIGITS} digits on the page of {settings.PROVIDER_NAME}",
    )
    return wire.offer_members(
        wire.CredentialOffer(
            credential_issuer=settings.PROVIDER_BASE_URL,
            credential_configuration_ids=(offer.configuration_id,),
            pre_authorized_code=members["code"],
            tx_code=tx_code if members["tx_code"] else None,
        )
    )


def open_offers(at: datetime) -> QuerySet[CredentialOffer]:
    """Offers that may still be redeemed; those of a proofing only while it waits for exactly that (I11).

    One that a person consented to before the decision is redeemed before it or just after; what is asked for with it
    waits for the decision.
    """
    waiting = [State.OFFERED, State.VERIFIED, *BEING_DECIDED]
    alive = Q(proofing__isnull=True) | Q(proofing__state__in=waiting, proofing__expires_at__gt=at)
    return CredentialOffer.objects.filter(
        alive, expires_at__gt=at, redeemed_at__isnull=True, superseded_at__isnull=True, locked_at__isnull=True
    )


def unredeemed(offer: CredentialOffer) -> QuerySet[CredentialOffer]:
    """``offer`` for a compare-and-set; no row once it is redeemed, superseded or locked."""
    # Own columns only: with a join Django would ask a subquery, and two requests could both pass it.
    return CredentialOffer.objects.filter(
        pk=offer.pk, redeemed_at__isnull=True, superseded_at__isnull=True, locked_at__isnull=True
    )


def _make_offer(
    proofing: ProofingSession | None,
    at: datetime,
    *,
    with_tx_code: bool = True,
    by_code_flow: bool = False,
    claims: dict[str, str] | None = None,
    configuration_id: str = credential.CONFIGURATION_ID,
    ready_after_s: int | None = None,
    is_denied: bool = False,
) -> CredentialOffer:
    tx_code = f"{secrets.randbelow(10**policy.TX_CODE_DIGITS):0{policy.TX_CODE_DIGITS}d}" if with_tx_code else ""
    members = {"reference": new_token(), "code": new_token(32), "tx_code": tx_code, "by_code_flow": by_code_flow}
    offer = CredentialOffer(
        proofing=proofing,
        reference_digest=digest(str(members["reference"])),
        code_digest=digest(str(members["code"])),
        configuration_id=configuration_id,
        ready_after_s=ready_after_s,
        is_denied=is_denied,
        made_at=at,
        expires_at=at + policy.OFFER_LIFETIME,
    )
    offer.secrets_sealed = offer.seal(members, purpose="secrets")
    offer.claims_sealed = offer.seal(claims, purpose="claims") if claims is not None else None
    offer.save(force_insert=True)
    return offer
