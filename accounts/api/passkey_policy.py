"""``…/authenticationMethodConfigurations/Fido2``."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.passkeys import policing
from recovery_portal.api.shell import Body, GraphView, Only, nothing, operation

from . import lookup, policies

ROLE_WRITE = "accounts.change_passkeypolicy"


class Target(Body):
    id = serializers.CharField(max_length=64)
    targetType = serializers.ChoiceField(choices=["group"], required=False, default="group")
    isRegistrationRequired = Only(False, required=False)


class KeyRestrictions(Body):
    isEnforced = serializers.BooleanField(required=False)
    enforcementType = serializers.ChoiceField(choices=["allow", "block"], required=False)
    aaGuids = serializers.ListField(child=serializers.UUIDField(), max_length=200, required=False)


class Fido2Change(Body):
    """Attestation is not asked for, so that it cannot be enforced."""

    id = serializers.CharField(required=False)
    state = serializers.ChoiceField(choices=["enabled", "disabled"], required=False)
    isSelfServiceRegistrationAllowed = serializers.BooleanField(required=False)
    isAttestationEnforced = Only(False, required=False)
    keyRestrictions = KeyRestrictions(required=False)
    includeTargets = Target(many=True, required=False)
    excludeTargets = Target(many=True, required=False)


class Fido2Answer(policies.ConfigurationAnswer):
    isSelfServiceRegistrationAllowed = serializers.BooleanField()
    isAttestationEnforced = serializers.BooleanField()
    keyRestrictions = serializers.DictField()


_PLAIN = {"state": "state", "isSelfServiceRegistrationAllowed": "self_service_allowed"}
_RESTRICTIONS = {"isEnforced": "restricts_models", "enforcementType": "enforcement"}


class Fido2Policy(GraphView):
    @operation("getFido2Policy", "Get passkey policy", permissions=policies.READ, role=policies.ROLE_READ,
               answer=Fido2Answer)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(policies.configuration(request, "Fido2"))

    @operation("updateFido2Policy", "Update passkey policy", permissions=policies.WRITE, role=ROLE_WRITE,
               body=Fido2Change, status=204)  # fmt: skip
    def patch(self, request: Request) -> Response:
        change = self.read(Fido2Change, partial=True)
        changes: dict[str, Any] = {column: change[name] for name, column in _PLAIN.items() if name in change}
        restrictions = change.get("keyRestrictions", {})
        changes |= {column: restrictions[name] for name, column in _RESTRICTIONS.items() if name in restrictions}
        if "aaGuids" in restrictions:
            changes["aaguids"] = sorted({str(aaguid) for aaguid in restrictions["aaGuids"]})
        if "includeTargets" in change:
            ids = {target["id"] for target in change["includeTargets"]}
            changes |= {
                "include_all_users": "all_users" in ids,
                "include_groups": lookup.groups(ids - {"all_users"}),
            }
        if "excludeTargets" in change:
            changes["exclude_groups"] = lookup.groups({target["id"] for target in change["excludeTargets"]})
        policing.change_policy(changes=changes, by=lookup.operator(self.caller), at=self.at)
        return nothing()
