"""What callers read and write: Graph's camelCase lives here and nowhere else in the room."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.models import AuditEvent, DirectoryGroup, User
from recovery_portal.api.shell import Body, Only


def stamp(moment: datetime | None) -> str | None:
    """A DateTimeOffset as Graph writes it."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class UserAnswer(serializers.Serializer):
    id = serializers.UUIDField(read_only=True)
    userPrincipalName = serializers.CharField()
    displayName = serializers.CharField()
    givenName = serializers.CharField(allow_null=True)
    surname = serializers.CharField(allow_null=True)
    mail = serializers.CharField(allow_null=True)
    otherMails = serializers.ListField(child=serializers.CharField())
    mobilePhone = serializers.CharField(allow_null=True)
    employeeId = serializers.CharField(allow_null=True)
    usageLocation = serializers.CharField(allow_null=True)
    preferredLanguage = serializers.CharField(allow_null=True)
    userType = serializers.CharField()
    accountEnabled = serializers.BooleanField()
    createdDateTime = serializers.DateTimeField()


def user(row: User) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": str(row.pk),
        "userPrincipalName": row.user_principal_name,
        "displayName": row.display_name,
        "givenName": row.given_name or None,
        "surname": row.surname or None,
        "mail": row.mail or None,
        "otherMails": row.other_mails,
        "mobilePhone": row.mobile_phone or None,
        "employeeId": row.employee_id or None,
        "usageLocation": row.usage_location or None,
        "preferredLanguage": row.preferred_language or None,
        "userType": row.user_type,
        "accountEnabled": row.account_enabled,
        "createdDateTime": stamp(row.created_at),
    }


class _Text(serializers.CharField):
    """A text that may be null, which the directory keeps as an empty one; a number or a truth value is no text."""

    def __init__(self, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, allow_blank=True, allow_null=True, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("A string was expected.")
        return super().to_internal_value(data)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, "") if data is None else super().validate_empty_values(data)


class UserChange(Body):
    """Everything optional: the body of a PATCH."""

    userPrincipalName = serializers.CharField(source="user_principal_name", max_length=254, required=False)
    displayName = serializers.CharField(source="display_name", max_length=256, required=False)
    givenName = _Text(128, source="given_name")
    surname = _Text(128)
    mail = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    otherMails = serializers.ListField(
        source="other_mails", child=serializers.EmailField(max_length=254), max_length=20, required=False
    )
    mobilePhone = _Text(32, source="mobile_phone")
    employeeId = _Text(64, source="employee_id")
    usageLocation = _Text(2, source="usage_location")
    preferredLanguage = _Text(16, source="preferred_language")
    userType = serializers.ChoiceField(source="user_type", choices=["Member", "Guest"], required=False)
    accountEnabled = serializers.BooleanField(source="account_enabled", required=False)


class _PasswordProfile(Body):
    password = serializers.CharField(max_length=256, trim_whitespace=False)
    forceChangePasswordNextSignIn = serializers.BooleanField(required=False, default=False)
    forceChangePasswordNextSignInWithMfa = serializers.BooleanField(required=False, default=False)


class NewUser(UserChange):
    """Without a passwordProfile the account has no password: its first way in is a Temporary Access Pass."""

    userPrincipalName = serializers.CharField(source="user_principal_name", max_length=254)
    displayName = serializers.CharField(source="display_name", max_length=256)
    accountEnabled = serializers.BooleanField(source="account_enabled")
    mailNickname = serializers.CharField(max_length=64, required=False)
    passwordProfile = _PasswordProfile(required=False)


class GroupAnswer(serializers.Serializer):
    id = serializers.UUIDField(read_only=True)
    displayName = serializers.CharField()
    description = serializers.CharField(allow_null=True)
    securityEnabled = serializers.BooleanField()
    mailEnabled = serializers.BooleanField()
    groupTypes = serializers.ListField(child=serializers.CharField())


def group(row: DirectoryGroup) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.group",
        "id": str(row.pk),
        "displayName": row.display_name,
        "description": row.description or None,
        "securityEnabled": True,
        "mailEnabled": False,
        "groupTypes": [],
    }


