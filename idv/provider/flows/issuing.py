"""From a token to a credential (OpenID4VCI 1.0 sections 7 to 9 and 11): nonce, request, deferral, notification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from idv.credentials import jwt_vc, sd_jwt
from idv.protocol import did
from idv.protocol import issuance as wire
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import digest, new_token

from .. import credential, keyring, policy
from ..machine import UNDECIDED, Event, State
from ..models import (
    AccessToken,
    CredentialOffer,
    DeferredIssuance,
    IssuanceNonce,
    IssuedCredential,
    ProofingSession,
    ProviderKey,
)
from . import proving, status

_Jwks = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Issued:
    credentials: tuple[str, ...]
    notification_id: str


@dataclass(frozen=True)
class Deferred:
    """Not decided yet: ask again with ``transaction_id`` in so many seconds."""

    transaction_id: str
    interval_s: int


def new_nonce(*, at: datetime) -> str:
    """A fresh ``c_nonce``."""
    nonce = new_token()
    IssuanceNonce.objects.create(nonce_digest=digest(nonce), expires_at=at + policy.NONCE_LIFETIME)
    return nonce


def issue_credential(*, granted: AccessToken, request: wire.CredentialRequest, at: datetime) -> Issued | Deferred:
    """Answer a credential request: every proof is good, or nothing is issued. Raises ProtocolRefused."""
    offer = granted.offer
    _require_allowed(granted, request)
    try:
        holder_jwks, nonce = proving.holders_of(request, client_id=granted.client_id, at=at)
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal
    # Burned even if what follows is refused: a nonce is looked at once (OpenID4VCI 1.0 section 13.8).
    burned, _ = IssuanceNonce.objects.filter(nonce_digest=digest(nonce), expires_at__gt=at).delete()
    if not burned:
        raise ProtocolRefused("invalid_nonce", "stale, unknown or used c_nonce")
    if offer.is_denied and offer.ready_after_s is None:
        raise ProtocolRefused("credential_request_denied", "the issuer decided against it")
    with transaction.atomic():
        # One answer per offer: two requests at once cannot both pass this line.
        if not CredentialOffer.objects.filter(pk=offer.pk, issued_at__isnull=True).update(issued_at=at):
            raise ProtocolRefused("credential_request_denied", "this offer's credential has been issued")
        if offer.ready_after_s is not None or _is_undecided(offer, at):
            return _defer(offer, holder_jwks, timedelta(seconds=offer.ready_after_s or 0), at)
        return _deliver(offer, holder_jwks, at)


def collect_deferred(*, granted: AccessToken, transaction_id: str, at: datetime) -> Issued | Deferred:
    """The credential that was not ready before, once. Raises ProtocolRefused."""
    deferral = DeferredIssuance.objects.filter(
        transaction_digest=digest(transaction_id), offer=granted.offer, closed_at__isnull=True
    ).first()
    if deferral is None:
        raise ProtocolRefused("invalid_transaction_id", "not a transaction_id of this token, or used")
    if at < deferral.ready_at or _is_undecided(granted.offer, at):
        return Deferred(transaction_id, policy.DEFERRED_INTERVAL_S)
    if granted.offer.is_denied:
        DeferredIssuance.objects.filter(pk=deferral.pk).update(closed_at=at)
        raise ProtocolRefused("credential_request_denied", "the issuer decided against it")
    with transaction.atomic():
        if not DeferredIssuance.objects.filter(pk=deferral.pk, closed_at__isnull=True).update(closed_at=at):
            raise ProtocolRefused("invalid_transaction_id", "used a moment ago")
        return _deliver(granted.offer, deferral.holder_jwks, at)


def note(*, granted: AccessToken, notification_id: str, event: str, at: datetime) -> None:
    """Remember what the wallet says became of the credential; saying it twice is harmless. Raises ProtocolRefused."""
    if not IssuedCredential.objects.filter(notification_digest=digest(notification_id), offer=granted.offer).update(
        notification_event=event
    ):
        raise ProtocolRefused("invalid_notification_id", "not a notification_id of this token")


def _require_allowed(granted: AccessToken, request: wire.CredentialRequest) -> None:
    identifiers: list[str] = granted.identifiers
    if request.credential_identifier is not None:
        if request.credential_identifier not in identifiers:
            raise ProtocolRefused("unknown_credential_identifier", "this token does not name it")
        return
    if request.credential_configuration_id not in credential.FORMATS:
        raise ProtocolRefused("unknown_credential_configuration", "not one of ours")
    if identifiers:  # section 8.2: who was given identifiers asks by them
        raise ProtocolRefused("invalid_credential_request", "ask by credential_identifier")
    if request.credential_configuration_id != granted.offer.configuration_id:
        raise ProtocolRefused("unknown_credential_configuration", "not what this token is for")


def _defer(offer: CredentialOffer, holder_jwks: _Jwks, wait: timedelta, at: datetime) -> Deferred:
    transaction_id = new_token(32)
    DeferredIssuance.objects.create(
        offer=offer,
        transaction_digest=digest(transaction_id),
        holder_jwks=[dict(jwk) for jwk in holder_jwks],
        ready_at=at + wait,
    )
    return Deferred(transaction_id, policy.DEFERRED_INTERVAL_S)


def _is_undecided(offer: CredentialOffer, at: datetime) -> bool:
    """Whether somebody, or a task, is still looking at the photos (section 9)."""
    proofing = offer.proofing
    return proofing is not None and State(proofing.state) in UNDECIDED and at < proofing.expires_at


def _deliver(offer: CredentialOffer, holder_jwks: _Jwks, at: datetime) -> Issued:
    notification_id = new_token()
    if offer.proofing is not None and State(offer.proofing.state) is State.VERIFIED:
        _apply(offer.proofing, Event.OFFER_MADE, at)  # decided since the person consented
    claims, reference = _claims_for(offer, at)
    compacts = tuple(_sign(offer, claims, reference, jwk, notification_id, at) for jwk in holder_jwks)
    if offer.proofing is not None:
        _apply(offer.proofing, Event.CREDENTIAL_ISSUED, at)
    CredentialOffer.objects.filter(pk=offer.pk).update(secrets_sealed=None, claims_sealed=None)
    return Issued(compacts, notification_id)


def _apply(proofing: ProofingSession, event: Event, at: datetime) -> None:
    try:
        proofing.apply(event, at=at)
    except DomainError as refusal:  # cancelled or expired between the two steps: nothing is issued
        raise ProtocolRefused("credential_request_denied", refusal.reason) from refusal


def _claims_for(offer: CredentialOffer, at: datetime) -> tuple[dict[str, str], str]:
    """What the document said, never what was typed (I14). Raises ProtocolRefused once the proofing is over (I11)."""
    proofing = offer.proofing
    if proofing is None:
        if offer.claims_sealed is None:
            raise ProtocolRefused("credential_request_denied", "the offer is over")
        claims: dict[str, str] = offer.open(offer.claims_sealed, purpose="claims")
        return claims, claims["proofingReference"]
    portrait = proofing.portrait()
    if State(proofing.state) is not State.OFFERED or at >= proofing.expires_at or portrait is None:
        raise ProtocolRefused("credential_request_denied", "the proofing is over")
    subject = credential.Subject(document_kind=proofing.document_kind, portrait=portrait, **proofing.document())
    verified_at = proofing.decisions.latest("decided_at").decided_at
    return credential.claims_of(subject, reference=proofing.reference, verified_at=verified_at), proofing.reference


def _sign(
    offer: CredentialOffer,
    claims: dict[str, str],
    reference: str,
    holder_jwk: Mapping[str, str],
    notification_id: str,
    at: datetime,
) -> str:
    issued_at, expires_at = credential.validity(claims, at=at)
    record = status.reserve(
        offer=offer,
        proofing_reference=reference,
        notification_digest=digest(notification_id),
        issued_at=at,
        expires_at=expires_at,
    )
    place = sd_jwt.StatusReference(idx=record.status_index, uri=status.uri_of(record.status_list_id))
    key = keyring.signing_key(ProviderKey.Use.CREDENTIAL, at=at)
    if credential.FORMATS[offer.configuration_id] == credential.JWT_VC:
        return jwt_vc.issue(
            credential_type=credential.TYPE_NAME,
            issuer_did=keyring.identifier(),
            holder_did=did.of_jwk(holder_jwk),
            claims=claims,
            issued_at=issued_at,
            expires_at=expires_at,
            status=place,
            key=key,
        )
    return sd_jwt.issue(
        vct=credential.vct_of(settings.PROVIDER_BASE_URL),
        issuer=settings.PROVIDER_BASE_URL,
        claims=claims,
        disclosable=list(claims),
        holder_jwk=holder_jwk,
        issued_at=issued_at,
        expires_at=expires_at,
        status=place,
        key=key,
    )
