"""``policies/authenticationMethodsPolicy``: the organisation's rules for every method, as each room tells its own."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from recovery_portal.api import odata
from recovery_portal.api.shell import GraphView, operation

from . import faces, lookup

READ = ("Policy.Read.AuthenticationMethod",)
WRITE = ("Policy.ReadWrite.AuthenticationMethod",)
ROLE_READ = "tap.view_temporaryaccesspasspolicy"


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
    authenticationMethodConfigurations = ConfigurationAnswer(many=True)


class MethodsPolicy(GraphView):
    @operation("getAuthenticationMethodsPolicy", "Get authentication methods policy", permissions=READ,
               role=ROLE_READ, answer=PolicyAnswer)  # fmt: skip
    def get(self, request: Request) -> Response:
        body: dict[str, Any] = {
            "id": "authenticationMethodsPolicy",
            "displayName": "Authentication Methods Policy",
            "description": "Which methods people of this organisation can register and use.",
            "policyVersion": "1.5",
            "policyMigrationState": "migrationComplete",
            "authenticationMethodConfigurations": [tell() for tell in faces.registry.configurations.values()],
        }
        return Response(odata.entity(request._request, "policies/authenticationMethodsPolicy/$entity", body))


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
