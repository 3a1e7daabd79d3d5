"""Who is in scope: ``…/authenticationMethodConfigurations/VerifiableCredentials``."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import faces, lookup, policies
from recovery_portal.api.errors import GraphError
from recovery_portal.api.shell import Body, GraphView, nothing, operation
from tap.api import groups_of

from .. import flows
from ..models import RecoveryPolicy, RecoveryProfile
from .profiles import REFUSALS

NAME = "VerifiableCredentials"


class _Excluded(Body):
    id = serializers.CharField(max_length=64)
    targetType = serializers.ChoiceField(choices=["group"], required=False, default="group")


class _Included(_Excluded):
    isRegistrationRequired = serializers.BooleanField(required=False, default=False)
    verifiedIdProfiles = serializers.ListField(child=serializers.UUIDField(), max_length=200)


class ScopeChange(Body):
    """``state`` is read only: recovery is on while a profile is enabled, and switched off by disabling them."""

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
               role="recovery.change_recoveryprofile", body=ScopeChange, status=204)  # fmt: skip
    def patch(self, request: Request) -> Response:
        change = self.read(ScopeChange, partial=True)
        if change.get("state", _state()) != _state():
            raise GraphError(400, "The state follows the profiles: enable or disable those.")
        excluded = change.get("excludeTargets")
        flows.change_scopes(
            scopes=_scopes(change["includeTargets"]) if "includeTargets" in change else None,
            excluded=None if excluded is None else groups_of({target["id"] for target in excluded}),
            by=lookup.operator(self.caller),
            at=self.at,
        )
        return nothing()


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
    return "enabled" if RecoveryProfile.objects.filter(state=RecoveryProfile.State.ENABLED).exists() else "disabled"


def _configuration() -> dict[str, Any]:
    included: dict[str, list[str]] = {}
    for profile in RecoveryProfile.objects.prefetch_related("include_groups"):
        groups = ["all_users"] if profile.include_all_users else []
        for target in [*groups, *(str(group.pk) for group in profile.include_groups.all())]:
            included.setdefault(target, []).append(str(profile.pk))
    policy = RecoveryPolicy.objects.first()
    excluded = policy.excluded_groups.values_list("pk", flat=True) if policy else []
    return {
        "@odata.type": "#microsoft.graph.verifiableCredentialsAuthenticationMethodConfiguration",
        "id": NAME,
        "state": _state(),
        "excludeTargets": [{"targetType": "group", "id": str(group)} for group in excluded],
        "includeTargets": [
            {"targetType": "group", "id": target, "isRegistrationRequired": False, "verifiedIdProfiles": profiles}
            for target, profiles in included.items()
        ],
    }


faces.registry.configurations[NAME] = _configuration

urlpatterns = [
    path(f"policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{NAME}", Scopes.as_view()),
]
