"""What happens to a request for a credential: made, fetched, answered, its face checked, ended."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from idv.face.liveness import Movement
from idv.issuer import flows as issuer
from idv.issuer import keyring as issuer_keys
from idv.issuer.models import Contract
from idv.protocol import did
from idv.verifier import flows as verifier
from idv.verifier import policy as verifier_policy
from idv.verifier.errors import FaceCheckRefused
from idv.verifier.flows.presenting import CredentialFormat
from idv.verifier.machine import FaceCheckStatus, RequestStatus
from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest
from idv.verifier.own import OwnCredential
from recovery_portal.kit import ratelimit, tokens

from . import asking, shapes
from .calling import CLAIMS_AT_FAULT, advance, deliver, sweep
from .errors import RequestInvalid
from .machine import Event, Status
from .models import ServiceRequest

__all__ = [
    "agree", "answered", "arrive", "cancel", "create", "deliver", "face_decided", "fetched", "running_face_check",
    "submit_frames", "sweep",
]  # fmt: skip

# Within the time that presented claims are kept at all.
FACE_CHECK_TIME = timedelta(minutes=30)
# Two a second, as the original allows a tenant of its quick setup.
REQUESTS_PER_MINUTE = 120
_ALWAYS_ASKED = frozenset({"firstName", "lastName"})
_WANTED = "requestedCredentials[0]"


@transaction.atomic
def create(*, app_id: uuid.UUID, payload: Mapping[str, Any], at: datetime) -> ServiceRequest:
    """Ask wallets for what ``payload`` (a validated shapes.PresentationPayload) says. Raises RequestInvalid,
    NotProvisioned, RateLimited."""
    count(app_id)
    [wanted] = payload["requestedCredentials"]
    validation = wanted.get("configuration", {}).get("validation", {})
    face_check = validation.get("faceCheck")
    constraints = wanted.get("constraints", [])
    source, names, wire = _source(wanted)
    is_identity = not isinstance(source, OwnCredential)
    for index, constraint in enumerate(constraints):
        if constraint["claimName"] not in names:
            raise RequestInvalid(f"{_WANTED}.constraints[{index}].claimName", "The credential has no such claim.")
    if face_check:
        _require_photo(source, face_check["sourcePhotoClaimName"])
        if isinstance(source, OwnCredential):
            source = replace(source, portrait=face_check["sourcePhotoClaimName"])
    registration, callback = payload["registration"], payload["callback"]
    key = uuid.uuid4()
    purpose = registration.get("purpose") or wanted.get("purpose") or ""
    presentation = verifier.request_presentation(
        provider=None if isinstance(source, OwnCredential) else source,
        own=source if isinstance(source, OwnCredential) else None,
        wire=wire,
        allows_revoked=validation.get("allowRevoked", False),
        wants_receipt=payload["includeReceipt"],
        proofing_reference=None,
        purpose=f"{registration['clientName']}: {purpose}" if purpose else registration["clientName"],
        account_hint="",
        # The Face Check follows in the browser beside the wallet, which is sent there with a code of its own.
        same_device=face_check is not None,
        return_path=f"/verified-id/return/{key}/" if face_check else "",
        at=at,
        correlation_id=str(key),
        further_claims=sorted({constraint["claimName"] for constraint in constraints} - _ALWAYS_ASKED)
        if is_identity
        else (),
    )
    return ServiceRequest.objects.create(
        id=key,
        app_id=app_id,
        presentation=presentation,
        client_name=registration["clientName"],
        callback_url=callback["url"],
        callback_state=callback["state"],
        headers_sealed=ServiceRequest.sealed(callback.get("headers", {})),
        constraints=[dict(constraint) for constraint in constraints],
        threshold=face_check["matchConfidenceThreshold"] if face_check else None,
        created_at=at,
        expires_at=presentation.expires_at,
    )


def count(app_id: uuid.UUID) -> None:
    """Of every program its share. Raises RateLimited."""
    ratelimit.hit("verified-id-create", str(app_id), limit=REQUESTS_PER_MINUTE, period_s=60)


def fetched(*, presentation: PresentationRequest, at: datetime) -> None:
    """A wallet has the request. Told once, however often it asks."""
    row = ServiceRequest.objects.filter(presentation=presentation, status=Status.WAITING).first()
    if row is not None:
        advance(row, Event.FETCHED, at=at)


def answered(*, presentation: PresentationRequest, at: datetime) -> None:
    """A wallet answered. With a Face Check to come the browser collects; without one the credential is all."""
    row = ServiceRequest.objects.filter(presentation=presentation, ended_at__isnull=True).first()
    if row is None:
        return
    match presentation.status:
        case RequestStatus.DECLINED:
            _fail(row, "user_canceled", at=at, reason=presentation.reason_code)
        case RequestStatus.REFUSED:
            is_of_claims = presentation.reason_code in CLAIMS_AT_FAULT
            code = "claimValidationError" if is_of_claims else "tokenError"
            _fail(row, code, at=at, reason=presentation.reason_code)
        case RequestStatus.ANSWERED if row.threshold is None:
            _take(row, presentation, None, Event.ALL_HELD, at=at)
        case RequestStatus.ANSWERED:
            ServiceRequest.objects.filter(pk=row.pk).update(expires_at=at + verifier_policy.COLLECTION_LIFETIME)


@transaction.atomic
def arrive(*, row: ServiceRequest, response_code: str, at: datetime) -> None:
    """The browser beside the wallet comes with its code. Raises NotCollectable; a wrong code changes nothing."""
    assert row.presentation is not None  # kept while the request runs
    _take(row, row.presentation, response_code, Event.CREDENTIAL_CAME, at=at, expires_at=at + FACE_CHECK_TIME)


def agree(*, row: ServiceRequest, at: datetime) -> None:
    """The person lets photos of their face be compared; without it no photo is taken."""
    ServiceRequest.objects.filter(pk=row.pk, status=Status.PRESENTED, consented_at=None).update(consented_at=at)


def cancel(*, row: ServiceRequest, at: datetime) -> None:
    """The person goes no further."""
    _fail(row, "user_canceled", at=at, reason="cancelled")


def running_face_check(*, row: ServiceRequest, at: datetime, movement: Movement | None = None) -> FaceCheck | None:
    """The challenge to show, drawn anew when the last one is over. None when the tries are used up: then it has
    ended."""
    assert row.presentation is not None
    assert row.threshold is not None
    try:
        return verifier.begin_face_check(request=row.presentation, threshold=row.threshold, at=at, movement=movement)
    except FaceCheckRefused as refused:
        _fail(row, "claimValidationError", at=at, reason=refused.code)
        return None


def submit_frames(*, row: ServiceRequest, challenge: str, frames: Mapping[str, bytes], at: datetime) -> None:
    """Hand the photos of the running challenge to the worker. Raises ImageRefused and FaceCheckRefused; then nothing
    happened."""
    if row.consented_at is None:
        raise FaceCheckRefused("not_capturing", "not agreed to")
    face_check = running_face_check(row=row, at=at)
    if face_check is None:
        return
    if not tokens.same(challenge, str(face_check.pk)):
        raise FaceCheckRefused("challenge_expired", "taken for another challenge")
    with transaction.atomic():
        row.apply(Event.PHOTOS_SENT, at=at, reason_code="")
        verifier.submit_frames(face_check=face_check, frames=frames, at=at)


def face_decided(*, face_check: FaceCheck, at: datetime) -> None:
    """The worker has decided. Silent where the request has moved on without this check."""
    row = ServiceRequest.objects.filter(presentation=face_check.request, status=Status.CHECKING).first()
    if row is None:
        return
    match face_check.status:
        case FaceCheckStatus.PASSED:
            advance(row, Event.ALL_HELD, at=at, score=face_check.score)
        case FaceCheckStatus.UNUSABLE:
            advance(row, Event.PHOTOS_AGAIN, at=at, reason_code=face_check.reason_code)
        case FaceCheckStatus.FAILED if verifier.tries_left(request=face_check.request):
            advance(row, Event.PHOTOS_AGAIN, at=at, reason_code=face_check.reason_code)
        case FaceCheckStatus.FAILED:
            _fail(row, "claimValidationError", at=at, reason=face_check.reason_code)


def _take(
    row: ServiceRequest,
    presentation: PresentationRequest,
    response_code: str | None,
    event: Event,
    *,
    at: datetime,
    **facts: Any,
) -> None:
    collected = verifier.collect(request=presentation, response_code=response_code, at=at)
    if failed := asking.first_failed(row.constraints, collected.claims):
        _fail(row, "claimValidationError", at=at, reason=f"constraint {failed}")
    else:
        advance(row, event, at=at, **facts)


def _source(
    wanted: Mapping[str, Any],
) -> tuple[IdentityProvider | OwnCredential, Collection[str], verifier.RequestWire]:
    """Whose credential is asked for, its claims, and the form that it comes in. Raises RequestInvalid."""
    accepted = wanted.get("acceptedIssuers", [])
    if wanted["type"] == shapes.TYPE:
        return _provider(accepted), shapes.NAMES, verifier.RequestWire()
    contract = issuer.find_contract(type_name=wanted["type"])
    if contract is None:
        raise RequestInvalid(f"{_WANTED}.type", "No credential of this type is known here.")
    if accepted and not {issuer_keys.identifier(), settings.PORTAL_BASE_URL} & {name.rstrip("/") for name in accepted}:
        raise RequestInvalid("requestedCredentials.acceptedIssuers", "None of the issuers is trusted here.")
    form: CredentialFormat = "jwt_vc_json" if contract.format == Contract.Format.JWT_VC else "dc+sd-jwt"
    asked = OwnCredential(vct=contract.vct, claims=tuple(contract.claim_names), required=tuple(contract.required_names))
    return asked, contract.claim_names, verifier.RequestWire(credential_format=form)


def _require_photo(source: IdentityProvider | OwnCredential, claim: str) -> None:
    """Of an identity one claim is a photo; of a credential of our own, the one that the program names."""
    held = source.claims if isinstance(source, OwnCredential) else ("portrait",)
    if claim not in held:
        target = f"{_WANTED}.configuration.validation.faceCheck.sourcePhotoClaimName"
        raise RequestInvalid(target, "The credential has no such photo.")


def _provider(accepted: list[str]) -> IdentityProvider:
    """The first of the accepted issuers that operators registered; any that issues, where the program names none."""
    known: dict[str, IdentityProvider] = {}
    issuing = IdentityProvider.objects.filter(enabled=True, protocol=IdentityProvider.Protocol.PROOFING)
    for provider in issuing.order_by("name"):
        known |= {provider.issuer: provider, did.web(provider.issuer): provider}
    if not accepted and known:
        return next(iter(known.values()))
    for name in accepted:
        if found := known.get(name.rstrip("/")):
            return found
    raise RequestInvalid("requestedCredentials.acceptedIssuers", "None of the issuers is trusted here.")


def _fail(row: ServiceRequest, code: str, *, at: datetime, reason: str) -> None:
    if advance(row, Event.SOMETHING_FAILED, at=at, error_code=code, reason_code=reason[:64]) and row.presentation:
        verifier.forget(request=row.presentation, at=at)
