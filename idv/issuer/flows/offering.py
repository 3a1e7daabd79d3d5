"""Offers: made for a program, fetched by a wallet, withdrawn, forgotten (OpenID4VCI 1.0 section 4)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from idv.protocol import issuance as wire
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit.tokens import digest, new_token, same

from .. import contracts, policy, signals
from ..errors import OfferRefused
from ..models import AccessToken, Contract, IssuanceNonce, IssuedCredential, Offer


@dataclass(frozen=True)
class Pin:
    """What must be typed into the wallet: ``value``, or with ``salt`` what SHA-256 over salt and PIN makes of it."""

    value: str = field(repr=False)
    digits: int
    salt: str | None = None


@dataclass(frozen=True)
class Made:
    """``link`` opens in any wallet of the protocol; it leads to the offer, and neither holds the PIN."""

    offer: Offer
    link: str


def find_contract(*, type_name: str = "", contract_id: str = "") -> Contract | None:
    """The contract that operators let be used, by its type or its id."""
    rows = Contract.objects.filter(enabled=True)
    if type_name:
        return rows.filter(type_name=type_name).first()
    try:
        return rows.filter(pk=UUID(contract_id)).first()
    except ValueError:
        return None


@transaction.atomic
def offer(
    *,
    contract: Contract,
    claims: Mapping[str, str],
    pin: Pin | None,
    expires_at: datetime | None,
    correlation_id: str,
    at: datetime,
) -> Made:
    """Offer one credential under ``contract``. ``expires_at`` is the credential's end, where the contract lets a
    program set it. Raises OfferRefused."""
    if not contract.enabled:
        raise OfferRefused("contract_unknown", contract.name)
    mapped = contracts.mapped(contract.claims, claims)
    if expires_at is not None:
        if not contract.allow_expiration_override:
            raise OfferRefused("expiration_not_allowed", contract.name)
        if not at + policy.OFFER_LIFETIME < expires_at <= at + timedelta(days=policy.VALIDITY_DAYS_MAX):
            raise OfferRefused("expiration_out_of_range", expires_at.isoformat())
    reference, code = new_token(), new_token(32)
    made = Offer(
        contract=contract,
        correlation_id=correlation_id,
        reference_digest=digest(reference),
        code_digest=digest(code),
        pin_digits=pin.digits if pin else None,
        credential_expires_at=expires_at,
        made_at=at,
        expires_at=at + policy.OFFER_LIFETIME,
    )
    secrets = {"code": code} | ({"pin": pin.value, "salt": pin.salt} if pin else {})
    made.secrets_sealed = made.seal(secrets, purpose="secrets")
    made.claims_sealed = made.seal(mapped, purpose="claims")
    made.save(force_insert=True)
    return Made(made, wire.offer_link_by_reference(f"{settings.PORTAL_BASE_URL}/verified-id/issuer/offers/{reference}"))


def is_pin(offer: Offer, typed: str) -> bool:
    """Whether ``typed`` is the PIN of this offer, compared in constant time."""
    secrets = offer.open(offer.secrets_sealed, purpose="secrets")
    if secrets.get("salt") is None:
        return same(typed, secrets["pin"])
    hashed = hashlib.sha256((secrets["salt"] + typed).encode("utf-8", "surrogatepass")).digest()
    return same(base64.b64encode(hashed).decode("ascii"), secrets["pin"])


def read_offer(reference: str, *, at: datetime) -> dict[str, object]:
    """The offer behind its address, as JSON members. Raises ProtocolRefused(404) once it is used or over."""
    found = open_offers(at).select_related("contract").filter(reference_digest=digest(reference)).first()
    if found is None or found.secrets_sealed is None:
        raise ProtocolRefused("not_found", "no such offer, or not any more", status=404)
    code = found.open(found.secrets_sealed, purpose="secrets")["code"]
    with transaction.atomic():
        signals.offer_fetched.send(sender=Offer, offer=found, at=at)
    return wire.offer_members(
        wire.CredentialOffer(
            credential_issuer=settings.PORTAL_BASE_URL,
            credential_configuration_ids=(found.contract.type_name,),
            pre_authorized_code=code,
            tx_code=wire.TxCode(length=found.pin_digits, description="The PIN that you were given")
            if found.pin_digits
            else None,
        )
    )


def open_offers(at: datetime) -> QuerySet[Offer]:
    """Offers that may still be redeemed."""
    return unredeemed().filter(expires_at__gt=at, contract__enabled=True)


def unredeemed() -> QuerySet[Offer]:
    """Own columns only, for a compare-and-set: with a join two requests could both pass."""
    return Offer.objects.filter(redeemed_at__isnull=True, locked_at__isnull=True, withdrawn_at__isnull=True)


def withdraw(*, offer: Offer, at: datetime) -> None:
    """Nobody waits for it any more: nothing can be had for it, and what it would have said is erased. Idempotent."""
    Offer.objects.filter(pk=offer.pk, issued_at__isnull=True).update(
        withdrawn_at=at, secrets_sealed=None, claims_sealed=None
    )
    AccessToken.objects.filter(offer=offer, offer__issued_at__isnull=True).delete()


def purge(*, at: datetime) -> None:
    """Erase what nobody can use any more, drop old records. Harmless to repeat."""
    over = at - policy.ACCESS_TOKEN_LIFETIME  # redeemed in the last moment, it may still be collected
    Offer.objects.filter(Q(secrets_sealed__isnull=False) | Q(claims_sealed__isnull=False), expires_at__lte=over).update(
        secrets_sealed=None, claims_sealed=None
    )
    AccessToken.objects.filter(expires_at__lte=at).delete()
    IssuanceNonce.objects.filter(expires_at__lte=at).delete()
    Offer.objects.filter(expires_at__lte=at - policy.RECORDS_KEPT).delete()
    IssuedCredential.objects.filter(expires_at__lte=at - policy.RECORDS_KEPT).delete()
