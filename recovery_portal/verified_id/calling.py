"""Calling programs back: what each call says is made when it is sent, and what it was made of is erased afterwards."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Max, Q

from idv.credentials.status_list import VALID
from idv.issuer import flows as issuer
from idv.protocol import did
from idv.verifier import flows as verifier
from idv.verifier.errors import NotCollectable
from recovery_portal.kit import http, queue
from recovery_portal.kit.machine import IllegalTransition

from .machine import NOT_ISSUED, TOLD, Event, Status
from .models import Callback, ServiceRequest
from .shapes import TYPE

log = structlog.get_logger(__name__)

# Waits after each failed try; the claims live an hour, so that all tries come before their end.
RETRIES = (10, 30, 120, 600, 1200)
LEASE = timedelta(seconds=60)  # longer than a call may take
TIMEOUT_S = 10.0
RETENTION = timedelta(days=90)
_HANDED_OUT_AT_ONCE = 200
_DELIVER = "recovery_portal.verified_id.tasks.deliver"
_MESSAGES = {
    "claimValidationError": "The claims of the credential do not satisfy the request.",
    "tokenError": "The presentation could not be verified.",
    "user_canceled": "The person declined.",
    "expired": "Nobody answered in time.",
}
# Of an issuance the original has one code, and says in the message what it was.
_NOT_ISSUED_CODE = "IssuanceFlowFailed"
_NOT_ISSUED_MESSAGES = {"pin_tries_used_up": "issuance_service_error"}
_FACE_MESSAGE = "Match confidence score failing to meet the threshold."


def deliver(*, callback_id: int, at: datetime) -> None:
    """Make one call that is due, in the order of events. Idempotent: who does not win the lease does nothing."""
    callback = Callback.objects.select_related("request__presentation__provider").filter(pk=callback_id).first()
    if callback is None or _waiting().filter(request=callback.request, pk__lt=callback.pk).exists():
        return  # the sweep brings it again when the earlier one is over
    if not _waiting().filter(pk=callback.pk, due_at__lte=at).update(due_at=at + LEASE, tries=F("tries") + 1):
        return
    callback.refresh_from_db(fields=["tries"])
    outcome, is_delivered = _call(callback, at)
    if is_delivered:
        facts: dict[str, Any] = {"delivered_at": at}
    elif outcome == "claims_forgotten" or callback.tries > len(RETRIES):
        facts = {"given_up_at": at}
    else:
        facts = {"due_at": at + timedelta(seconds=RETRIES[callback.tries - 1])}
    _waiting().filter(pk=callback.pk).update(outcome=outcome[:64], **facts)
    row = callback.request
    if "due_at" in facts:
        log.info("verified_id.callback_failed", request=str(row.pk), outcome=outcome, tries=callback.tries)
        return
    later = _waiting().filter(request=row).order_by("pk").first()
    if later is not None:
        queue.enqueue(_DELIVER, callback_id=later.pk)
    elif row.ended_at is not None and row.presentation is not None:
        verifier.forget(request=row.presentation, at=at)


def sweep(*, at: datetime) -> None:
    """Hand out calls that are due, end what nobody went on with, drop old records. Harmless to repeat."""
    running = ServiceRequest.objects.select_related("presentation", "offer").filter(ended_at__isnull=True)
    for row in running.filter(expires_at__lte=at):
        if row.status == Status.HANDED_OVER:
            advance(row, Event.KEPT, at=at)  # wallets need not say what became of a credential
            continue
        if row.offer is not None:
            issuer.withdraw(offer=row.offer, at=at)
        try:
            row.apply(Event.SOMETHING_FAILED, at=at, error_code="expired", reason_code="expired")
        except IllegalTransition:
            continue  # it moved this moment
        if row.presentation is not None:
            verifier.forget(request=row.presentation, at=at)
    due = _waiting().filter(due_at__lte=at).order_by("due_at", "pk")[:_HANDED_OUT_AT_ONCE]
    for callback in due:
        queue.enqueue(_DELIVER, callback_id=callback.pk)
    ServiceRequest.objects.filter(ended_at__lte=at - RETENTION).delete()
    issuer.purge(at=at)


def advance(row: ServiceRequest, event: Event, *, at: datetime, **facts: Any) -> bool:
    """Move it and call the program. False when somebody else moved it first: what they did stands."""
    before = row.callbacks.aggregate(last=Max("pk"))["last"] or 0
    try:
        row.apply(event, at=at, **facts)
    except IllegalTransition:
        row.refresh_from_db()
        return False
    for callback in row.callbacks.filter(pk__gt=before):
        queue.enqueue(_DELIVER, callback_id=callback.pk)
    return True


def _waiting() -> Any:
    return Callback.objects.filter(Q(delivered_at__isnull=True) & Q(given_up_at__isnull=True))


def _call(callback: Callback, at: datetime) -> tuple[str, bool]:
    row = callback.request
    try:
        body = _body(row, callback.event, at)
    except NotCollectable:
        return "claims_forgotten", False
    try:
        answer = http.fetch("POST", row.callback_url, json=body, headers=row.headers, timeout_s=TIMEOUT_S)
    except http.FetchFailed as failed:
        return failed.code, False
    return f"status {answer.status}", 200 <= answer.status < 300


def _body(row: ServiceRequest, event: str, at: datetime) -> dict[str, Any]:
    """Facts 5.2. Raises NotCollectable when the claims are gone."""
    body: dict[str, Any] = {"requestId": str(row.pk), "requestStatus": event, "state": row.callback_state}
    if event == NOT_ISSUED:
        message = _NOT_ISSUED_MESSAGES.get(row.reason_code, "unspecified_error")
        body["error"] = {"code": _NOT_ISSUED_CODE, "message": message}
    if event == TOLD[Status.FAILED]:
        is_face = row.error_code == "claimValidationError" and not row.reason_code.startswith("constraint")
        message = _FACE_MESSAGE if is_face else _MESSAGES[row.error_code]
        body["error"] = {"code": row.error_code, "message": message}
    if event == TOLD[Status.VERIFIED]:
        body |= _presented(row, at)
    return body


def _presented(row: ServiceRequest, at: datetime) -> dict[str, Any]:
    presentation = row.presentation
    if presentation is None:
        raise NotCollectable("forgotten", str(row.pk))
    collected = verifier.read_claims(request=presentation, at=at)
    is_own = presentation.provider is None
    origin = settings.PORTAL_BASE_URL if presentation.provider is None else presentation.provider.issuer
    is_valid = presentation.credential_status in (None, VALID)
    told: dict[str, Any] = {
        "issuer": did.web(origin),
        "type": ["VerifiableCredential", presentation.own_vct.rpartition("/")[2] if is_own else TYPE],
        "claims": {name: value for name, value in collected.claims.items() if name != "proofingReference"},
        "credentialState": {"revocationStatus": "VALID" if is_valid else "REVOKED"},
        "domainValidation": {"url": origin},
    }
    for name, moment in (
        ("issuanceDate", presentation.credential_issued_at), ("expirationDate", presentation.credential_expires_at),
    ):  # fmt: skip
        if moment is not None:
            told[name] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if row.score is not None:
        told["faceCheck"] = {"matchConfidenceScore": round(row.score, 1)}
    answer: dict[str, Any] = {"subject": collected.subject, "verifiedCredentialsData": [told]}
    if collected.receipt:
        # There is no id_token: OpenID4VP 1.0 has none.
        answer["receipt"] = {"vp_token": collected.receipt}
    return answer
