"""Asking a wallet for the credential, and collecting what it presented."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.db import IntegrityError, transaction

from idv.credentials import keys as credential_keys
from idv.protocol import presentation
from recovery_portal.kit import redirects, tokens
from recovery_portal.kit.machine import IllegalTransition

from .. import addresses, claims, keys, policy
from ..claims import CollectedPresentation
from ..errors import NotCollectable
from ..machine import RequestEvent, RequestStatus
from ..models import IdentityProvider, PresentationRequest
from ..own import OwnCredential

CredentialFormat = Literal["dc+sd-jwt", "jwt_vc_json", "any"]


@dataclass(frozen=True, kw_only=True)
class RequestWire:
    """How one request goes over the wire; what stands here is HAIP 1.0's choice, and every wallet's first."""

    prefix: presentation.Prefix = "x509_hash"
    response_mode: presentation.ResponseMode = "direct_post.jwt"
    request_uri_method: presentation.UriMethod = "get"
    demands_transaction_data: bool = False
    credential_format: CredentialFormat = "dc+sd-jwt"

    def __post_init__(self) -> None:
        if self.demands_transaction_data and self.credential_format != "dc+sd-jwt":
            raise ValueError("only a key binding carries the hashes of transaction data")


HAIP_WIRE = RequestWire()


def request_presentation(
    *,
    provider: IdentityProvider | None,
    proofing_reference: str | None,
    purpose: str,
    account_hint: str,
    same_device: bool,
    at: datetime,
    correlation_id: str = "",
    return_path: str = "",
    asked_from: str = "",
    further_claims: Sequence[str] = (),
    wire: RequestWire = HAIP_WIRE,
    own: OwnCredential | None = None,
    allows_revoked: bool = False,
    wants_receipt: bool = False,
) -> PresentationRequest:
    """Make one OpenID4VP request; whatever still waits under the same ``correlation_id`` is superseded.

    ``proofing_reference``, when given, must come back in the credential: an older one, or one from another proofing, is
    refused. ``purpose``, ``account_hint`` (masked) and ``asked_from`` (the browser that asks) stand on the wallet's
    consent page. ``further_claims`` are asked for beyond what every recovery needs; a credential without one of them
    does not answer. ``return_path`` is the local path that a same-device wallet opens with ``response_code``. ``wire``
    chooses among what the protocol allows. Without ``provider`` a credential of the organisation's own is asked for.
    ``allows_revoked``: a revoked one answers, too. ``wants_receipt``: the presentation is kept as long as its claims.
    Raises NotProvisioned.
    """
    if (provider is None) == (own is None):
        raise ValueError("either a provider's credential or one of our own")
    if same_device != bool(return_path) or (return_path and redirects.local_path(return_path, "") != return_path):
        raise ValueError("a same-device request, and no other, has a local return_path")
    if unknown := set(further_claims) - set(claims.FURTHER):
        raise ValueError(f"nobody may ask for {min(unknown)}")
    signing_row = keys.active_row(at=at)
    client_id = presentation.client_id_of(
        keys.signing_key(signing_row), prefix=wire.prefix, host=keys.host(), identifier=keys.identifier()
    )
    reference = tokens.new_token()
    request_uri = addresses.of_request(reference)
    encryption_key = credential_keys.generate_encryption()
    request = PresentationRequest(
        provider=provider,
        own_vct=own.vct if own else "",
        own_claims=list(own.claims) if own else [],
        own_required=list(own.required) if own else [],
        own_portrait=own.portrait if own else "",
        allows_revoked=allows_revoked,
        wants_receipt=wants_receipt,
        signing_key=signing_row,
        correlation_id=correlation_id,
        proofing_reference=proofing_reference or "",
        purpose=f"{purpose}: {account_hint}"[:200] if account_hint else purpose[:200],
        account_hint=account_hint,
        same_device=same_device,
        return_path=return_path,
        asked_from=asked_from[:64],
        further_claims=sorted(set(further_claims)),
        response_mode=wire.response_mode,
        demands_transaction_data=wire.demands_transaction_data,
        credential_format=wire.credential_format,
        reference_digest=tokens.digest(reference),
        client_id=client_id,
        authorization_request_uri=presentation.request_link(
            client_id=client_id, request_uri=request_uri, method=wire.request_uri_method
        ),
        # By POST the wallet can say what it understands, and gets transaction data when it does.
        wallet_link=presentation.request_link(
            client_id=client_id, request_uri=request_uri, method="post", base=f"{settings.WALLET_URL}/present"
        ),
        seal_key=os.urandom(32),
        encryption_key_digest=tokens.digest(encryption_key.kid),
        created_at=at,
        expires_at=at + policy.PRESENTATION_LIFETIME,
    )
    secrets = {
        "nonce": tokens.new_token(),
        "state": tokens.new_token(),
        "encryption_kid": encryption_key.kid,
        "encryption_pem": encryption_key.private_pem(),
    }
    request.secrets_sealed = request.seal(json.dumps(secrets).encode(), purpose="secrets")
    for tries_left in reversed(range(5)):
        try:
            with transaction.atomic():
                if correlation_id:
                    _supersede(correlation_id, at)
                request.save(force_insert=True)
            break
        except IntegrityError:  # another tab asked this moment; the newer of the two supersedes it
            if not tries_left:
                raise
    return request


def collect(*, request: PresentationRequest, response_code: str | None, at: datetime) -> CollectedPresentation:
    """What was presented, once. ``response_code`` is required for a same-device request and burned by comparing it.

    The caller has checked that this is the session that asked (OpenID4VP 1.0 14.2). Raises NotCollectable
    (not_answered, too_late, wrong_response_code, already_collected).
    """
    request.refresh_from_db()
    if request.status == RequestStatus.COLLECTED:
        raise NotCollectable("already_collected", str(request.pk))
    if request.status != RequestStatus.ANSWERED or request.answered_at is None:
        raise NotCollectable("not_answered", request.status)
    if at >= request.answered_at + policy.COLLECTION_LIFETIME:
        raise NotCollectable("too_late", str(request.pk))
    if request.same_device:
        _burn_response_code(request, response_code or "")
    try:
        request.apply(RequestEvent.COLLECTED, at=at, collected_at=at)
    except IllegalTransition as lost:
        raise NotCollectable("already_collected", lost.reason) from lost
    return claims.read(request)


def read_claims(*, request: PresentationRequest, at: datetime) -> CollectedPresentation:
    """The claims again, between ``collect`` and ``forget``: the match comes after the Face Check.

    Raises NotCollectable (not_collected, forgotten).
    """
    request.refresh_from_db()
    if request.status != RequestStatus.COLLECTED or request.collected_at is None:
        raise NotCollectable("not_collected", request.status)
    if at >= request.collected_at + policy.CLAIMS_LIFETIME:
        raise NotCollectable("forgotten", str(request.pk))
    return claims.read(request)


def open_secrets(request: PresentationRequest) -> dict[str, str]:
    """The nonce, state and decryption key of an open request. Raises VaultError once it is over."""
    opened: dict[str, str] = json.loads(request.open(request.secrets_sealed, purpose="secrets"))
    return opened


def _burn_response_code(request: PresentationRequest, response_code: str) -> None:
    """A wrong code burns nothing: whoever guesses must not lock out the person who holds the right one."""
    burned = PresentationRequest.objects.filter(
        pk=request.pk, status=RequestStatus.ANSWERED, response_code_digest=tokens.digest(response_code)
    ).update(response_code_digest=None)
    if not burned:
        raise NotCollectable("wrong_response_code", str(request.pk))


def _supersede(correlation_id: str, at: datetime) -> None:
    waiting = PresentationRequest.objects.filter(
        correlation_id=correlation_id, status__in=[RequestStatus.OPEN, RequestStatus.ANSWERED]
    )
    for older in waiting:
        try:
            older.apply(RequestEvent.SUPERSEDED, at=at, reason_code="superseded")
        except IllegalTransition:  # it moved this moment; if it still waits, once more
            older.refresh_from_db()
            if older.status == RequestStatus.ANSWERED:
                older.apply(RequestEvent.SUPERSEDED, at=at, reason_code="superseded")
