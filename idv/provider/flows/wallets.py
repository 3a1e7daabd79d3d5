"""The authorization code flow for registered wallets (OpenID4VCI 1.0 section 5): pushed request, consent, code.

The person who consents is the one who was just proofed in this browser, or in an emulation the holder of a test offer.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from idv.protocol import authorization as code_flow
from idv.protocol import issuance_details
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import digest, new_token

from .. import credential, policy
from ..errors import ProofingMoved, ProofingOver, RequestRefused
from ..machine import BEING_DECIDED, State
from ..models import CredentialOffer, ProofingSession, WalletAttester, WalletAuthorization, WalletClient
from . import dpop, offers
from .authorization import REQUEST_URI_PREFIX, Pushed

READY = frozenset({State.VERIFIED, State.OFFERED, *BEING_DECIDED})


def register(
    *, client_id: str, name: str, redirect_uris: Sequence[str], attester: WalletAttester | None = None, at: datetime
) -> tuple[WalletClient, bool]:
    """Create or change the wallet with this ``client_id``; the second value says whether it is new."""
    changes = {"name": name, "redirect_uris": list(redirect_uris), "attester": attester, "enabled": True}
    return WalletClient.objects.update_or_create(
        client_id=client_id,
        defaults=changes,
        create_defaults={**changes, "created_at": at},
    )


def find_client(client_id: str) -> WalletClient | None:
    """The registered wallet of this name."""
    if "\0" in client_id:
        return None
    return WalletClient.objects.select_related("attester").filter(client_id=client_id, enabled=True).first()


def push(form: Mapping[str, str], *, client: WalletClient, proof: str, instance_jkt: str = "", at: datetime) -> Pushed:
    """Take a wallet's pushed request (RFC 9126). Raises ProtocolRefused with the standard's code."""
    if "request_uri" in form or "request" in form:
        raise ProtocolRefused("invalid_request", "wallets push plain parameters")
    if form.get("response_type") != "code":
        raise ProtocolRefused("unsupported_response_type", "response_type is code")
    if form.get("redirect_uri") not in client.redirect_uris:
        raise ProtocolRefused("invalid_request", "not a registered redirect_uri")
    challenge, state = form.get("code_challenge", ""), form.get("state", "")
    if form.get("code_challenge_method") != "S256" or len(challenge) != 43 or not challenge.isascii():
        raise ProtocolRefused("invalid_request", "PKCE by S256 is required")
    if not state.isascii() or not state.isprintable() or len(state) > 2048:
        raise ProtocolRefused("invalid_request", "state is printable ASCII")
    jkt = dpop.prove(proof, method="POST", path="/par", at=at) if proof else ""
    named = form.get("dpop_jkt", "")
    if len(named) > 43 or (jkt and named and named != jkt):
        raise ProtocolRefused("invalid_request", "dpop_jkt is not the proof's key")
    configuration_id = _wanted(form)
    reference = new_token()
    WalletAuthorization.objects.create(
        client=client,
        reference_digest=digest(reference),
        redirect_uri=form["redirect_uri"],
        client_state=state,
        code_challenge=challenge,
        dpop_jkt=jkt or named,
        instance_jkt=instance_jkt,
        configuration_id=configuration_id,
        wants_identifiers="authorization_details" in form,
        issuer_state_digest=digest(form["issuer_state"]) if form.get("issuer_state") else "",
        pushed_at=at,
        expires_at=at + policy.REQUEST_URI_LIFETIME,
    )
    return Pushed(REQUEST_URI_PREFIX + reference, int(policy.REQUEST_URI_LIFETIME.total_seconds()))


def open_request(*, client: WalletClient, request_uri: str, at: datetime) -> WalletAuthorization:
    """Use up a ``request_uri`` that a browser brought. Raises RequestRefused."""
    fingerprint = digest(request_uri.removeprefix(REQUEST_URI_PREFIX))
    mine = WalletAuthorization.objects.filter(reference_digest=fingerprint, client_id=client.pk)
    if not request_uri.startswith(REQUEST_URI_PREFIX) or not mine.filter(
        opened_at__isnull=True, expires_at__gt=at
    ).update(opened_at=at):
        raise RequestRefused("request_uri_refused", "unknown, used, expired or another wallet's")
    return mine.get()


def find_subject(
    *, asked: WalletAuthorization, proofings: Sequence[ProofingSession], at: datetime
) -> CredentialOffer | ProofingSession | None:
    """Whose credential it would be: of the proofings that this browser took part in, or a test offer's.

    An ``issuer_state`` narrows it to the offer that carried it.
    """
    if asked.issuer_state_digest:
        offer = offers.open_offers(at).filter(reference_digest=asked.issuer_state_digest).first()
        if offer is None or offer.configuration_id != asked.configuration_id:
            return None
        if offer.proofing is None:
            return offer
        return next((proofing for proofing in proofings if proofing.pk == offer.proofing_id), None)
    return next((proofing for proofing in proofings if State(proofing.state) in READY), None)


def consent(*, asked: WalletAuthorization, subject: CredentialOffer | ProofingSession, at: datetime) -> str:
    """The person agreed: the address that takes the browser back to the wallet, with a code. Raises RequestRefused."""
    code = new_token(32)
    try:
        with transaction.atomic():
            offer = subject if isinstance(subject, CredentialOffer) else _offer_of(subject, asked, at)
            answered = WalletAuthorization.objects.filter(
                pk=asked.pk, opened_at__isnull=False, answered_at__isnull=True
            ).update(answered_at=at, offer=offer, code_digest=digest(code), code_expires_at=at + policy.CODE_LIFETIME)
            if not answered:
                raise RequestRefused("request_answered", "answered before")
    except (ProofingMoved, ProofingOver) as refusal:
        raise RequestRefused(refusal.code, refusal.reason) from refusal
    return code_flow.authorization_answer_url(
        asked.redirect_uri, code=code, state=asked.client_state, issuer=settings.PROVIDER_BASE_URL
    )


def refuse(*, asked: WalletAuthorization, at: datetime) -> str:
    """The person declined, or nobody here was proofed: the address that tells the wallet ``access_denied``."""
    WalletAuthorization.objects.filter(pk=asked.pk, answered_at__isnull=True).update(answered_at=at)
    return code_flow.authorization_error_url(
        asked.redirect_uri, error="access_denied", state=asked.client_state, issuer=settings.PROVIDER_BASE_URL
    )


def _offer_of(proofing: ProofingSession, asked: WalletAuthorization, at: datetime) -> CredentialOffer:
    if State(proofing.state) is State.VERIFIED:
        offers.offer_credential(proofing=proofing, at=at)
    offer = offers.open_offer_of(proofing=proofing, at=at)
    if offer.configuration_id != asked.configuration_id:
        CredentialOffer.objects.filter(pk=offer.pk).update(configuration_id=asked.configuration_id)
    return offer


def _wanted(form: Mapping[str, str]) -> str:
    if "authorization_details" in form:
        try:
            wanted = issuance_details.parse(form["authorization_details"])
        except DomainError as refusal:
            raise ProtocolRefused("invalid_authorization_details", refusal.reason) from refusal
        if wanted not in credential.FORMATS:
            raise ProtocolRefused("invalid_authorization_details", "not one of our configurations")
        return wanted
    named = [credential.CONFIGURATION_BY_SCOPE.get(word) for word in form.get("scope", "").split()]
    found = [configuration_id for configuration_id in named if configuration_id]
    if len(found) != 1:
        raise ProtocolRefused("invalid_scope", "exactly one credential is asked for by its scope")
    return found[0]
