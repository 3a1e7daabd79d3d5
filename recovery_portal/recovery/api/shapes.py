"""``verifiedIdProfile`` as Graph writes it, and as a row here understands it."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework import serializers

from accounts.api import lookup
from accounts.api.shapes import stamp
from recovery_portal.api.shell import Body, Only

from ..flows import find_provider
from ..models import ClaimExtension, RecoveryProfile

_FIRST, _LAST = "vc.credentialSubject.firstName", "vc.credentialSubject.lastName"
_SOURCES = {_FIRST: "First name", _LAST: "Last name"}


def verifier_did() -> str:
    """This portal's address in the form of a DID, as scripts expect the verifier to be named."""
    parts = urlsplit(settings.PORTAL_BASE_URL)
    return "did:web:" + parts.netloc.replace(":", "%3A")


class ClaimBinding(Body):
    matchConfidenceLevel = serializers.ChoiceField(choices=["exact", "relaxed"])
    sourceAttribute = serializers.ChoiceField(choices=sorted(_SOURCES.values()))
    verifiedIdClaim = serializers.ChoiceField(choices=sorted(_SOURCES))


class ClaimValidation(Body):
    """The extension is named by its id; without one nothing can be enabled."""

    isEnabled = serializers.BooleanField()
    customExtensionId = serializers.CharField(allow_blank=True, allow_null=True, required=False, max_length=64)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "isEnabled" not in attrs:  # half of the pair says nothing, not even in a PATCH
            raise serializers.ValidationError({"isEnabled": "This field is required."})
        named = attrs.get("customExtensionId")
        key = lookup.find_id(named) if named else None
        extension = ClaimExtension.objects.filter(pk=key).first() if key else None
        if named and extension is None:
            raise serializers.ValidationError({"customExtensionId": "There is no extension of this id."})
        if attrs["isEnabled"] and extension is None:
            raise serializers.ValidationError({"customExtensionId": "An extension must be named to be enabled."})
        return {"claim_validation_enabled": attrs["isEnabled"], "claim_extension": extension}


class ProfileConfiguration(Body):
    type = serializers.CharField(max_length=64)
    acceptedIssuer = serializers.CharField(max_length=300)
    claimBindingSource = serializers.ChoiceField(choices=["directory"])
    claimBindings = ClaimBinding(many=True)
    claimValidation = ClaimValidation(required=False, allow_null=True)
    # Of beta: what it says when nothing is said, too. Credentials of other kinds recover no account here.
    methodType = serializers.ChoiceField(
        choices=["identityVerificationPartner", "notConfigured"], required=False, allow_null=True
    )

    def validate_acceptedIssuer(self, value: str) -> Any:
        provider = find_provider(value)
        if provider is None:
            raise serializers.ValidationError("No identity verification provider is registered under this issuer.")
        return provider

    def validate_claimBindings(self, value: list[dict[str, Any]]) -> str:
        """Both names are compared, and equally strictly; returns how."""
        if sorted(binding["verifiedIdClaim"] for binding in value) != sorted(_SOURCES):
            raise serializers.ValidationError("First name and last name are bound, each once.")
        if any(binding["sourceAttribute"] != _SOURCES[binding["verifiedIdClaim"]] for binding in value):
            raise serializers.ValidationError("A claim is bound to the attribute of the same name.")
        levels = {binding["matchConfidenceLevel"] for binding in value}
        if len(levels) != 1:
            raise serializers.ValidationError("Both names have the same matchConfidenceLevel.")
        return str(levels.pop())


class FaceCheckConfiguration(Body):
    isEnabled = Only(True)
    sourcePhotoClaimName = serializers.ChoiceField(choices=["portrait"])


class UsageConfiguration(Body):
    isEnabledForTestOnly = serializers.BooleanField()
    purpose = serializers.ChoiceField(choices=["recovery"])


class Profile(Body):
    """A create needs everything but the priority; a PATCH names what changes."""

    id = serializers.UUIDField(read_only=True)
    lastModifiedDateTime = serializers.DateTimeField(read_only=True)
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=2_000, allow_blank=True)
    state = serializers.ChoiceField(choices=["enabled", "disabled"])
    priority = serializers.IntegerField(min_value=0, max_value=2_147_483_647, required=False, allow_null=True)
    verifierDid = serializers.CharField(max_length=300, required=False)
    verifiedIdProfileConfiguration = ProfileConfiguration()
    faceCheckConfiguration = FaceCheckConfiguration()
    verifiedIdUsageConfigurations = UsageConfiguration(many=True)

    def validate_verifierDid(self, value: str) -> str:
        if value not in {verifier_did(), settings.PORTAL_BASE_URL}:
            raise serializers.ValidationError(f"The verifier of this organisation is {verifier_did()}.")
        return value

    def validate_verifiedIdUsageConfigurations(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(value) != 1:
            raise serializers.ValidationError("A profile has one usage: recovery.")
        return value


def fields_of(checked: dict[str, Any]) -> dict[str, Any]:
    """The row's own fields in a validated body."""
    fields: dict[str, Any] = {name: checked[name] for name in ("name", "description", "state") if name in checked}
    if checked.get("priority") is not None:
        fields["priority"] = checked["priority"]
    if configuration := checked.get("verifiedIdProfileConfiguration"):
        if "acceptedIssuer" in configuration:
            fields["provider"] = configuration["acceptedIssuer"]
        if "claimBindings" in configuration:
            fields["match_confidence"] = configuration["claimBindings"]
        fields |= configuration.get("claimValidation") or {}
    for usage in checked.get("verifiedIdUsageConfigurations", []):
        modes = RecoveryProfile.Mode
        fields["mode"] = (modes.EVALUATION if usage["isEnabledForTestOnly"] else modes.PRODUCTION).value
    return fields


def profile(row: RecoveryProfile) -> dict[str, Any]:
    """``row.provider`` is read: select it with the row."""
    return {
        "@odata.type": "#microsoft.graph.verifiedIdProfile",
        "id": str(row.pk),
        "name": row.name,
        "description": row.description,
        "state": row.state,
        "priority": row.priority,
        "verifierDid": verifier_did(),
        "lastModifiedDateTime": stamp(row.modified_at or row.created_at),
        "verifiedIdProfileConfiguration": {
            "type": "verifiedIdentity",
            "acceptedIssuer": row.provider.issuer,
            "claimBindingSource": "directory",
            "claimBindings": [
                {"matchConfidenceLevel": row.match_confidence, "sourceAttribute": source, "verifiedIdClaim": claim}
                for claim, source in _SOURCES.items()
            ],
            "claimValidation": {
                "isEnabled": row.claim_validation_enabled,
                "customExtensionId": str(row.claim_extension_id or ""),
            },
        },
        "faceCheckConfiguration": {"isEnabled": True, "sourcePhotoClaimName": "portrait"},
        "verifiedIdUsageConfigurations": [
            {"isEnabledForTestOnly": row.mode == RecoveryProfile.Mode.EVALUATION, "purpose": "recovery"}
        ],
    }
