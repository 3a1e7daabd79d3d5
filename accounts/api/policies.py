"""``policies/authenticationMethodsPolicy``: the organisation's rules for every method, as each room tells its own."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from recovery_portal.api import odata
from recovery_portal.api.errors import GraphError
from recovery_portal.api.shell import Body, GraphView, nothing, operation

from . import faces, lookup

READ = ("Policy.Read.AuthenticationMethod",)
WRITE = ("Policy.ReadWrite.AuthenticationMethod",)
ROLE_READ = "tap.view_temporaryaccesspasspolicy"


_TELLS: dict[str, Any] = {
    "id": "authenticationMethodsPolicy",
    "displayName": "Authentication Methods Policy",
    "description": "Which methods people of this organisation can register and use.",
    "policyVersion": "1.5",
    "policyMigrationState": "migrationComplete",
    # Nobody is nudged here: what must be registered is said after a recovery, and there it cannot be put off.
    "registrationEnforcement": {
        "authenticationMethodsRegistrationCampaign": {
            "snoozeDurationInDays": 0,
            "state": "disabled",
            "excludeTargets": [],
            "includeTargets": [],
        }
    },
}


class ConfigurationAnswer(serializers.Serializer):
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=["enabled", "disabled"])
    excludeTargets = serializers.ListField(child=serializers.DictField())
    includeTargets = serializers.ListField(child=serializers.DictField())


class PolicyAnswer(serializers.Serializer):
    id = serializers.CharField()
    displayName = serializers.CharField()
    description = serializers.CharField()
    policyVersion = serializers.CharField()
    policyMigrationState = serializers.CharField()
    registrationEnforcement = serializers.DictField()
    authenticationMethodConfigurations = ConfigurationAnswer(many=True)


class PolicyChange(Body):
    id = serializers.CharField(required=False)
    displayName = serializers.CharField(required=False)
    description = serializers.CharField(required=False, allow_blank=True)
    policyVersion = serializers.CharField(required=False)
    policyMigrationState = serializers.CharField(required=False)
    registrationEnforcement = serializers.DictField(required=False)


class MethodsPolicy(GraphView):
    @operation("getAuthenticationMethodsPolicy", "Get authentication methods policy", permissions=READ,
               role=ROLE_READ, answer=PolicyAnswer)  # fmt: skip
    def get(self, request: Request) -> Response:
        body: dict[str, Any] = {
            **_TELLS,
            "authenticationMethodConfigurations": [tell() for tell in faces.registry.configurations.values()],
        }
        return Response(odata.entity(request._request, "policies/authenticationMethodsPolicy/$entity", body))

    @operation("updateAuthenticationMethodsPolicy", "Update authentication methods policy", permissions=WRITE,
               role="tap.change_temporaryaccesspasspolicy", body=PolicyChange, status=204)  # fmt: skip
    def patch(self, request: Request) -> Response:
        """What a client read it may send back; what would change nothing of how people sign in here is refused."""
        change = self.read(PolicyChange, partial=True)
        for name, value in change.items():
            if value != _TELLS.get(name, value):
                raise GraphError(400, f"'{name}' cannot be changed here: each method has a configuration of its own.")
        return nothing()


class Configurations(GraphView):
    @operation("listAuthenticationMethodConfigurations", "List method configurations", permissions=READ,
               role=ROLE_READ, answer=ConfigurationAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(configuration_list(request))


class OneConfiguration(GraphView):
    @operation("getAuthenticationMethodConfiguration", "Get method configuration", permissions=READ, role=ROLE_READ,
               answer=ConfigurationAnswer)  # fmt: skip
    def get(self, request: Request, name: str) -> Response:
        return Response(configuration(request, name))


def configuration_list(request: Request) -> dict[str, Any]:
    rows = [tell() for tell in faces.registry.configurations.values()]
    path = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
    return odata.whole(request._request, path, rows)


def configuration(request: Request, name: str) -> dict[str, Any]:
    """Ids are found without regard to case, as in Graph. Raises GraphError (404)."""
    found = next((tell for key, tell in faces.registry.configurations.items() if key.lower() == name.lower()), None)
    if found is None:
        raise lookup.missing(name)
    path = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/$entity"
    return odata.entity(request._request, path, found())
