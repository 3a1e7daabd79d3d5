"""Access tokens: what they are given for, and who may use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from idv.protocol import authorization, issuance_details
from idv.protocol.refusals import InvalidToken, ProtocolRefused
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import digest, new_token, same

from .. import credential, policy
from ..errors import DpopRefused
from ..models import AccessToken, CredentialOffer, WalletAuthorization, WalletClient
from . import dpop
from .offers import open_offers, unredeemed


@dataclass(frozen=True)
class Granted:
    access_token: str
    token_type: str
    expires_in_s: int
    authorization_details: list[dict[str, Any]] = field(default_factory=list)


def grant_for_offer(form: Mapping[str, str], *, proof: str, attested_as: str = "", at: datetime) -> Granted:
    """Exchange a pre-authorized code and its transaction code for an access token. Raises ProtocolRefused.

    A wrong transaction code costs one of five tries, counted before it is compared; the fifth locks the offer.
    ``proof`` is the DPoP header's text, or empty; ``attested_as`` the client_id that an attestation proved, if any.
    """
    jkt = dpop.prove(proof, method="POST", path="/token", at=at) if proof else ""
    code, tx_code = form.get("pre-authorized_code", ""), form.get("tx_code")
    if not code:
        raise ProtocolRefused("invalid_request", "pre-authorized_code is required")
    offer = open_offers(at).filter(code_digest=digest(code)).first()
    if offer is None or offer.secrets_sealed is None:
        raise ProtocolRefused("invalid_grant", "unknown, used, locked or expired code")
    expected = offer.open(offer.secrets_sealed, purpose="secrets")["tx_code"]
    if bool(tx_code) != bool(expected):
        raise ProtocolRefused("invalid_request", "tx_code is missing, or none was expected")
    wants_identifiers = _wants_identifiers(form, offer.configuration_id)
    mine = unredeemed(offer)
    # Taken in advance and given back on success: two guesses at once are two tries.
    if not mine.filter(wrong_tx_codes__lt=policy.WRONG_TX_CODES_MAX).update(wrong_tx_codes=F("wrong_tx_codes") + 1):
        raise ProtocolRefused("invalid_grant", "used or locked a moment ago")
    if not same(tx_code or "", expected):
        mine.filter(wrong_tx_codes__gte=policy.WRONG_TX_CODES_MAX).update(locked_at=at)
        raise ProtocolRefused("invalid_grant", "wrong tx_code")
    # A client_id of an anonymous wallet proves nothing; it only has to agree with its own proofs.
    client_id = attested_as or form.get("client_id", "")[:255]
    with transaction.atomic():
        if not mine.update(redeemed_at=at, wrong_tx_codes=F("wrong_tx_codes") - 1):
            raise ProtocolRefused("invalid_grant", "redeemed a moment ago")
        return _grant(offer, client_id=client_id, jkt=jkt, wants_identifiers=wants_identifiers, at=at)


def grant_for_consent(
    form: Mapping[str, str], *, client: WalletClient, proof: str, instance_jkt: str = "", at: datetime
) -> Granted:
    """Exchange the code that a person's consent gave to a wallet. Raises ProtocolRefused.

    The code is burned before anything is checked; a second use takes back what the first one got (RFC 9700 4.5).
    """
    jkt = dpop.prove(proof, method="POST", path="/token", at=at) if proof else ""
    if not form.get("code") or not form.get("code_verifier"):
        raise ProtocolRefused("invalid_request", "code and code_verifier are required")
    fingerprint = digest(form["code"])
    burned = WalletAuthorization.objects.filter(
        code_digest=fingerprint, code_used_at__isnull=True, code_expires_at__gt=at
    ).update(code_used_at=at)
    if not burned:
        AccessToken.objects.filter(
            offer__authorizations__code_digest=fingerprint, offer__authorizations__code_used_at__isnull=False
        ).delete()
        raise ProtocolRefused("invalid_grant", "unknown, used or expired code")
    asked = WalletAuthorization.objects.select_related("offer").get(code_digest=fingerprint)
    if asked.client_id != client.pk or not same(form.get("redirect_uri", ""), asked.redirect_uri):
        raise ProtocolRefused("invalid_grant", "another wallet's code, or another redirect_uri")
    if asked.instance_jkt != instance_jkt:
        raise ProtocolRefused("invalid_grant", "another instance of the wallet asked")
    if asked.dpop_jkt and asked.dpop_jkt != jkt:
        raise DpopRefused("invalid_dpop_proof", "not the key that the request was bound to")
    try:
        authorization.require_code_verifier(form["code_verifier"], expected_challenge=asked.code_challenge)
    except DomainError as refusal:
        raise ProtocolRefused("invalid_grant", f"{refusal.code}: {refusal.reason}") from refusal
    offer = asked.offer
    if offer is None or not open_offers(at).filter(pk=offer.pk).exists():
        raise ProtocolRefused("invalid_grant", "what was consented to is over")
    with transaction.atomic():
        if not unredeemed(offer).update(redeemed_at=at):
            raise ProtocolRefused("invalid_grant", "redeemed a moment ago")
        return _grant(offer, client_id=client.client_id, jkt=jkt, wants_identifiers=asked.wants_identifiers, at=at)


def require_token(*, authorization: str, proof: str, method: str, path: str, at: datetime) -> AccessToken:
    """The token of an ``Authorization`` header, when whoever sends it may use it. Raises InvalidToken, DpopRefused."""
    scheme, _, token = authorization.partition(" ")
    scheme, token = scheme.lower(), token.strip()
    if scheme not in {"bearer", "dpop"} or not token:
        raise InvalidToken("no token in the Authorization header")
    record = (
        AccessToken.objects.select_related("offer__proofing")
        .filter(token_digest=digest(token), expires_at__gt=at)
        .first()
    )
    if record is None:
        raise InvalidToken("unknown or expired access token", scheme=scheme)
    if bool(record.dpop_jkt) != (scheme == "dpop"):
        # A bound token shown as a bearer token is a stolen one (RFC 9449 section 7.2).
        raise InvalidToken("the token is of the other kind", scheme=scheme)
    if record.dpop_jkt:
        if not proof:
            raise DpopRefused("invalid_dpop_proof", "no proof", status=401)
        try:
            jkt = dpop.prove(proof, method=method, path=path, at=at, access_token=token)
        except DpopRefused as refusal:
            raise DpopRefused(refusal.code, refusal.reason, status=401) from refusal
        if not same(jkt, record.dpop_jkt):
            raise DpopRefused("invalid_dpop_proof", "another key's proof", status=401)
    return record


def _grant(offer: CredentialOffer, *, client_id: str, jkt: str, wants_identifiers: bool, at: datetime) -> Granted:
    token = new_token(32)
    lifetime = policy.BOUND_TOKEN_LIFETIME if jkt else policy.ACCESS_TOKEN_LIFETIME
    identifiers = [credential.identifier_of(offer.configuration_id)] if wants_identifiers else []
    AccessToken.objects.create(
        offer=offer,
        token_digest=digest(token),
        dpop_jkt=jkt,
        client_id=client_id,
        identifiers=identifiers,
        expires_at=at + lifetime,
    )
    details = issuance_details.granted(offer.configuration_id, identifiers) if identifiers else []
    return Granted(token, "DPoP" if jkt else "Bearer", int(lifetime.total_seconds()), details)


def _wants_identifiers(form: Mapping[str, str], configuration_id: str) -> bool:
    if "authorization_details" not in form:
        return False
    try:
        wanted = issuance_details.parse(form["authorization_details"])
    except DomainError as refusal:
        raise ProtocolRefused("invalid_authorization_details", refusal.reason) from refusal
    if wanted != configuration_id:
        raise ProtocolRefused("invalid_authorization_details", "not what was offered")
    return True
