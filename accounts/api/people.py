"""``users``, ``groups`` and ``me``."""

import re

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import directory
from accounts.models import DirectoryGroup, User
from recovery_portal.api import odata
from recovery_portal.api.errors import GraphError
from recovery_portal.api.expansion import Expansion
from recovery_portal.api.filters import Column
from recovery_portal.api.shell import GraphView, created, nothing, operation

from . import lookup, shapes
from .lookup import OfPerson

READ_USERS, WRITE_USERS = ("User.Read.All",), ("User.ReadWrite.All",)
READ_GROUPS, WRITE_GROUPS = ("Group.Read.All",), ("Group.ReadWrite.All",)
READ_MEMBERS, WRITE_MEMBERS = ("GroupMember.Read.All",), ("GroupMember.ReadWrite.All",)
_REFERENCE = re.compile(r"/(?:directoryObjects|users)/([^/?]+)$")
_REFUSALS = {
    "name_taken": (400, "Request_BadRequest"),
    "name_invalid": (400, "Request_BadRequest"),
    "already_a_member": (400, "Request_BadRequest"),
    "not_a_member": (404, lookup.NOT_FOUND),
    "own_account": (403, "Authorization_RequestDenied"),
    "operator_account": (403, "Authorization_RequestDenied"),
}

USER_EXPANSIONS = {
    "memberOf": Expansion(
        "directory_groups",
        lambda: DirectoryGroup.objects.order_by("display_name", "pk"),
        shapes.group,
        READ_MEMBERS,
        "accounts.view_directorygroup",
    )
}
GROUP_EXPANSIONS = {
    "members": Expansion(
        "members",
        lambda: User.objects.order_by("user_principal_name", "pk"),
        shapes.user,
        READ_MEMBERS,
        "accounts.view_directorygroup",
    )
}
USERS: odata.Collection[User] = odata.Collection(
    context="users",
    render=shapes.user,
    columns={
        "id": Column("pk", "guid"),
        "userPrincipalName": Column("user_principal_name", "name"),
        "displayName": Column("display_name", "name"),
        "givenName": Column("given_name", "name"),
        "surname": Column("surname", "name"),
        "mail": Column("mail", "name"),
        "employeeId": Column("employee_id"),
        "userType": Column("user_type"),
        "accountEnabled": Column("account_enabled", "boolean"),
        "createdDateTime": Column("created_at", "time"),
    },
    order="userPrincipalName",
    sortable=frozenset({"userPrincipalName", "displayName", "createdDateTime"}),
    searchable=frozenset({"displayName", "userPrincipalName", "mail", "givenName", "surname"}),
    expansions=USER_EXPANSIONS,
)
GROUPS: odata.Collection[DirectoryGroup] = odata.Collection(
    context="groups",
    render=shapes.group,
    columns={
        "id": Column("pk", "guid"),
        "displayName": Column("display_name", "name"),
        "description": Column("description", "name"),
        "securityEnabled": Column("pk__isnull", "text", {"true": False}),
        "mailEnabled": Column("pk__isnull", "text", {"false": False}),
    },
    order="displayName",
    sortable=frozenset({"displayName"}),
    searchable=frozenset({"displayName", "description"}),
    expansions=GROUP_EXPANSIONS,
)


