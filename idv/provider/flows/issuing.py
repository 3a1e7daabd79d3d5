"""From an offer to a credential (OpenID4VCI 1.0), and the offer's secrets."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from idv.credentials import sd_jwt
from idv.protocol import issuance as wire
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import digest, new_token, same

from .. import credential, keyring, policy
from ..errors import InvalidToken, ProofingMoved, ProofingOver, ProtocolRefused
from ..machine import Event, State
from ..models import AccessToken, CredentialOffer, IssuanceNonce, IssuedCredential, ProofingSession, ProviderKey
from . import status


@dataclass(frozen=True)
class OfferSecrets:
    """What the page shows: where the wallet fetches the offer, and the code that travels beside it."""

    offer_uri: str
    tx_code: str
    expires_at: datetime


@dataclass(frozen=True)
class Granted:
    access_token: str
    expires_in_s: int


@dataclass(frozen=True)
class Issued:
    credentials: tuple[str, ...]
    notification_id: str


def offer_credential(*, proofing: ProofingSession, at: datetime) -> None:
    """The person wants the credential: make the first offer."""
    with transaction.atomic():
        proofing.apply(Event.OFFER_MADE, at=at)
        _make_offer(proofing=proofing, claims=None, at=at)


def current_offer(*, proofing: ProofingSession, at: datetime) -> OfferSecrets:
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
            offer = _make_offer(proofing=proofing, claims=None, at=at)
    return reveal(offer)


def offer_for_test(*, subject: credential.Subject, at: datetime) -> OfferSecrets:
    """An offer with no proofing behind it, for testers' wallets; only in an emulation."""
    if not settings.EMULATION:
        raise ProofingOver("test offers exist only in an emulation")
    claims = credential.claims_of(subject, reference=new_token(), verified_at=at)
    return reveal(_make_offer(proofing=None, claims=claims, at=at))


def reveal(offer: CredentialOffer) -> OfferSecrets:
    members = offer.open(offer.secrets_sealed or b"", purpose="secrets")
    return OfferSecrets(
        offer_uri=f"{settings.PROVIDER_BASE_URL}/offers/{members['reference']}",
        tx_code=members["tx_code"],
        expires_at=offer.expires_at,
    )


def read_offer(reference: str, *, at: datetime) -> dict[str, object]:
    """The offer behind its address, as JSON members. Raises ProtocolRefused(404) once it is used or over."""
    offer = _open_offers(at).filter(reference_digest=digest(reference)).first()
    if offer is None or offer.secrets_sealed is None:
        raise ProtocolRefused("not_found", "no such offer, or not any more", status=404)
    members = offer.open(offer.secrets_sealed, purpose="secrets")
    return wire.offer_members(
        wire.CredentialOffer(
            credential_issuer=settings.PROVIDER_BASE_URL,
            credential_configuration_ids=(credential.CONFIGURATION_ID,),
            pre_authorized_code=members["code"],
            tx_code=wire.TxCode(
                length=policy.TX_CODE_DIGITS,
                description=f"The {policy.TX_CODE_DIGITS} digits on the page of {settings.PROVIDER_NAME}",
            ),
        )
    )


def grant_token(form: Mapping[str, str], *, at: datetime) -> Granted:
    """Exchange a pre-authorized code and its transaction code for an access token. Raises ProtocolRefused.

    A wrong transaction code costs one of five tries, counted before it is compared; the fifth locks the offer.
    """
    code, tx_code = form.get("pre-authorized_code", ""), form.get("tx_code", "")
    if not code or not tx_code:
        raise ProtocolRefused("invalid_request", "pre-authorized_code and tx_code are required")
    offer = _open_offers(at).filter(code_digest=digest(code)).first()
    if offer is None or offer.secrets_sealed is None:
        raise ProtocolRefused("invalid_grant", "unknown, used, locked or expired code")
    # Own columns only: with a join Django would ask a subquery, and two requests could both pass it.
    mine = CredentialOffer.objects.filter(
        pk=offer.pk, redeemed_at__isnull=True, superseded_at__isnull=True, locked_at__isnull=True
    )
    # Taken in advance and given back on success: two guesses at once are two tries.
    if not mine.filter(wrong_tx_codes__lt=policy.WRONG_TX_CODES_MAX).update(wrong_tx_codes=F("wrong_tx_codes") + 1):
        raise ProtocolRefused("invalid_grant", "used or locked a moment ago")
    if not same(tx_code, offer.open(offer.secrets_sealed, purpose="secrets")["tx_code"]):
        mine.filter(wrong_tx_codes__gte=policy.WRONG_TX_CODES_MAX).update(locked_at=at)
        raise ProtocolRefused("invalid_grant", "wrong tx_code")
    token = new_token(32)
    with transaction.atomic():
        if not mine.update(redeemed_at=at, wrong_tx_codes=F("wrong_tx_codes") - 1):
            raise ProtocolRefused("invalid_grant", "redeemed a moment ago")
        AccessToken.objects.create(
            offer=offer, token_digest=digest(token), expires_at=at + policy.ACCESS_TOKEN_LIFETIME
        )
    return Granted(token, int(policy.ACCESS_TOKEN_LIFETIME.total_seconds()))


def new_nonce(*, at: datetime) -> str:
    """A fresh ``c_nonce``."""
    nonce = new_token()
    IssuanceNonce.objects.create(nonce_digest=digest(nonce), expires_at=at + policy.NONCE_LIFETIME)
    return nonce


