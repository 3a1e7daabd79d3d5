"""Calling programs back: what each call says is made when it is sent, and what it was made of is erased afterwards."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Max, Q

from idv.issuer import flows as issuer
from idv.verifier import flows as verifier
from idv.verifier.errors import NotCollectable
from recovery_portal.kit import http, queue
from recovery_portal.kit.machine import IllegalTransition

from . import telling
from .machine import NOT_ISSUED, TOLD, Event, Status
from .models import Callback, ServiceRequest

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
# Why a presentation that was genuine is refused: not for its signatures, for what it says.
CLAIMS_AT_FAULT = frozenset({"claim_missing", "claims_missing", "claim_too_long", "portrait_refused"})
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
        is_of_claims = row.reason_code.startswith("constraint") or row.reason_code in CLAIMS_AT_FAULT
        is_face = row.error_code == "claimValidationError" and not is_of_claims
        message = _FACE_MESSAGE if is_face else _MESSAGES[row.error_code]
        body["error"] = {"code": row.error_code, "message": message}
    if event == TOLD[Status.VERIFIED]:
        body |= telling.presented(row, at=at)
    return body
