"""The credential issuer's endpoints (OpenID4VCI 1.0) and the status lists."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse

from idv.credentials.status_list import MEDIA_TYPE
from idv.protocol import strict_json
from recovery_portal.kit import clock

from ..errors import ProtocolRefused
from ..flows import issuing, status
from .wire import bearer_of, endpoint, json_body_of

_EVENTS = frozenset({"credential_accepted", "credential_failure", "credential_deleted"})


@endpoint("GET", limit=60)
def offer(request: HttpRequest, reference: str) -> HttpResponse:
    return JsonResponse(issuing.read_offer(reference, at=clock.now()))


@endpoint("POST", limit=120)
def nonce(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"c_nonce": issuing.new_nonce(at=clock.now())})


@endpoint("POST", limit=120)
def credential(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    bearer = bearer_of(request)
    issuing.require_token(bearer, at=at)  # before the body is read: a stranger learns nothing about its form
    body = json_body_of(request, code="invalid_credential_request")
    issued = issuing.issue_credential(token=bearer, body=body, at=at)
    return JsonResponse(
        {"credentials": [{"credential": c} for c in issued.credentials], "notification_id": issued.notification_id}
    )


@endpoint("POST", limit=120)
def notification(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    bearer = bearer_of(request)
    issuing.require_token(bearer, at=at)
    code = "invalid_notification_request"
    try:
        members = strict_json.load_object(json_body_of(request, code=code))
    except strict_json.JsonInvalid as error:
        raise ProtocolRefused(code, error.reason) from error
    notification_id, event = members.get("notification_id"), members.get("event")
    if not isinstance(notification_id, str) or not isinstance(event, str) or event not in _EVENTS:
        raise ProtocolRefused(code, "notification_id and a known event are required")
    issuing.note(token=bearer, notification_id=notification_id, event=event, at=at)
    return HttpResponse(status=204)


@endpoint("GET", public=True)
def status_list(request: HttpRequest, list_id: uuid.UUID) -> HttpResponse:
    return HttpResponse(status.token(list_id=list_id, at=clock.now()), content_type=MEDIA_TYPE)
