"""``auditLogs``: what happened, to be read only."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import AuditEvent
from recovery_portal.api import odata
from recovery_portal.api.filters import Column
from recovery_portal.api.shell import GraphView, operation

from . import lookup, shapes

PERMISSIONS, ROLE = ("AuditLog.Read.All",), "accounts.view_auditevent"
SIGN_INS = "SignInLogs"  # the category under which the sign-in flow records

AUDITS: odata.Collection[AuditEvent] = odata.Collection(
    context="auditLogs/directoryAudits",
    render=shapes.audit,
    columns={
        "id": Column("pk", "guid"),
        "activityDateTime": Column("at", "time"),
        "activityDisplayName": Column("activity"),
        "category": Column("category"),
        "correlationId": Column("correlation_id"),
        "loggedByService": Column("service"),
        "result": Column("result"),
        "initiatedBy/user/id": Column("initiated_by_id", "guid"),
        "initiatedBy/user/userPrincipalName": Column("initiated_by_name", "name"),
        "initiatedBy/app/displayName": Column("initiated_by_name", "name"),
        "targetResources/id": Column("target_id", "guid"),
        "targetResources/userPrincipalName": Column("target_name", "name"),
    },
    order="-activityDateTime",
    sortable=frozenset({"activityDateTime"}),
    default_top=100,
    max_top=999,
)
SIGN_IN_LOG: odata.Collection[AuditEvent] = odata.Collection(
    context="auditLogs/signIns",
    render=shapes.sign_in,
    columns={
        "id": Column("pk", "guid"),
        "createdDateTime": Column("at", "time"),
        "userId": Column("target_id", "guid"),
        "userPrincipalName": Column("target_name", "name"),
        "correlationId": Column("correlation_id"),
        "status/errorCode": Column("result", "text", {"0": "success"}),
    },
    order="-createdDateTime",
    sortable=frozenset({"createdDateTime"}),
    default_top=100,
    max_top=999,
)


class _Log(GraphView):
    how: odata.Collection[AuditEvent]

    def rows(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.filter(category=SIGN_INS)

    def one(self, request: Request, key: str) -> Response:
        found = self.rows().filter(pk=object_id).first() if (object_id := lookup.find_id(key)) else None
        if found is None:
            raise lookup.missing(key)
        return Response(odata.entity(request._request, f"{self.how.context}/$entity", self.how.render(found)))


class _Audits(_Log):
    how = AUDITS

    def rows(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.exclude(category=SIGN_INS)


class DirectoryAudits(_Audits):
    @operation("listDirectoryAudits", "List directory audits", permissions=PERMISSIONS, role=ROLE,
               answer=shapes.AuditAnswer, is_list=True, is_paged=True)  # fmt: skip
    def get(self, request: Request, **_: Any) -> Response:
        return Response(odata.page(request._request, self.rows(), AUDITS))


class OneDirectoryAudit(_Audits):
    @operation("getDirectoryAudit", "Get directory audit", permissions=PERMISSIONS, role=ROLE,
               answer=shapes.AuditAnswer)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.one(request, key)


class SignIns(_Log):
    how = SIGN_IN_LOG

    @operation("listSignIns", "List sign-ins", permissions=PERMISSIONS, role=ROLE,
               answer=shapes.SignInAnswer, is_list=True, is_paged=True)  # fmt: skip
    def get(self, request: Request, **_: Any) -> Response:
        return Response(odata.page(request._request, self.rows(), SIGN_IN_LOG))


class OneSignIn(_Log):
    how = SIGN_IN_LOG

    @operation("getSignIn", "Get sign-in", permissions=PERMISSIONS, role=ROLE, answer=shapes.SignInAnswer)
    def get(self, request: Request, key: str) -> Response:
        return self.one(request, key)
