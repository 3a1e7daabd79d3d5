"""The issuer's endpoints for wallets (OpenID4VCI 1.0), what it publishes about itself, and the status lists."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from idv import doors
from idv.doors import form_of, json_body_of
from idv.protocol import issuance, metadata
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit import clock

from . import flows, keyring
from .flows import status
from .models import Contract

endpoint = partial(doors.endpoint, "issuer")


def _url(path: str) -> str:
    # Configured, never from the Host header: a forged one must not move our endpoints.
    return f"{settings.PORTAL_BASE_URL}/verified-id/issuer/{path}"


@endpoint("GET", limit=60)
def offer(request: HttpRequest, reference: str) -> HttpResponse:
    return JsonResponse(flows.read_offer(reference, at=clock.now()))


@endpoint("POST", limit=120)
def token(request: HttpRequest) -> HttpResponse:
    form = form_of(request)
    if form.get("grant_type") != issuance.PRE_AUTHORIZED_GRANT:
        raise ProtocolRefused("unsupported_grant_type", "only a pre-authorized code is redeemed here")
    access_token, lifetime_s = flows.grant(form, at=clock.now())
    return JsonResponse({"access_token": access_token, "token_type": "Bearer", "expires_in": lifetime_s})


@endpoint("POST", limit=120)
def nonce(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"c_nonce": flows.new_nonce(at=clock.now())})


@endpoint("POST", limit=120)
def credential(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    granted = flows.require_token(request.headers.get("Authorization", ""), at=at)
    body = json_body_of(request, code="invalid_credential_request")
    issued = flows.issue(granted=granted, body=body, at=at)
    return JsonResponse({"credentials": [{"credential": issued.credential}], "notification_id": issued.notification_id})


@endpoint("POST", limit=120)
def notification(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    granted = flows.require_token(request.headers.get("Authorization", ""), at=at)
    notification_id, event = doors.notification_of(request)
    flows.note(granted=granted, notification_id=notification_id, event=event, at=at)
    return HttpResponse(status=204)


@endpoint("GET", public=True)
def status_list(request: HttpRequest, number: int) -> HttpResponse:
    return doors.status_list_answer(request, status.token(number=number, at=clock.now()))


@endpoint("GET", public=True)
def credential_issuer(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        metadata.issuer_metadata(
            issuer=settings.PORTAL_BASE_URL,
            credential_endpoint=_url("credential"),
            nonce_endpoint=_url("nonce"),
            notification_endpoint=_url("notification"),
            display_name=settings.ORGANISATION_NAME,
            configurations={row.type_name: _configuration(row) for row in Contract.objects.filter(enabled=True)},
        )
    )


@endpoint("GET", public=True)
def authorization_server(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        metadata.pre_authorized_server_metadata(
            issuer=settings.PORTAL_BASE_URL, token_endpoint=_url("token"), jwks_uri=_url("jwks")
        )
    )


@endpoint("GET", public=True)
def jwt_vc_issuer(request: HttpRequest) -> HttpResponse:
    return JsonResponse(metadata.jwt_vc_issuer_metadata(issuer=settings.PORTAL_BASE_URL, jwks=_published()))


@endpoint("GET", public=True)
def jwks(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"keys": _published()})


@endpoint("GET", public=True)
def credential_type(request: HttpRequest, type_name: str) -> HttpResponse:
    contract = Contract.objects.filter(type_name=type_name, format=Contract.Format.SD_JWT).first()
    if contract is None:
        raise ProtocolRefused("not_found", "no such type", status=404)
    return JsonResponse(
        metadata.type_metadata(
            vct=contract.vct, name=contract.name, description=contract.name, claims=_labels(contract)
        )
    )


def _published() -> list[dict[str, str]]:
    return [key.jwks_entry() for key in keyring.visible_keys(at=clock.now())]


def _labels(contract: Contract) -> dict[str, str]:
    return {claim["output"]: claim["label"] for claim in contract.claims}


def _configuration(contract: Contract) -> dict[str, object]:
    common: dict[str, Any] = {"scope": contract.type_name, "display_name": contract.name, "claims": _labels(contract)}
    if contract.format == Contract.Format.JWT_VC:
        return metadata.jwt_credential_configuration(credential_type=contract.type_name, **common)
    return metadata.credential_configuration(vct=contract.vct, mandatory=contract.required_names, **common)
