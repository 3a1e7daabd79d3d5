"""Who is in scope: ``…/authenticationMethodConfigurations/VerifiableCredentials``."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import faces, lookup, policies
from recovery_portal.api import odata
from recovery_portal.api.errors import GraphError
from recovery_portal.api.shell import Body, GraphView, created, nothing, operation

from .. import flows, queries
from ..models import RecoveryPolicy, RecoveryProfile
from .profiles import REFUSALS

NAME = "VerifiableCredentials"
ROLE_WRITE = "recovery.change_recoveryprofile"
_ADDRESS = f"policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{NAME}"
_PATH = f"{_ADDRESS}/includeTargets"


class _Excluded(Body):
    id = serializers.CharField(max_length=64)
    targetType = serializers.ChoiceField(choices=["group"], required=False, default="group")


class _Included(_Excluded):
    isRegistrationRequired = serializers.BooleanField(required=False, default=False)
    verifiedIdProfiles = serializers.ListField(child=serializers.UUIDField(), max_length=200)


class TargetChange(Body):
    id = serializers.CharField(required=False)
    targetType = serializers.ChoiceField(choices=["group"], required=False)
    isRegistrationRequired = serializers.BooleanField(required=False)
    verifiedIdProfiles = serializers.ListField(child=serializers.UUIDField(), max_length=200, required=False)


class TargetAnswer(serializers.Serializer):
    id = serializers.CharField()
    targetType = serializers.ChoiceField(choices=["group"])
    isRegistrationRequired = serializers.BooleanField()
    verifiedIdProfiles = serializers.ListField(child=serializers.UUIDField())


class ScopeChange(Body):
    """``state`` "disabled" stops recovery for everybody at once; the profiles and their own states stay as they are."""

    id = serializers.CharField(required=False)
    state = serializers.ChoiceField(choices=["enabled", "disabled"], required=False)
    includeTargets = _Included(many=True, required=False)
    excludeTargets = _Excluded(many=True, required=False)


class Scopes(GraphView):
    refusals = REFUSALS

    @operation("getVerifiableCredentialsPolicy", "Get recovery scope", permissions=policies.READ,
               role=policies.ROLE_READ, answer=policies.ConfigurationAnswer)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(policies.configuration(request, NAME))

    @operation("updateVerifiableCredentialsPolicy", "Update recovery scope", permissions=policies.WRITE,
               role=ROLE_WRITE, body=ScopeChange, status=204)  # fmt: skip
    def patch(self, request: Request) -> Response:
        change = self.read(ScopeChange, partial=True)
        excluded = change.get("excludeTargets")
        flows.change_scopes(
            scopes=_scopes(change["includeTargets"]) if "includeTargets" in change else None,
            excluded=None if excluded is None else lookup.groups({target["id"] for target in excluded}),
            stopped=change["state"] == "disabled" if "state" in change else None,
            by=lookup.operator(self.caller),
            at=self.at,
        )
        return nothing()


class IncludeTargets(GraphView):
    """``…/includeTargets``: one group, or everybody, and the profiles under which it recovers."""

    refusals = REFUSALS

    @operation("listIncludeTargets", "List groups in recovery scope", permissions=policies.READ,
               role=policies.ROLE_READ, answer=TargetAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(odata.whole(request._request, _PATH, _included()))

    @operation("createIncludeTarget", "Put a group in recovery scope", permissions=policies.WRITE, role=ROLE_WRITE,
               body=_Included, answer=TargetAnswer, status=201)  # fmt: skip
    def post(self, request: Request) -> Response:
        target = self.read(_Included)
        if any(known["id"] == target["id"].lower() for known in _included()):
            raise GraphError(409, "This group is in scope. Change its profiles instead.")
        _put(self, target["id"], target["verifiedIdProfiles"])
        body = _find(target["id"])
        return created(odata.entity(request._request, f"{_PATH}/$entity", body), f"{request.path}/{body['id']}")


class OneIncludeTarget(GraphView):
    refusals = REFUSALS

    @operation("getIncludeTarget", "Get a group in recovery scope", permissions=policies.READ,
               role=policies.ROLE_READ, answer=TargetAnswer)  # fmt: skip
    def get(self, request: Request, target: str) -> Response:
        return Response(odata.entity(request._request, f"{_PATH}/$entity", _find(target)))

    @operation("updateIncludeTarget", "Change a group's profiles", permissions=policies.WRITE, role=ROLE_WRITE,
               body=TargetChange, answer=TargetAnswer)  # fmt: skip
    def patch(self, request: Request, target: str) -> Response:
        found = _find(target)
        change = self.read(TargetChange, partial=True)
        if "verifiedIdProfiles" in change:
            _put(self, found["id"], change["verifiedIdProfiles"])
        return Response(odata.entity(request._request, f"{_PATH}/$entity", _find(target)))

    @operation("deleteIncludeTarget", "Take a group out of recovery scope", permissions=policies.WRITE,
               role=ROLE_WRITE, status=204)  # fmt: skip
    def delete(self, request: Request, target: str) -> Response:
        _put(self, _find(target)["id"], [])
        return nothing()


def _put(view: GraphView, target: str, profiles: list[UUID]) -> None:
    """This target is in scope of these profiles, and of no others."""
    others = [known for known in _included() if known["id"] != target.lower()]
    targets = [
        {"id": known["id"], "verifiedIdProfiles": [UUID(key) for key in known["verifiedIdProfiles"]]}
        for known in others
    ]
    targets.append({"id": target, "verifiedIdProfiles": profiles})
    flows.change_scopes(scopes=_scopes(targets), excluded=None, by=lookup.operator(view.caller), at=view.at)


def _find(target: str) -> dict[str, Any]:
    found = next((known for known in _included() if known["id"] == target.lower()), None)
    if found is None:
        raise lookup.missing(target)
    return found


def _scopes(targets: list[dict[str, Any]]) -> dict[UUID, flows.Scope]:
    """From "this group recovers under these profiles" to "this profile includes these groups"."""
    everybody: set[UUID] = set()
    groups: dict[UUID, set[UUID]] = {}
    for target in targets:
        for profile in target["verifiedIdProfiles"]:
            groups.setdefault(profile, set())
            if target["id"] == "all_users":
                everybody.add(profile)
            elif group := lookup.find_id(target["id"]):
                groups[profile].add(group)
            else:
                raise GraphError(400, "A target is neither all_users nor a group of the directory.")
    return {
        profile: flows.Scope(everybody=profile in everybody, groups=frozenset(found))
        for profile, found in groups.items()
    }


def _state() -> str:
    """Of the method as a whole; each profile has one of its own besides."""
    return "disabled" if queries.is_stopped() else "enabled"


def _included() -> list[dict[str, Any]]:
    included: dict[str, list[str]] = {}
    for profile in RecoveryProfile.objects.prefetch_related("include_groups"):
        groups = ["all_users"] if profile.include_all_users else []
        for target in [*groups, *(str(group.pk) for group in profile.include_groups.all())]:
            included.setdefault(target, []).append(str(profile.pk))
    return [
        {"targetType": "group", "id": target, "isRegistrationRequired": False, "verifiedIdProfiles": profiles}
        for target, profiles in included.items()
    ]


def _configuration() -> dict[str, Any]:
    policy = RecoveryPolicy.objects.first()
    excluded = policy.excluded_groups.values_list("pk", flat=True) if policy else []
    return {
        "@odata.type": "#microsoft.graph.verifiableCredentialsAuthenticationMethodConfiguration",
        "id": NAME,
        "state": _state(),
        "excludeTargets": [{"targetType": "group", "id": str(group)} for group in excluded],
        "includeTargets": _included(),
    }


faces.registry.configurations[NAME] = _configuration

urlpatterns = [
    path(_ADDRESS, Scopes.as_view()),
    path(f"{_ADDRESS}/includeTargets", IncludeTargets.as_view()),
    path(f"{_ADDRESS}/includeTargets/<str:target>", OneIncludeTarget.as_view()),
]