class NewGroup(Body):
    """Security groups only: nothing else is in this directory."""

    displayName = serializers.CharField(max_length=256)
    description = _Text(1024)
    mailEnabled = Only(False, required=False)
    securityEnabled = Only(True, required=False)
    mailNickname = serializers.CharField(max_length=64, required=False)
    groupTypes = serializers.ListField(child=serializers.CharField(), max_length=0, required=False)


class Reference(Body):
    """``{"@odata.id": "…/directoryObjects/{id}"}``."""

    def get_fields(self) -> dict[str, Any]:
        return {"@odata.id": serializers.CharField(max_length=500, source="reference")}


class AuditAnswer(serializers.Serializer):
    id = serializers.UUIDField()
    category = serializers.CharField()
    correlationId = serializers.CharField(allow_null=True)
    result = serializers.ChoiceField(choices=["success", "failure"])
    resultReason = serializers.CharField(allow_null=True)
    activityDisplayName = serializers.CharField()
    activityDateTime = serializers.DateTimeField()
    loggedByService = serializers.CharField()
    operationType = serializers.CharField()
    initiatedBy = serializers.DictField()
    targetResources = serializers.ListField(child=serializers.DictField())
    additionalDetails = serializers.ListField(child=serializers.DictField())


def audit(row: AuditEvent) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "category": row.category,
        "correlationId": row.correlation_id or None,
        "result": row.result,
        "resultReason": row.reason,
        "activityDisplayName": row.activity,
        "activityDateTime": _precise(row.at),
        "loggedByService": row.service,
        "operationType": _OPERATION_TYPES.get(row.activity.split(" ")[0], "Update"),
        "initiatedBy": _initiator(row),
        "targetResources": _targets(row),
        "additionalDetails": [{"key": key, "value": str(value)} for key, value in row.details.items()],
    }


_OPERATION_TYPES = {"Add": "Add", "Delete": "Delete", "Remove": "Delete"}


def _precise(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _initiator(row: AuditEvent) -> dict[str, Any]:
    if row.initiated_by_id is not None:
        return {"user": {"id": str(row.initiated_by_id), "userPrincipalName": row.initiated_by_name}, "app": None}
    if row.initiated_by_name:  # a name without a person: a program
        return {"user": None, "app": {"displayName": row.initiated_by_name}}
    return {"user": None, "app": {"displayName": row.service}}


def _targets(row: AuditEvent) -> list[dict[str, Any]]:
    if row.target_id is None:
        return []
    return [
        {
            "id": str(row.target_id),
            "type": "User",
            "displayName": None,
            "userPrincipalName": row.target_name,
            "modifiedProperties": [],
        }
    ]


class SignInAnswer(serializers.Serializer):
    id = serializers.UUIDField()
    createdDateTime = serializers.DateTimeField()
    userId = serializers.CharField(allow_null=True)
    userPrincipalName = serializers.CharField(allow_null=True)
    appDisplayName = serializers.CharField()
    isInteractive = serializers.BooleanField()
    correlationId = serializers.CharField(allow_null=True)
    status = serializers.DictField()
    authenticationMethodsUsed = serializers.ListField(child=serializers.CharField())


def sign_in(row: AuditEvent) -> dict[str, Any]:
    details: Mapping[str, Any] = row.details
    refused = row.result == AuditEvent.Result.FAILURE
    return {
        "id": str(row.pk),
        "createdDateTime": _precise(row.at),
        "userId": str(row.target_id) if row.target_id else None,
        "userPrincipalName": row.target_name or None,
        "appDisplayName": "Recovery Portal",
        "isInteractive": True,
        "correlationId": row.correlation_id or None,
        "status": {"errorCode": _error_number(row.reason) if refused else 0, "failureReason": row.reason or "Other."},
        "authenticationMethodsUsed": [details["method"]] if "method" in details else [],
    }


def _error_number(reason: str) -> int:
    """The original's number where the reason begins with one (AADSTS130503); else its general refusal."""
    number = reason.removeprefix("AADSTS")
    return int(number) if number.isdigit() and number != reason else 50126
