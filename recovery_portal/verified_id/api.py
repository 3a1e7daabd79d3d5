"""``POST /v1.0/verifiableCredentials/createPresentationRequest`` and ``…/createIssuanceRequest``, in the words of the
Verified ID Request Service, and the manifest by which programs name a contract.

A ``url`` is a link of OpenID4VP 1.0 or OpenID4VCI 1.0, which every wallet of these protocols opens. What a program has
issued is of a type that operators wrote a contract for. It is never an identity: that comes from the provider's house,
after a proofing, under keys that are not here.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from idv.issuer.flows import find_contract
from recovery_portal.api.errors import as_graph_error, note_failure
from recovery_portal.api.shell import GraphView, operation
from recovery_portal.kit import clock, qr
from recovery_portal.kit.views import speaks_json

from . import errors, flows, issuing, manifests, shapes
from .models import ServiceRequest

PERMISSION = "VerifiableCredential.Create.PresentRequest"
ISSUE = "VerifiableCredential.Create.IssueRequest"
_NO_CONTRACT = {"error": {"code": "notFound", "message": "There is no such contract."}}


class ServiceView(GraphView):
    refusal_body = errors.ServiceErrorBody

    def get_exception_handler(self) -> Any:
        return _handle


class CreatePresentationRequest(ServiceView):
    @operation("createPresentationRequest", "Ask for a credential", permissions=(PERMISSION,),
               role="verified_id.add_servicerequest", body=shapes.PresentationPayload,
               answer=shapes.RequestAnswer, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        payload = self.read(shapes.PresentationPayload)
        made = flows.create(app_id=self.caller.app_id, payload=payload, at=self.at)
        presentation = made.presentation
        assert presentation is not None  # it was made a moment ago
        return _created(made, presentation.authorization_request_uri, with_qr=payload["includeQRCode"])


class CreateIssuanceRequest(ServiceView):
    @operation("createIssuanceRequest", "Offer a credential", permissions=(ISSUE,),
               role="verified_id.issue_credentials", body=shapes.IssuancePayload,
               answer=shapes.RequestAnswer, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        payload = self.read(shapes.IssuancePayload)
        made, link = issuing.create(app_id=self.caller.app_id, payload=payload, at=self.at)
        return _created(made, link, with_qr=payload["includeQRCode"])


@speaks_json(_NO_CONTRACT)
def manifest(request: HttpRequest, tenant: UUID, contract: UUID) -> HttpResponse:
    """What a contract issues, signed by the authority. Public: programs read it before anybody knows them."""
    found = find_contract(contract_id=str(contract)) if str(tenant) == settings.TENANT_ID else None
    if request.method not in {"GET", "HEAD"} or found is None:
        return JsonResponse(_NO_CONTRACT, status=404)
    signed = manifests.signed(found, at=clock.now())
    return JsonResponse({"token": signed}, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"})


def _created(made: ServiceRequest, url: str, *, with_qr: bool) -> Response:
    body: dict[str, Any] = {"requestId": str(made.pk), "url": url, "expiry": int(made.expires_at.timestamp())}
    if with_qr:
        body["qrCode"] = qr.png_data_uri(url)
    return Response(body, status=201)


def _handle(exc: Exception, context: Any) -> Response:
    view = context["view"]
    target = ""
    if isinstance(exc, errors.RequestInvalid):
        target = exc.target
    elif isinstance(exc, exceptions.ValidationError):
        target = _path(exc.detail)
    error = as_graph_error(exc, {})
    note_failure(error, exc, context)
    return errors.respond(error, target=target, request_id=view.request_id)


def _path(detail: Any) -> str:
    """``callback.url`` or ``requestedCredentials[0].type`` out of a serializer's complaints."""
    if isinstance(detail, list):
        detail = {index: inner for index, inner in enumerate(detail) if isinstance(inner, dict) and inner}
    if not isinstance(detail, dict) or not detail:
        return ""
    name, inner = next(iter(detail.items()))
    rest = _path(inner)
    if name == "non_field_errors":
        return rest
    own = f"[{name}]" if isinstance(name, int) else str(name)
    return own + (rest if rest.startswith("[") else f".{rest}" if rest else "")