def require_token(token: str, *, at: datetime) -> AccessToken:
    """Raises InvalidToken."""
    record = (
        AccessToken.objects.select_related("offer__proofing")
        .filter(token_digest=digest(token), expires_at__gt=at)
        .first()
    )
    if record is None:
        raise InvalidToken("unknown or expired access token")
    return record


def issue_credential(*, token: str, body: bytes, at: datetime) -> Issued:
    """Answer a credential request: every proof is good, or nothing is issued. Raises ProtocolRefused."""
    granted = require_token(token, at=at)
    try:
        request = wire.parse_credential_request(body, max_proofs=policy.BATCH_SIZE)
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal
    if request.credential_identifier is not None:
        raise ProtocolRefused("unknown_credential_identifier", "this token names no identifiers")
    if request.credential_configuration_id != credential.CONFIGURATION_ID:
        raise ProtocolRefused("unknown_credential_configuration", "not one of ours")
    try:
        proofs = wire.open_proofs(request.proofs, audience=settings.PROVIDER_BASE_URL, at=at)
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal
    # Burned even if what follows is refused: a nonce is looked at once (OpenID4VCI 1.0 section 13.8).
    burned, _ = IssuanceNonce.objects.filter(nonce_digest=digest(proofs[0].nonce), expires_at__gt=at).delete()
    if not burned:
        raise ProtocolRefused("invalid_nonce", "stale, unknown or used c_nonce")
    return _issue(granted.offer, [proof.holder_jwk for proof in proofs], at)


def note(*, token: str, notification_id: str, event: str, at: datetime) -> None:
    """Remember what the wallet says became of the credential; saying it twice is harmless. Raises ProtocolRefused."""
    granted = require_token(token, at=at)
    if not IssuedCredential.objects.filter(notification_digest=digest(notification_id), offer=granted.offer).update(
        notification_event=event
    ):
        raise ProtocolRefused("invalid_notification_id", "not a notification_id of this token")


def _open_offers(at: datetime) -> QuerySet[CredentialOffer]:
    """Offers that may still be redeemed; those of a proofing only while it waits for exactly that (I11)."""
    alive = Q(proofing__isnull=True) | Q(proofing__state=State.OFFERED, proofing__expires_at__gt=at)
    return CredentialOffer.objects.filter(
        alive, expires_at__gt=at, redeemed_at__isnull=True, superseded_at__isnull=True, locked_at__isnull=True
    )


def _make_offer(*, proofing: ProofingSession | None, claims: dict[str, str] | None, at: datetime) -> CredentialOffer:
    members = {
        "reference": new_token(),
        "code": new_token(32),
        "tx_code": f"{secrets.randbelow(10**policy.TX_CODE_DIGITS):0{policy.TX_CODE_DIGITS}d}",
    }
    offer = CredentialOffer(
        proofing=proofing,
        reference_digest=digest(members["reference"]),
        code_digest=digest(members["code"]),
        made_at=at,
        expires_at=at + policy.OFFER_LIFETIME,
    )
    offer.secrets_sealed = offer.seal(members, purpose="secrets")
    offer.claims_sealed = offer.seal(claims, purpose="claims") if claims is not None else None
    offer.save(force_insert=True)
    return offer


def _issue(offer: CredentialOffer, holder_jwks: list[Mapping[str, str]], at: datetime) -> Issued:
    notification_id = new_token()
    with transaction.atomic():
        # One answer per offer: two requests at once cannot both pass this line.
        if not CredentialOffer.objects.filter(pk=offer.pk, issued_at__isnull=True).update(issued_at=at):
            raise ProtocolRefused("credential_request_denied", "this offer's credential has been issued")
        claims, reference = _claims_for(offer, at)
        compacts = tuple(_sign(offer, claims, reference, jwk, notification_id, at) for jwk in holder_jwks)
        if offer.proofing is not None:
            _finish(offer.proofing, at)
        CredentialOffer.objects.filter(pk=offer.pk).update(secrets_sealed=None, claims_sealed=None)
    return Issued(compacts, notification_id)


def _finish(proofing: ProofingSession, at: datetime) -> None:
    try:
        proofing.apply(Event.CREDENTIAL_ISSUED, at=at)
    except DomainError as refusal:  # cancelled or expired between the two steps: nothing is issued
        raise ProtocolRefused("credential_request_denied", refusal.reason) from refusal


def _claims_for(offer: CredentialOffer, at: datetime) -> tuple[dict[str, str], str]:
    """What the document said, never what was typed (I14). Raises ProtocolRefused once the proofing is over (I11)."""
    proofing = offer.proofing
    if proofing is None:
        claims: dict[str, str] = offer.open(offer.claims_sealed or b"", purpose="claims")
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
    return sd_jwt.issue(
        vct=credential.vct_of(settings.PROVIDER_BASE_URL),
        issuer=settings.PROVIDER_BASE_URL,
        claims=claims,
        disclosable=list(claims),
        holder_jwk=holder_jwk,
        issued_at=issued_at,
        expires_at=expires_at,
        status=sd_jwt.StatusReference(idx=record.status_index, uri=status.uri_of(record.status_list_id)),
        key=keyring.signing_key(ProviderKey.Use.CREDENTIAL, at=at),
    )
