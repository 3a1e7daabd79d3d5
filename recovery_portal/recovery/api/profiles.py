"""``identity/verifiedId/profiles``.

The original lets only signed-in people write profiles; here a program by itself may, too, so that configuration can be
kept as code.
"""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import lookup
from recovery_portal.api import odata
from recovery_portal.api.errors import GraphError
from recovery_portal.api.shell import GraphView, created, nothing, operation

from .. import flows
from ..models import RecoveryProfile
from . import shapes

READ, WRITE = ("VerifiedId-Profile.Read.All",), ("VerifiedId-Profile.ReadWrite.All",)
_VIEW, _ADD, _CHANGE, _DELETE = (f"recovery.{verb}_recoveryprofile" for verb in ("view", "add", "change", "delete"))
REFUSALS = {
    "name_taken": (409, "conflict"), "unknown_profile": (400, ""), "unknown_group": (400, ""),
    "approval_required": (403, ""), "too_few_evaluations": (403, ""), "not_permitted": (403, ""),
}  # fmt: skip


class Profiles(GraphView):
    refusals = REFUSALS

    @operation("listVerifiedIdProfiles", "List profiles", permissions=READ, role=_VIEW, answer=shapes.Profile,
               is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = [_shape(request, row) for row in RecoveryProfile.objects.select_related("provider")]
        return Response(odata.whole(request._request, "identity/verifiedId/profiles", rows))

    @operation("createVerifiedIdProfile", "Create profile", permissions=WRITE, role=_ADD, body=shapes.Profile,
               answer=shapes.Profile, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        fields = shapes.fields_of(self.read(shapes.Profile))
        row = flows.create_profile(fields=fields, by=lookup.operator(self.caller), at=self.at)
        body = odata.entity(request._request, "identity/verifiedId/profiles/$entity", _shape(request, row))
        return created(body, f"{request.path}/{row.pk}")


class OneProfile(GraphView):
    refusals = REFUSALS

    @operation("getVerifiedIdProfile", "Get profile", permissions=READ, role=_VIEW, answer=shapes.Profile)
    def get(self, request: Request, key: str) -> Response:
        body = _shape(request, _profile(key))
        return Response(odata.entity(request._request, "identity/verifiedId/profiles/$entity", body))

    @operation("updateVerifiedIdProfile", "Update profile", permissions=WRITE, role=_CHANGE, body=shapes.Profile,
               status=204)  # fmt: skip
    def patch(self, request: Request, key: str) -> Response:
        row = _profile(key)
        fields = shapes.fields_of(self.read(shapes.Profile, partial=True))
        flows.change_profile(profile=row, fields=fields, by=lookup.operator(self.caller), at=self.at)
        return nothing()

    @operation("deleteVerifiedIdProfile", "Delete profile", permissions=WRITE, role=_DELETE, status=204)
    def delete(self, request: Request, key: str) -> Response:
        flows.delete_profile(profile=_profile(key), by=lookup.operator(self.caller), at=self.at)
        return nothing()


def _shape(request: Request, row: RecoveryProfile) -> dict[str, Any]:
    body = shapes.profile(row)
    if request.path.startswith("/beta/"):
        body["verifiedIdProfileConfiguration"]["methodType"] = "identityVerificationPartner"
    return body


def _profile(key: str) -> RecoveryProfile:
    object_id = lookup.find_id(key)
    rows = RecoveryProfile.objects.select_related("provider")
    found = rows.filter(pk=object_id).first() if object_id else None
    if found is None:
        raise GraphError(404, lookup.missing(key).message)
    return found
