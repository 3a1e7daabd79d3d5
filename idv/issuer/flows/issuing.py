"""From a pre-authorized code to a credential (OpenID4VCI 1.0 sections 6 to 8 and 11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from idv.credentials import jwt_vc, sd_jwt
from idv.protocol import did
from idv.protocol import issuance as wire
from idv.protocol.refusals import InvalidToken, ProtocolRefused
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import digest, new_token

from .. import keyring, policy, signals
from ..models import AccessToken, Contract, IssuanceNonce, IssuedCredential, Offer
from . import status
from .offering import is_pin, open_offers, unredeemed


@dataclass(frozen=True)
class Issued:
    credential: str
    notification_id: str


def grant(form: Mapping[str, str], *, at: datetime) -> tuple[str, int]:
    """An access token and its lifetime in seconds, for a code and its PIN. Raises ProtocolRefused.

    A wrong PIN costs one of five tries, counted before it is compared; the fifth ends the offer.
    """
    code, typed = form.get("pre-authorized_code", ""), form.get("tx_code")
    if not code:
        raise ProtocolRefused("invalid_request", "pre-authorized_code is required")
    offer = open_offers(at).filter(code_digest=digest(code)).first()
    if offer is None or offer.secrets_sealed is None:
        raise ProtocolRefused("invalid_grant", "unknown, used, locked or expired code")
    if bool(typed) != bool(offer.pin_digits):
        raise ProtocolRefused("invalid_request", "tx_code is missing, or none was expected")
    mine = unredeemed().filter(pk=offer.pk)
    # Taken in advance and given back on success: two guesses at once are two tries.
    if not mine.filter(wrong_pins__lt=policy.WRONG_PINS_MAX).update(wrong_pins=F("wrong_pins") + 1):
        raise ProtocolRefused("invalid_grant", "used or locked a moment ago")
    if typed and not is_pin(offer, typed):
        _lock_when_tries_are_used_up(offer, at)
        raise ProtocolRefused("invalid_grant", "wrong tx_code")
    token = new_token(32)
    with transaction.atomic():
        if not mine.update(redeemed_at=at, wrong_pins=F("wrong_pins") - 1):
            raise ProtocolRefused("invalid_grant", "redeemed a moment ago")
        AccessToken.objects.create(
            offer=offer, token_digest=digest(token), expires_at=at + policy.ACCESS_TOKEN_LIFETIME
        )
    return token, int(policy.ACCESS_TOKEN_LIFETIME.total_seconds())


def new_nonce(*, at: datetime) -> str:
    """A fresh ``c_nonce``."""
    nonce = new_token()
    IssuanceNonce.objects.create(nonce_digest=digest(nonce), expires_at=at + policy.NONCE_LIFETIME)
    return nonce


def require_token(authorization: str, *, at: datetime) -> AccessToken:
    """The token of an ``Authorization`` header. Raises InvalidToken."""
    scheme, _, token = authorization.partition(" ")
    record = None
    if scheme.lower() == "bearer" and token.strip():
        record = (
            AccessToken.objects.select_related("offer__contract")
            .filter(token_digest=digest(token.strip()), expires_at__gt=at)
            .first()
        )
    if record is None:
        raise InvalidToken("unknown or expired access token")
    return record


def issue(*, granted: AccessToken, body: bytes, at: datetime) -> Issued:
    """Answer a credential request: the proof is good, or nothing is issued. Raises ProtocolRefused."""
    offer = granted.offer
    try:
        wanted = wire.parse_credential_request(body, max_proofs=1)
        if wanted.credential_configuration_id != offer.contract.type_name:
            raise ProtocolRefused("unknown_credential_configuration", "not what this token is for")
        if wanted.response_encryption is not None:
            raise ProtocolRefused("invalid_encryption_parameters", "answers are not encrypted here")
        [proof] = wire.open_proofs(wanted.proofs, audience=settings.PORTAL_BASE_URL, at=at)
    except ProtocolRefused:
        raise
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal
    # Burned even if what follows is refused: a nonce is looked at once (OpenID4VCI 1.0 section 13.8).
    burned, _ = IssuanceNonce.objects.filter(nonce_digest=digest(proof.nonce), expires_at__gt=at).delete()
    if not burned:
        raise ProtocolRefused("invalid_nonce", "stale, unknown or used c_nonce")
    notification_id = new_token()
    with transaction.atomic():
        # One credential per offer, and what it says is erased by the statement that two requests race for.
        mine = Offer.objects.filter(pk=offer.pk, issued_at__isnull=True, withdrawn_at__isnull=True)
        if not mine.update(issued_at=at, secrets_sealed=None, claims_sealed=None):
            raise ProtocolRefused("credential_request_denied", "this offer's credential has been issued, or is over")
        if offer.claims_sealed is None:
            raise ProtocolRefused("credential_request_denied", "the offer is over")
        claims = offer.open(offer.claims_sealed, purpose="claims")
        compact = _sign(offer, claims, proof.holder_jwk, notification_id, at)
        signals.credential_issued.send(sender=Offer, offer=offer, at=at)
    return Issued(compact, notification_id)


def note(*, granted: AccessToken, notification_id: str, event: str, at: datetime) -> None:
    """What the wallet says became of the credential; saying it twice is harmless. Raises ProtocolRefused."""
    is_mine = IssuedCredential.objects.filter(notification_digest=digest(notification_id), offer=granted.offer).exists()
    if not is_mine:
        raise ProtocolRefused("invalid_notification_id", "not a notification_id of this token")
    with transaction.atomic():
        signals.wallet_reported.send(sender=Offer, offer=granted.offer, is_kept=event == "credential_accepted", at=at)


def _lock_when_tries_are_used_up(offer: Offer, at: datetime) -> None:
    with transaction.atomic():
        used_up = unredeemed().filter(pk=offer.pk, wrong_pins__gte=policy.WRONG_PINS_MAX)
        if used_up.update(locked_at=at, secrets_sealed=None, claims_sealed=None):
            signals.offer_ended.send(sender=Offer, offer=offer, at=at, reason="pin_tries_used_up")


def _sign(
    offer: Offer, claims: Mapping[str, str], holder_jwk: Mapping[str, str], notification_id: str, at: datetime
) -> str:
    contract = offer.contract
    grain = policy.ISSUED_AT_GRAIN.total_seconds()
    issued_at = (at - timedelta(seconds=at.timestamp() % grain)).replace(microsecond=0)
    expires_at = offer.credential_expires_at or issued_at + timedelta(days=contract.validity_days)
    record = status.reserve(
        offer=offer, notification_digest=digest(notification_id), issued_at=issued_at, expires_at=expires_at
    )
    place = sd_jwt.StatusReference(idx=record.status_index, uri=status.uri_of(record.status_list))
    key = keyring.signing_key(at=at)
    if contract.format == Contract.Format.JWT_VC:
        return jwt_vc.issue(
            credential_type=contract.type_name,
            issuer_did=keyring.identifier(),
            holder_did=did.of_jwk(holder_jwk),
            claims=claims,
            issued_at=issued_at,
            expires_at=expires_at,
            status=place,
            key=key,
        )
    return sd_jwt.issue(
        vct=contract.vct,
        issuer=settings.PORTAL_BASE_URL,
        claims=claims,
        disclosable=list(claims),
        holder_jwk=holder_jwk,
        issued_at=issued_at,
        expires_at=expires_at,
        status=place,
        key=key,
    )
