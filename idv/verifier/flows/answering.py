"""The wallet's side of a presentation request: fetch the signed request, post the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from idv.credentials import keys as credential_keys
from idv.credentials.sd_jwt import StatusReference
from idv.credentials.status_list import VALID, StatusSource
from idv.credentials.verify import VerifiedPresentation
from idv.protocol import dcql, presentation, transaction_data
from recovery_portal.kit import tokens
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.machine import IllegalTransition

from .. import addresses, claims, formats, keys, signals, trust
from ..errors import PresentationRefused, RequestUnknown
from ..machine import RequestEvent, RequestStatus
from ..models import PresentationRequest
from ..own import OwnCredential
from .presenting import open_secrets

# The person can try again in a moment: the refusal says nothing about the credential.
_PASSING = frozenset(
    {"status_list_unreachable", "provider_unreachable", "provider_answered_wrong", "metadata_invalid", "keys_invalid"}
)


@dataclass(frozen=True)
class Answer:
    """What the wallet is told about a processed answer. ``redirect_uri`` is there on the same device only."""

    redirect_uri: str | None

    def as_json(self) -> dict[str, str]:
        return {} if self.redirect_uri is None else {"redirect_uri": self.redirect_uri}


def serve_request(*, reference: str, wallet_nonce: str | None, wallet_metadata: str | None = None, at: datetime) -> str:
    """The signed request object, as often as it is asked for while the request is open. Raises RequestUnknown.

    ``wallet_metadata`` is what a wallet posted about itself: JSON of a stranger, looked at for one member.
    """
    request = _waiting(reference, at)
    secrets = open_secrets(request)
    understood = bool(_signing(request)) and transaction_data.is_understood_by(wallet_metadata)
    shows_data = request.demands_transaction_data or understood
    signals.request_fetched.send(sender=PresentationRequest, request=request, at=at)
    return presentation.build_request(
        key=keys.signing_key(request.signing_key),
        client_id=request.client_id,
        response_uri=addresses.of_response(reference),
        nonce=secrets["nonce"],
        state=secrets["state"],
        dcql_query=query_for(request),
        encryption_key=encryption_key(request, secrets),
        at=at,
        expires_at=request.expires_at,
        wallet_nonce=wallet_nonce,
        purpose=request.purpose,
        transaction_data=[_transaction_data(request)] if shows_data else (),
    )


def query_for(request: PresentationRequest) -> dict[str, Any]:
    """What is asked for: the provider's credential, and of it only what a recovery needs.

    A request that follows a proofing must hear of that proofing; any other is content without its reference.
    """
    source = request.asked_of
    if isinstance(source, OwnCredential):
        [known] = formats.chosen(request.credential_format)
        required = [name for name in source.claims if name in {*source.required, source.portrait}]
        return known.query(source, asked=source.claims, required=required)
    asked = [*claims.REQUESTED, *request.further_claims]
    follows = bool(request.proofing_reference)
    required = asked if follows else [name for name in asked if name != claims.OPTIONAL]
    queries = [
        known.query(source, asked=asked, required=required) for known in formats.chosen(request.credential_format)
    ]
    return queries[0] if len(queries) == 1 else dcql.either(*queries)


def _signing(request: PresentationRequest) -> list[str]:
    """The queries of ``request`` whose answers can carry hashes of transaction data."""
    return [known.query_id for known in formats.chosen(request.credential_format) if known.signs_transaction_data]


def _transaction_data(request: PresentationRequest) -> str:
    return transaction_data.build(
        credential_ids=_signing(request),
        account=request.account_hint,
        purpose=request.purpose.removesuffix(f": {request.account_hint}"),
        asked_from=request.asked_from,
    )


def receive_answer(*, reference: str, form: Mapping[str, str], at: datetime) -> Answer:
    """Take a wallet's answer. Exactly one presentation wins; a refusal is recorded with its reason.

    Whatever does not carry this request's ``state`` is a hint from a stranger: it changes nothing. Raises
    RequestUnknown and PresentationRefused, for which the wallet gets one constant answer. Fetches the status list, so
    it is called outside a transaction.
    """
    request = _waiting(reference, at)
    secrets = open_secrets(request)
    try:
        # 1 opened with this request's own key, state compared
        response = presentation.open_response(
            form, key=encryption_key(request, secrets), expected_state=secrets["state"]
        )
    except presentation.PresentationMessageInvalid as invalid:
        _note(request, invalid)
        raise PresentationRefused(invalid.code, invalid.reason) from invalid
    return _take(request, response, nonce=secrets["nonce"], audience=request.client_id, at=at)


def _take(
    request: PresentationRequest, response: presentation.WalletResponse, *, nonce: str, audience: str, at: datetime
) -> Answer:
    """The opened answer, by whatever way it came: what a browser's own API would hand over differs in nothing but the
    ``audience`` that the holder signed."""
    if response.error is not None:
        return _end(request, RequestEvent.WALLET_DECLINED, at, reason_code=response.error)
    try:
        verified, status, presented = _verify(request, response.vp_token or {}, nonce=nonce, audience=audience, at=at)
        kept = _accepted(request, verified)
        kept |= claims.beside(holder_jwk=verified.holder_jwk)
        if request.wants_receipt:
            kept |= claims.receipt(presented=presented, state=response.state or "")
    except DomainError as refused:
        if refused.code in _PASSING:
            _note(request, refused)
        else:
            _refuse(request, refused, at)
        raise PresentationRefused(refused.code, refused.reason) from refused
    return _end(
        request,
        RequestEvent.PRESENTATION_VERIFIED,
        at,
        reason_code="",
        reason="",
        claims_sealed=claims.seal(request, kept),
        credential_issuer=verified.issuer,
        credential_vct=verified.vct,
        credential_issued_at=verified.issued_at,
        credential_expires_at=verified.expires_at,
        credential_status=status,
    )


def _accepted(request: PresentationRequest, verified: VerifiedPresentation) -> dict[str, str]:
    source = request.asked_of
    if isinstance(source, OwnCredential):
        return claims.accept_own(verified.claims, source)
    kept = claims.accept(verified.claims, further=request.further_claims)
    _require_this_proofing(request, kept)
    return kept


class _Noted:
    """A status source for who would rather know than refuse: what it says is noted and taken for valid."""

    def __init__(self, source: StatusSource) -> None:
        self._source = source
        self.state: int | None = None

    def status_of(self, reference: StatusReference, issuer: str, at: datetime) -> int:
        self.state = self._source.status_of(reference, issuer, at)
        return VALID


def _verify(
    request: PresentationRequest, vp_token: Mapping[str, Any], *, nonce: str, audience: str, at: datetime
) -> tuple[VerifiedPresentation, int | None, str]:
    """What was presented, its status, and the presentation as it came."""
    query = query_for(request)
    # 2 the answer has the query's shape: of several ways, one
    answers = dcql.require_response_shape(query, vp_token)
    if len(answers) != 1:
        raise dcql.DcqlInvalid("vp_token_too_many", "more than one way was answered")
    [(query_id, [presented])] = answers.items()
    # 3 the numbered list of its format, the status asked last
    answered = formats.of_answer(query_id)
    source = request.asked_of
    trusted = trust.trusted_issuers(source, at=at)
    status = trust.status_source(source, trusted)
    noted = _Noted(status) if request.allows_revoked else None
    expected = formats.Expected(
        provider=source,
        nonce=nonce,
        audience=audience,
        trusted=trusted,
        status=noted or status,
    )
    verified = answered.verify(presented, expected, at=at)
    # 4 every requested claim is there, whatever the wallet's own matching said
    dcql.require_claims(query, query_id, answered.as_asked(verified))
    # 5 the holder signed what the consent page showed: always when the request demanded it, else when it was shown
    if answered.signs_transaction_data:
        transaction_data.require_hashes(
            verified.key_binding, [_transaction_data(request)], required=request.demands_transaction_data
        )
    return verified, noted.state if noted else verified.status, presented


def _require_this_proofing(request: PresentationRequest, kept: Mapping[str, str]) -> None:
    """6 the credential comes from the proofing of this very recovery."""
    if request.proofing_reference and not tokens.same(kept["proofingReference"], request.proofing_reference):
        raise PresentationRefused("other_proofing", "the credential comes from another proofing")


def _waiting(reference: str, at: datetime) -> PresentationRequest:
    # Found by digest: how long the index takes says nothing about a guess (S13).
    request = (
        PresentationRequest.objects.select_related("provider", "signing_key")
        .filter(reference_digest=tokens.digest(reference), status=RequestStatus.OPEN, expires_at__gt=at)
        .first()
    )
    if request is None:
        raise RequestUnknown("request_unknown", "nothing waits under this address")
    return request


def _end(request: PresentationRequest, event: RequestEvent, at: datetime, **fields: Any) -> Answer:
    """7 the compare-and-set that one answer wins; the listeners hear of it in the same transaction."""
    response_code = tokens.new_token() if request.same_device else None
    digest = None if response_code is None else tokens.digest(response_code)
    try:
        with transaction.atomic():
            request.apply(event, at=at, answered_at=at, response_code_digest=digest, **fields)
            signals.presentation_answered.send(sender=PresentationRequest, request=request, at=at)
    except IllegalTransition as lost:
        raise PresentationRefused("already_answered", lost.reason) from lost
    if response_code is None:
        return Answer(None)
    separator = "&" if "?" in request.return_path else "?"
    return Answer(f"{settings.PORTAL_BASE_URL}{request.return_path}{separator}response_code={response_code}")


def _refuse(request: PresentationRequest, refused: DomainError, at: datetime) -> None:
    try:
        with transaction.atomic():
            request.apply(
                RequestEvent.PRESENTATION_REFUSED,
                at=at,
                answered_at=at,
                reason_code=refused.code[:64],
                reason=refused.reason[:300],
            )
            signals.presentation_answered.send(sender=PresentationRequest, request=request, at=at)
    except IllegalTransition:
        return  # another wallet's answer won this moment and stands


def _note(request: PresentationRequest, hint: DomainError) -> None:
    PresentationRequest.objects.filter(pk=request.pk, status=RequestStatus.OPEN).update(
        reason_code=hint.code[:64], reason=hint.reason[:300]
    )


def encryption_key(request: PresentationRequest, secrets: Mapping[str, str]) -> credential_keys.EncryptionKey | None:
    if request.response_mode != "direct_post.jwt":
        return None
    return credential_keys.encryption_from_pem(secrets["encryption_pem"], kid=secrets["encryption_kid"])
