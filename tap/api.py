"""Passes and their policy as Microsoft Graph serves them. The passcode is in the answer to its creation only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import path
from django.views.decorators.debug import sensitive_variables
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import faces, lookup, policies
from accounts.api.lookup import OfPerson
from accounts.api.methods import OWN, may_read, may_write
from accounts.api.shapes import stamp
from accounts.models import User
from recovery_portal.api import odata
from recovery_portal.api.shell import Body, GraphView, created, nothing, operation
from recovery_portal.kit import clock

from . import flows, policy
from .models import TemporaryAccessPass, TemporaryAccessPassPolicy
from .queries import find_pass, get_policy, usability

_READ, _WRITE = may_read("TAP"), may_write("TAP")
_VIEW, _ADD, _DELETE = (f"tap.{verb}_temporaryaccesspass" for verb in ("view", "add", "delete"))
_SEGMENT = "temporaryAccessPassMethods"
_REFUSALS = {"own_account": (403, "accessDenied"), "not_permitted": (403, "accessDenied")}


class PassAnswer(serializers.Serializer):
    id = serializers.UUIDField()
    temporaryAccessPass = serializers.CharField(allow_null=True)
    createdDateTime = serializers.DateTimeField()
    startDateTime = serializers.DateTimeField()
    lifetimeInMinutes = serializers.IntegerField()
    isUsableOnce = serializers.BooleanField()
    isUsable = serializers.BooleanField()
    methodUsabilityReason = serializers.ChoiceField(choices=[reason.value for reason in policy.Usability])


class NewPass(Body):
    """All of it optional; what is left out the policy decides."""

    startDateTime = serializers.DateTimeField(required=False, allow_null=True)
    lifetimeInMinutes = serializers.IntegerField(
        required=False, allow_null=True, min_value=policy.SHORTEST_LIFETIME, max_value=policy.LONGEST_LIFETIME
    )
    isUsableOnce = serializers.BooleanField(required=False, allow_null=True)


def shape(record: TemporaryAccessPass, at: datetime) -> dict[str, Any]:
    reason = usability(record, at)
    return {
        "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
        "id": str(record.pk),
        "temporaryAccessPass": None,
        "createdDateTime": stamp(record.created_at),
        "startDateTime": stamp(record.start_at),
        "lifetimeInMinutes": record.lifetime_minutes,
        "isUsableOnce": record.is_usable_once,
        "isUsable": reason is policy.Usability.ENABLED_BY_POLICY,
        "methodUsabilityReason": reason.value,
    }


def _passes(user: User, at: datetime) -> list[dict[str, Any]]:
    record = find_pass(user)
    return [] if record is None else [shape(record, at)]


class Passes(OfPerson):
    refusals = _REFUSALS

    @operation("listTemporaryAccessPassMethods", "List passes", permissions=_READ, role=_VIEW,
               answer=PassAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return _answer_list(self, request, key)

    @operation("createTemporaryAccessPassMethod", "Create pass", permissions=_WRITE, role=_ADD, body=NewPass,
               answer=PassAnswer, status=201)  # fmt: skip
    @sensitive_variables("issued", "body")
    def post(self, request: Request, key: str) -> Response:
        user = self.person(key)
        fields = self.read(NewPass)
        issued = flows.issue(
            user=user,
            issued_by=self.caller.user,
            application=self.caller.application,
            at=self.at,
            lifetime_minutes=fields.get("lifetimeInMinutes"),
            is_usable_once=fields.get("isUsableOnce"),
            start_at=fields.get("startDateTime"),
            correlation_id=self.request_id,
        )
        body = shape(issued.record, self.at) | {"temporaryAccessPass": issued.passcode}
        path_of = f"users('{user.pk}')/authentication/{_SEGMENT}/$entity"
        return created(odata.entity(request._request, path_of, body), f"{request.path}/{issued.record.pk}")


class OnePass(OfPerson):
    refusals = _REFUSALS

    @operation("getTemporaryAccessPassMethod", "Get pass", permissions=_READ, role=_VIEW, answer=PassAnswer)
    def get(self, request: Request, key: str, row_id: str) -> Response:
        return _answer_one(self, request, key, row_id)

    @operation("deleteTemporaryAccessPassMethod", "Delete pass", permissions=_WRITE, role=_DELETE, status=204)
    def delete(self, request: Request, key: str, row_id: str) -> Response:
        user, pass_id = self.person(key), lookup.find_id(row_id)
        if pass_id is None or not flows.withdraw(
            user=user, pass_id=pass_id, by=self.caller.user, application=self.caller.application, at=self.at
        ):
            raise lookup.missing(row_id)
        return nothing()


class MyPasses(OfPerson):
    @operation("listMyTemporaryAccessPassMethods", "List own passes", permissions=OWN, own=True, answer=PassAnswer,
               is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return _answer_list(self, request, None)


class MyPass(OfPerson):
    @operation("getMyTemporaryAccessPassMethod", "Get own pass", permissions=OWN, own=True, answer=PassAnswer)
    def get(self, request: Request, row_id: str) -> Response:
        return _answer_one(self, request, None, row_id)


def _answer_one(view: OfPerson, request: Request, key: str | None, row_id: str) -> Response:
    user = view.person(key)
    found = next((row for row in _passes(user, view.at) if row["id"] == row_id.lower()), None)
    if found is None:
        raise lookup.missing(row_id)
    path_of = f"users('{user.pk}')/authentication/{_SEGMENT}/$entity"
    return Response(odata.entity(request._request, path_of, found))


def _answer_list(view: OfPerson, request: Request, key: str | None) -> Response:
    user = view.person(key)
    path_of = f"users('{user.pk}')/authentication/{_SEGMENT}"
    return Response(odata.whole(request._request, path_of, _passes(user, view.at)))


# --- the policy ----------------------------------------------------------------------------------------------------


class _Target(Body):
    id = serializers.CharField(max_length=64)
    targetType = serializers.ChoiceField(choices=["group"], required=False, default="group")
    isRegistrationRequired = serializers.BooleanField(required=False, default=False)


class PassPolicyChange(Body):
    id = serializers.CharField(required=False)
    state = serializers.ChoiceField(choices=["enabled", "disabled"], required=False)
    minimumLifetimeInMinutes = serializers.IntegerField(source="minimum_lifetime_minutes", required=False)
    maximumLifetimeInMinutes = serializers.IntegerField(source="maximum_lifetime_minutes", required=False)
    defaultLifetimeInMinutes = serializers.IntegerField(source="default_lifetime_minutes", required=False)
    defaultLength = serializers.IntegerField(source="default_length", required=False)
    isUsableOnce = serializers.BooleanField(source="is_usable_once", required=False)
    includeTargets = _Target(many=True, required=False)
    excludeTargets = _Target(many=True, required=False)


class PassPolicyAnswer(policies.ConfigurationAnswer):
    minimumLifetimeInMinutes = serializers.IntegerField()
    maximumLifetimeInMinutes = serializers.IntegerField()
    defaultLifetimeInMinutes = serializers.IntegerField()
    defaultLength = serializers.IntegerField()
    isUsableOnce = serializers.BooleanField()


class PassPolicy(GraphView):
    """``…/authenticationMethodConfigurations/TemporaryAccessPass``."""

    refusals = _REFUSALS

    @operation("getTemporaryAccessPassPolicy", "Get pass policy", permissions=policies.READ,
               role=policies.ROLE_READ, answer=PassPolicyAnswer)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(policies.configuration(request, "TemporaryAccessPass"))

    @operation("updateTemporaryAccessPassPolicy", "Update pass policy", permissions=policies.WRITE,
               role="tap.change_temporaryaccesspasspolicy", body=PassPolicyChange, status=204)  # fmt: skip
    def patch(self, request: Request) -> Response:
        changes = self.read(PassPolicyChange, partial=True)
        changes.pop("id", None)
        if (targets := changes.pop("includeTargets", None)) is not None:
            ids = {target["id"] for target in targets}
            changes["include_all_users"] = "all_users" in ids
            changes["include_groups"] = lookup.groups(ids - {"all_users"})
        if (targets := changes.pop("excludeTargets", None)) is not None:
            changes["exclude_groups"] = lookup.groups({target["id"] for target in targets})
        self._change(changes)
        return nothing()

    @operation("resetTemporaryAccessPassPolicy", "Reset pass policy to its defaults", permissions=policies.WRITE,
               role="tap.change_temporaryaccesspasspolicy", status=204)  # fmt: skip
    def delete(self, request: Request) -> Response:
        defaults = TemporaryAccessPassPolicy()
        names = ("state", "minimum_lifetime_minutes", "maximum_lifetime_minutes", "default_lifetime_minutes",
                 "default_length", "is_usable_once", "include_all_users")  # fmt: skip
        self._change({name: getattr(defaults, name) for name in names} | {"include_groups": [], "exclude_groups": []})
        return nothing()

    def _change(self, changes: Mapping[str, Any]) -> None:
        flows.change_policy(
            changes=changes, changed_by=self.caller.user, application=self.caller.application, at=clock.now()
        )


def _configuration() -> dict[str, Any]:
    row = get_policy()
    included = [{"targetType": "group", "id": "all_users"}] if row.include_all_users else _targets(row.include_groups)
    return {
        "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration",
        "id": "TemporaryAccessPass",
        "state": row.state,
        "defaultLifetimeInMinutes": row.default_lifetime_minutes,
        "defaultLength": row.default_length,
        "minimumLifetimeInMinutes": row.minimum_lifetime_minutes,
        "maximumLifetimeInMinutes": row.maximum_lifetime_minutes,
        "isUsableOnce": row.is_usable_once,
        "excludeTargets": _targets(row.exclude_groups),
        "includeTargets": [target | {"isRegistrationRequired": False} for target in included],
    }


def _targets(groups: Any) -> list[dict[str, Any]]:
    return [{"targetType": "group", "id": str(pk)} for pk in groups.values_list("pk", flat=True)]


faces.registry.methods["temporaryAccessPass"] = _passes
faces.registry.configurations["TemporaryAccessPass"] = _configuration

_METHODS = f"users/<str:key>/authentication/{_SEGMENT}"
urlpatterns = [
    path(f"me/authentication/{_SEGMENT}", MyPasses.as_view()),
    path(f"me/authentication/{_SEGMENT}/<str:row_id>", MyPass.as_view()),
    path(_METHODS, Passes.as_view()),
    path(f"{_METHODS}/<str:row_id>", OnePass.as_view()),
    path(
        "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass",
        PassPolicy.as_view(),
    ),
]
