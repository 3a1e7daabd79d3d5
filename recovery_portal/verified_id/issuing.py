"""What happens to a request to issue: made, fetched, redeemed, kept or not."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from idv.issuer import flows as issuer
from idv.issuer.errors import OfferRefused
from idv.issuer.models import Contract, Offer

from .calling import advance
from .errors import RequestInvalid
from .flows import count
from .machine import Event, Status
from .models import ServiceRequest

# Wallets that say what became of a credential say so at once; the others keep it.
REPORT_TIME = timedelta(seconds=60)
_TARGETS = {
    "claim_missing": "claims",
    "claim_unknown": "claims",
    "expiration_not_allowed": "expirationDate",
    "expiration_out_of_range": "expirationDate",
}
_SENTENCES = {
    "claim_missing": "A claim that the contract requires is missing.",
    "claim_unknown": "The contract has no such claim.",
    "expiration_not_allowed": "The contract does not let requests set the end of the credential.",
    "expiration_out_of_range": "The end of the credential is past, or too far away.",
}


def manifest_of(contract: Contract) -> str:
    """The address by which programs name ``contract``."""
    return (
        f"{settings.PORTAL_BASE_URL}/v1.0/tenants/{settings.TENANT_ID}/verifiableCredentials/contracts/{contract.pk}"
        "/manifest"
    )


@transaction.atomic
def create(*, app_id: uuid.UUID, payload: Mapping[str, Any], at: datetime) -> tuple[ServiceRequest, str]:
    """Offer what ``payload`` (a validated shapes.IssuancePayload) says; the request and the link for wallets.
    Raises RequestInvalid, RateLimited."""
    count(app_id)
    contract = _contract(payload["manifest"])
    key, callback, pin = uuid.uuid4(), payload["callback"], payload.get("pin")
    try:
        made = issuer.offer(
            contract=contract,
            claims=payload.get("claims", {}),
            pin=issuer.Pin(pin["value"], pin["length"], pin.get("salt")) if pin else None,
            expires_at=payload.get("expirationDate"),
            correlation_id=str(key),
            at=at,
        )
    except OfferRefused as refused:
        target = _TARGETS[refused.code]
        target = f"{target}.{refused.reason}" if target == "claims" else target
        raise RequestInvalid(target, _SENTENCES[refused.code]) from refused
    row = ServiceRequest.objects.create(
        id=key,
        kind=ServiceRequest.Kind.ISSUANCE,
        app_id=app_id,
        offer=made.offer,
        client_name=payload["registration"]["clientName"],
        callback_url=callback["url"],
        callback_state=callback["state"],
        headers_sealed=ServiceRequest.sealed(callback.get("headers", {})),
        created_at=at,
        expires_at=made.offer.expires_at,
    )
    return row, made.link


def fetched(*, offer: Offer, at: datetime) -> None:
    """A wallet has the offer. Told once, however often it asks."""
    if row := _running(offer, Status.WAITING):
        advance(row, Event.FETCHED, at=at)


def handed_over(*, offer: Offer, at: datetime) -> None:
    """The wallet has the credential, and a moment to say that it does not keep it."""
    if row := _running(offer, Status.WAITING, Status.RETRIEVED):
        advance(row, Event.HANDED_OVER, at=at, expires_at=at + REPORT_TIME)


def reported(*, offer: Offer, is_kept: bool, at: datetime) -> None:
    """The wallet said what became of the credential; only the first word counts."""
    if row := _running(offer, Status.HANDED_OVER):
        if is_kept:
            advance(row, Event.KEPT, at=at)
        else:
            ended(offer=offer, reason="wallet_did_not_keep_it", at=at)


def ended(*, offer: Offer, reason: str, at: datetime) -> None:
    """Nothing comes of it."""
    if row := _running(offer, *Status):
        advance(row, Event.SOMETHING_FAILED, at=at, error_code="IssuanceFlowFailed", reason_code=reason)


def _running(offer: Offer, *states: Status) -> ServiceRequest | None:
    return ServiceRequest.objects.filter(offer=offer, ended_at__isnull=True, status__in=states).first()


def _contract(manifest: str) -> Contract:
    prefix, _, rest = manifest.rpartition("/contracts/")
    key, _, end = rest.partition("/")
    contract = issuer.find_contract(contract_id=key) if end == "manifest" else None
    if contract is None or manifest_of(contract) != f"{prefix}/contracts/{key}/manifest":
        raise RequestInvalid("manifest", "There is no contract at this address.")
    return contract
