"""``POST /v1.0/verifiableCredentials/createPresentationRequest``, in the words of the Verified ID Request Service.

Its ``url`` is a link of OpenID4VP 1.0, which every wallet of that protocol opens. createIssuanceRequest is not served:
credentials are issued in the provider's house, after a proofing, and never because a program says so.
"""

from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from recovery_portal.api.errors import as_graph_error, note_failure
from recovery_portal.api.shell import GraphView, operation
from recovery_portal.kit import qr

from . import errors, flows, shapes

PERMISSION = "VerifiableCredential.Create.PresentRequest"


class CreatePresentationRequest(GraphView):
    refusal_body = errors.ServiceErrorBody

    @operation("createPresentationRequest", "Ask for a credential", permissions=(PERMISSION,),
               role="verified_id.add_servicerequest", body=shapes.PresentationPayload,
               answer=shapes.PresentationAnswer, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        payload = self.read(shapes.PresentationPayload)
        made = flows.create(app_id=self.caller.app_id, payload=payload, at=self.at)
        presentation = made.presentation
        assert presentation is not None  # it was made a moment ago
        url = presentation.authorization_request_uri
        body: dict[str, Any] = {"requestId": str(made.pk), "url": url, "expiry": int(made.expires_at.timestamp())}
        if payload["includeQRCode"]:
            body["qrCode"] = qr.png_data_uri(url)
        return Response(body, status=201)

    def get_exception_handler(self) -> Any:
        return _handle


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
