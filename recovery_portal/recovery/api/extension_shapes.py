"""Extensions and listeners as Graph writes them."""

from typing import Any

from rest_framework import serializers

from accounts.api import lookup
from recovery_portal.api.shell import Body

from ..models import ClaimExtension, ExtensionListener
from ..models.extension import LONGEST_TIMEOUT_MS, MOST_RETRIES, SHORTEST_TIMEOUT_MS

_EXTENSION = "#microsoft.graph.onVerifiedIdClaimValidationCustomExtension"
_LISTENER = "#microsoft.graph.onVerifiedIdClaimValidationListener"
_HANDLER = "#microsoft.graph.onVerifiedIdClaimValidationCustomExtensionHandler"
_ENDPOINT = "#microsoft.graph.httpRequestEndpoint"
_TOKEN = "#microsoft.graph.azureAdTokenAuthentication"  # noqa: S105 - a type
_CLIENT = "#microsoft.graph.customExtensionClientConfiguration"


class Typed(Body):
    """A body whose ``@odata.type``, where the caller writes one, must be the one kind there is here."""

    kind = ""

    def to_internal_value(self, data: Any) -> Any:
        said = data.get("@odata.type") if isinstance(data, dict) else None
        if said is not None and (not isinstance(said, str) or said.removeprefix("#") != self.kind.removeprefix("#")):
            raise serializers.ValidationError({"non_field_errors": [f"The type here is {self.kind}."]})
        return super().to_internal_value(data)


class ClientConfiguration(Typed):
    kind = _CLIENT
    timeoutInMilliseconds = serializers.IntegerField(
        min_value=SHORTEST_TIMEOUT_MS, max_value=LONGEST_TIMEOUT_MS, required=False, allow_null=True
    )
    maximumRetries = serializers.IntegerField(min_value=0, max_value=MOST_RETRIES, required=False, allow_null=True)


class Endpoint(Typed):
    kind = _ENDPOINT
    targetUrl = serializers.CharField(max_length=400)


class TokenAuthentication(Typed):
    kind = _TOKEN
    resourceId = serializers.CharField(max_length=400)


class NoBehavior(serializers.CharField):
    """``behaviorOnError`` is null: an error is a refusal, whatever anybody would rather have."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        raise serializers.ValidationError("The value must currently be null.")


class Extension(Typed):
    kind = _EXTENSION
    id = serializers.UUIDField(read_only=True)
    displayName = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=1024, allow_blank=True, required=False, allow_null=True)
    endpointConfiguration = Endpoint()
    authenticationConfiguration = TokenAuthentication()
    clientConfiguration = ClientConfiguration(required=False, allow_null=True)
    behaviorOnError = NoBehavior()


class ApplicationReference(Body):
    appId = serializers.CharField(max_length=64)


class Applications(Body):
    includeAllApplications = serializers.BooleanField(required=False)
    includeApplications = ApplicationReference(many=True, required=False)


class Conditions(Body):
    applications = Applications(required=False, allow_null=True)


class ExtensionReference(Body):
    id = serializers.CharField(max_length=64)

    def validate_id(self, value: str) -> Any:
        key = lookup.find_id(value)
        extension = ClaimExtension.objects.filter(pk=key).first() if key else None
        if extension is None:
            raise serializers.ValidationError("There is no custom authentication extension of this id.")
        return extension


class HandlerConfiguration(Body):
    clientConfiguration = ClientConfiguration(required=False, allow_null=True)
    behaviorOnError = NoBehavior()


class Handler(Typed):
    kind = _HANDLER
    customExtension = ExtensionReference()
    configuration = HandlerConfiguration(required=False, allow_null=True)


class Listener(Typed):
    kind = _LISTENER
    id = serializers.UUIDField(read_only=True)
    displayName = serializers.CharField(max_length=120, required=False, allow_blank=True, allow_null=True)
    priority = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)
    conditions = Conditions(required=False, allow_null=True)
    authenticationEventsFlowId = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)
    handler = Handler()


def extension_fields(checked: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "displayName" in checked:
        fields["display_name"] = checked["displayName"]
    if "description" in checked:
        fields["description"] = checked["description"] or ""
    if "targetUrl" in checked.get("endpointConfiguration", {}):
        fields["target_url"] = checked["endpointConfiguration"]["targetUrl"]
    if "resourceId" in checked.get("authenticationConfiguration", {}):
        fields["resource_id"] = checked["authenticationConfiguration"]["resourceId"]
    for name, value in _client_fields(checked).items():
        if value is not None:
            fields[name] = value
    return fields


def _client_fields(checked: dict[str, Any]) -> dict[str, Any]:
    client = checked.get("clientConfiguration") or {}
    names = {"timeoutInMilliseconds": "timeout_ms", "maximumRetries": "maximum_retries"}
    return {names[name]: value for name, value in client.items() if name in names}


def listener_fields(checked: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "displayName" in checked:
        fields["display_name"] = checked["displayName"] or ""
    if "priority" in checked:
        fields["priority"] = checked["priority"]
    if "authenticationEventsFlowId" in checked:
        fields["events_flow_id"] = checked["authenticationEventsFlowId"] or ""
    applications = (checked.get("conditions") or {}).get("applications") or {}
    if "includeAllApplications" in applications:
        fields["include_all_applications"] = applications["includeAllApplications"]
    if "includeApplications" in applications:
        named = [application["appId"] for application in applications["includeApplications"]]
        fields["include_applications"] = named
        if "includeAllApplications" not in applications:
            fields["include_all_applications"] = False
    handler = checked.get("handler") or {}
    if "customExtension" in handler:
        fields["extension"] = handler["customExtension"]["id"]
    fields |= _client_fields(handler.get("configuration") or {})
    return fields


def extension(row: ClaimExtension) -> dict[str, Any]:
    return {
        "@odata.type": _EXTENSION,
        "id": str(row.pk),
        "displayName": row.display_name,
        "description": row.description,
        "behaviorOnError": None,
        "endpointConfiguration": {"@odata.type": _ENDPOINT, "targetUrl": row.target_url},
        "authenticationConfiguration": {"@odata.type": _TOKEN, "resourceId": row.resource_id},
        "clientConfiguration": {"timeoutInMilliseconds": row.timeout_ms, "maximumRetries": row.maximum_retries},
    }


def listener(row: ExtensionListener) -> dict[str, Any]:
    """``row.extension`` is read: select it with the row."""
    own = {"timeoutInMilliseconds": row.timeout_ms, "maximumRetries": row.maximum_retries}
    configured = any(value is not None for value in own.values())
    return {
        "@odata.type": _LISTENER,
        "id": str(row.pk),
        "displayName": row.display_name,
        "priority": row.priority,
        "authenticationEventsFlowId": row.events_flow_id or None,
        "conditions": {
            "applications": {
                "includeAllApplications": row.include_all_applications,
                "includeApplications": [{"appId": app_id} for app_id in row.include_applications],
            }
        },
        "handler": {
            "@odata.type": _HANDLER,
            "customExtension": {"id": str(row.extension_id)},
            "configuration": {"clientConfiguration": own, "behaviorOnError": None} if configured else None,
        },
    }