class Users(GraphView):
    refusals = _REFUSALS

    @operation("listUsers", "List users", permissions=READ_USERS, role="accounts.view_user",
               answer=shapes.UserAnswer, is_list=True, is_paged=True, expansions=USER_EXPANSIONS)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(odata.page(request._request, User.objects.all(), USERS))

    @operation("createUser", "Create user", permissions=WRITE_USERS, role="accounts.add_user",
               body=shapes.NewUser, answer=shapes.UserAnswer, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        fields = self.read(shapes.NewUser)
        fields.pop("mailNickname", None)  # Graph asks for it; this directory has no mailboxes
        password = fields.pop("passwordProfile", {}).get("password")
        user = directory.add_person(fields=fields, password=password, by=lookup.operator(self.caller), at=self.at)
        return created(odata.entity(request._request, "users/$entity", shapes.user(user)), f"{request.path}/{user.pk}")


class UserCount(GraphView):
    @operation("countUsers", "Count users", permissions=READ_USERS, role="accounts.view_user")
    def get(self, request: Request) -> HttpResponse:
        rows = User.objects.filter(odata.conditions(request._request, USERS))
        return HttpResponse(str(rows.count()), content_type="text/plain; charset=utf-8")


class OneUser(OfPerson):
    refusals = _REFUSALS

    @operation("getUser", "Get user", permissions=READ_USERS, role="accounts.view_user", answer=shapes.UserAnswer,
               expansions=USER_EXPANSIONS)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return Response(odata.fetched_entity(request._request, self.person(key), USERS))

    @operation("updateUser", "Update user", permissions=WRITE_USERS, role="accounts.change_user",
               body=shapes.UserChange, status=204)  # fmt: skip
    def patch(self, request: Request, key: str) -> Response:
        user = self.person(key)
        fields = self.read(shapes.UserChange, partial=True)
        directory.change_person(user=user, fields=fields, by=lookup.operator(self.caller), at=self.at)
        return nothing()


class Me(OfPerson):
    @operation("getMe", "Get the signed-in user", permissions=("User.Read",), own=True, answer=shapes.UserAnswer)
    def get(self, request: Request) -> Response:
        return Response(odata.entity(request._request, "users/$entity", shapes.user(self.person(None))))


class MemberOf(OfPerson):
    @operation("listMemberOf", "List a user's groups", permissions=READ_MEMBERS, role="accounts.view_directorygroup",
               answer=shapes.GroupAnswer, is_list=True, is_paged=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return Response(odata.page(request._request, self.person(key).directory_groups.all(), GROUPS))


class Groups(GraphView):
    @operation("listGroups", "List groups", permissions=READ_GROUPS, role="accounts.view_directorygroup",
               answer=shapes.GroupAnswer, is_list=True, is_paged=True, expansions=GROUP_EXPANSIONS)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(odata.page(request._request, DirectoryGroup.objects.all(), GROUPS))

    @operation("createGroup", "Create group", permissions=WRITE_GROUPS, role="accounts.add_directorygroup",
               body=shapes.NewGroup, answer=shapes.GroupAnswer, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        fields = self.read(shapes.NewGroup)
        group = directory.add_group(
            display_name=fields["displayName"],
            description=fields.get("description", ""),
            by=lookup.operator(self.caller),
            at=self.at,
        )
        body = odata.entity(request._request, "groups/$entity", shapes.group(group))
        return created(body, f"{request.path}/{group.pk}")


class GroupCount(GraphView):
    @operation("countGroups", "Count groups", permissions=READ_GROUPS, role="accounts.view_directorygroup")
    def get(self, request: Request) -> HttpResponse:
        rows = DirectoryGroup.objects.filter(odata.conditions(request._request, GROUPS))
        return HttpResponse(str(rows.count()), content_type="text/plain; charset=utf-8")


class OneGroup(GraphView):
    @operation("getGroup", "Get group", permissions=READ_GROUPS, role="accounts.view_directorygroup",
               answer=shapes.GroupAnswer, expansions=GROUP_EXPANSIONS)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return Response(odata.fetched_entity(request._request, lookup.group(key), GROUPS))


class Members(GraphView):
    @operation("listMembers", "List members", permissions=READ_MEMBERS, role="accounts.view_directorygroup",
               answer=shapes.UserAnswer, is_list=True, is_paged=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return Response(odata.page(request._request, lookup.group(key).members.all(), USERS))


class MemberCount(GraphView):
    @operation("countMembers", "Count members", permissions=READ_MEMBERS, role="accounts.view_directorygroup")
    def get(self, request: Request, key: str) -> HttpResponse:
        rows = lookup.group(key).members.filter(odata.conditions(request._request, USERS))
        return HttpResponse(str(rows.count()), content_type="text/plain; charset=utf-8")


class MemberReferences(GraphView):
    refusals = _REFUSALS

    @operation("addMember", "Add member", permissions=WRITE_MEMBERS, role="accounts.change_directorygroup",
               body=shapes.Reference, status=204)  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        group = lookup.group(key)
        found = _REFERENCE.search(self.read(shapes.Reference)["reference"])
        if found is None:
            raise GraphError(400, "The reference is not of the form …/directoryObjects/{id}.", "Request_BadRequest")
        user = lookup.person(found.group(1))
        directory.add_member(group=group, user=user, by=lookup.operator(self.caller), at=self.at)
        return nothing()


class MemberReference(GraphView):
    refusals = _REFUSALS

    @operation("removeMember", "Remove member", permissions=WRITE_MEMBERS, role="accounts.change_directorygroup",
               status=204)  # fmt: skip
    def delete(self, request: Request, key: str, member: str) -> Response:
        group, user = lookup.group(key), lookup.person(member)
        directory.remove_member(group=group, user=user, by=lookup.operator(self.caller), at=self.at)
        return nothing()
