"""``identity/customAuthenticationExtensions`` and ``identity/authenticationEventListeners``, for the one event that is
here: ``onVerifiedIdClaimValidation``."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import lookup
from recovery_portal.api import odata
from recovery_portal.api.errors import GraphError
from recovery_portal.api.shell import GraphView, created, nothing, operation

from ..flows import extending
from ..models import ClaimExtension, ExtensionListener
from . import extension_shapes as shapes

_EXTENSIONS, _LISTENERS = "identity/customAuthenticationExtensions", "identity/authenticationEventListeners"
READ = ("CustomAuthenticationExtension.Read.All",)
WRITE = ("CustomAuthenticationExtension.ReadWrite.All",)
READ_LISTENERS, WRITE_LISTENERS = ("EventListener.Read.All",), ("EventListener.ReadWrite.All",)
_VIEW, _ADD, _CHANGE, _DELETE = (f"recovery.{verb}_claimextension" for verb in ("view", "add", "change", "delete"))
_LISTENER = {verb: f"recovery.{verb}_extensionlistener" for verb in ("view", "add", "change", "delete")}
REFUSALS = {"name_taken": (409, "conflict"), "in_use": (400, ""), "too_many": (403, "Directory_QuotaExceeded"),
            "approval_required": (403, "")}  # fmt: skip


class Extensions(GraphView):
    refusals = REFUSALS

    @operation("listCustomAuthenticationExtensions", "List custom authentication extensions", permissions=READ,
               role=_VIEW, answer=shapes.Extension, is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = ClaimExtension.objects.all()
        return Response(odata.whole(request._request, _EXTENSIONS, map(shapes.extension, rows)))

    @operation("createCustomAuthenticationExtension", "Create custom authentication extension", permissions=WRITE,
               role=_ADD, body=shapes.Extension, answer=shapes.Extension, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        fields = shapes.extension_fields(self.read(shapes.Extension))
        row = extending.create_extension(fields=fields, by=lookup.operator(self.caller), at=self.at)
        body = odata.entity(request._request, f"{_EXTENSIONS}/$entity", shapes.extension(row))
        return created(body, f"{request.path}/{row.pk}")


class OneExtension(GraphView):
    refusals = REFUSALS

    @operation("getCustomAuthenticationExtension", "Get custom authentication extension", permissions=READ, role=_VIEW,
               answer=shapes.Extension)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return Response(odata.entity(request._request, f"{_EXTENSIONS}/$entity", shapes.extension(_extension(key))))

    @operation("updateCustomAuthenticationExtension", "Update custom authentication extension", permissions=WRITE,
               role=_CHANGE, body=shapes.Extension, status=204)  # fmt: skip
    def patch(self, request: Request, key: str) -> Response:
        row = _extension(key)
        fields = shapes.extension_fields(self.read(shapes.Extension, partial=True))
        extending.change_extension(extension=row, fields=fields, by=lookup.operator(self.caller), at=self.at)
        return nothing()

    @operation("deleteCustomAuthenticationExtension", "Delete custom authentication extension", permissions=WRITE,
               role=_DELETE, status=204)  # fmt: skip
    def delete(self, request: Request, key: str) -> Response:
        extending.delete_extension(extension=_extension(key), by=lookup.operator(self.caller), at=self.at)
        return nothing()


class Listeners(GraphView):
    refusals = REFUSALS

    @operation("listAuthenticationEventListeners", "List authentication event listeners", permissions=READ_LISTENERS,
               role=_LISTENER["view"], answer=shapes.Listener, is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = ExtensionListener.objects.select_related("extension")
        return Response(odata.whole(request._request, _LISTENERS, map(shapes.listener, rows)))

    @operation("createAuthenticationEventListener", "Create authentication event listener",
               permissions=WRITE_LISTENERS, role=_LISTENER["add"], body=shapes.Listener, answer=shapes.Listener,
               status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        fields = shapes.listener_fields(self.read(shapes.Listener))
        row = extending.create_listener(fields=fields, by=lookup.operator(self.caller), at=self.at)
        body = odata.entity(request._request, f"{_LISTENERS}/$entity", shapes.listener(row))
        return created(body, f"{request.path}/{row.pk}")


class OneListener(GraphView):
    refusals = REFUSALS

    @operation("getAuthenticationEventListener", "Get authentication event listener", permissions=READ_LISTENERS,
               role=_LISTENER["view"], answer=shapes.Listener)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return Response(odata.entity(request._request, f"{_LISTENERS}/$entity", shapes.listener(_listener(key))))

    @operation("updateAuthenticationEventListener", "Update authentication event listener",
               permissions=WRITE_LISTENERS, role=_LISTENER["change"], body=shapes.Listener, status=204)  # fmt: skip
    def patch(self, request: Request, key: str) -> Response:
        row = _listener(key)
        fields = shapes.listener_fields(self.read(shapes.Listener, partial=True))
        extending.change_listener(listener=row, fields=fields, by=lookup.operator(self.caller), at=self.at)
        return nothing()

    @operation("deleteAuthenticationEventListener", "Delete authentication event listener",
               permissions=WRITE_LISTENERS, role=_LISTENER["delete"], status=204)  # fmt: skip
    def delete(self, request: Request, key: str) -> Response:
        extending.delete_listener(listener=_listener(key), by=lookup.operator(self.caller), at=self.at)
        return nothing()


def _extension(key: str) -> ClaimExtension:
    return _found(ClaimExtension.objects.all(), key)


def _listener(key: str) -> ExtensionListener:
    return _found(ExtensionListener.objects.select_related("extension"), key)


def _found(rows: Any, key: str) -> Any:
    object_id = lookup.find_id(key)
    row = rows.filter(pk=object_id).first() if object_id else None
    if row is None:
        raise GraphError(404, lookup.missing(key).message)
    return row
