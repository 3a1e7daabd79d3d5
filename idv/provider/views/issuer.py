"""The credential issuer's endpoints (OpenID4VCI 1.0) and the status lists."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from idv import doors
from idv.protocol import issuance
from idv.protocol.issuance_encryption import ResponseEncryption, response_encryption_in
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError

from .. import policy
from ..flows import issuing, offers, status
from .wire import answer_of, endpoint, sealed_or_plain_body_of, token_of, with_dpop_nonce


@endpoint("GET", limit=60)
def offer(request: HttpRequest, reference: str) -> HttpResponse:
    return JsonResponse(offers.read_offer(reference, at=clock.now()))


@endpoint("POST", limit=120)
def nonce(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    return with_dpop_nonce(JsonResponse({"c_nonce": issuing.new_nonce(at=at)}), at=at)


@endpoint("POST", limit=120)
def credential(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    granted = token_of(request, at=at)  # before the body is read: a stranger learns nothing about its form
    body, was_encrypted = sealed_or_plain_body_of(request, at=at)
    try:
        wanted = issuance.parse_credential_request(body, max_proofs=policy.BATCH_SIZE, was_encrypted=was_encrypted)
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal
    issued = issuing.issue_credential(granted=granted, request=wanted, at=at)
    response = _answer(issued, wanted.response_encryption, with_notification=True)
    return with_dpop_nonce(response, at=at) if granted.dpop_jkt else response


@endpoint("POST", limit=120)
def deferred_credential(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    granted = token_of(request, at=at)
    body, was_encrypted = sealed_or_plain_body_of(request, at=at)
    members = doors.json_object_in(body, code="invalid_credential_request")
    try:
        sealing = response_encryption_in(members, request_was_encrypted=was_encrypted)
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal
    transaction_id = members.get("transaction_id")
    if not isinstance(transaction_id, str) or not transaction_id:
        raise ProtocolRefused("invalid_transaction_id", "transaction_id is missing")
    issued = issuing.collect_deferred(granted=granted, transaction_id=transaction_id, at=at)
    # Some wallets refuse a late answer that carries a notification_id beside the credentials; it is optional.
    response = _answer(issued, sealing, with_notification=False)
    return with_dpop_nonce(response, at=at) if granted.dpop_jkt else response


@endpoint("POST", limit=120)
def notification(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    granted = token_of(request, at=at)
    notification_id, event = doors.notification_of(request)
    issuing.note(granted=granted, notification_id=notification_id, event=event, at=at)
    response = HttpResponse(status=204)
    return with_dpop_nonce(response, at=at) if granted.dpop_jkt else response


@endpoint("GET", public=True)
def status_list(request: HttpRequest, list_id: str) -> HttpResponse:
    try:
        named = uuid.UUID(list_id)
    except ValueError as error:
        raise ProtocolRefused("not_found", "no such list", status=404) from error
    return doors.status_list_answer(request, status.token(list_id=named, at=clock.now()))


def _answer(
    issued: issuing.Issued | issuing.Deferred, sealing: ResponseEncryption | None, *, with_notification: bool
) -> HttpResponse:
    if isinstance(issued, issuing.Deferred):
        members = {"transaction_id": issued.transaction_id, "interval": issued.interval_s}
        return answer_of(members, sealing, status=202)
    answer: dict[str, Any] = {"credentials": [{"credential": compact} for compact in issued.credentials]}
    if with_notification:
        answer["notification_id"] = issued.notification_id
    return answer_of(answer, sealing)
