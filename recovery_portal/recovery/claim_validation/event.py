"""What an extension is sent. Members stand in the order of the original's documentation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from idv.credentials import strict_json

# The original's own program that calls every extension: what its published samples look for in ``azp``.
CALLER_APP_ID: Final = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
ROLE: Final = "CustomAuthenticationExtension.Receive.Payload"
_RESOURCE_ID = re.compile(
    r"api://(?P<host>[A-Za-z0-9.-]{1,253}(?::\d{1,5})?)/(?P<app>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The directory entry that was named. ``domain`` stands after the @ of its account name."""

    id: str
    user_principal_name: str
    given_name: str
    surname: str
    mail: str
    user_type: str
    created_at: datetime
    employee_id: str

    @property
    def domain(self) -> str:
        return self.user_principal_name.rpartition("@")[2]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One question. ``claims`` are those of the credential, never a picture."""

    tenant_id: str
    app_id: str
    app_object_id: str
    app_name: str
    listener_id: str
    extension_id: str
    correlation_id: str
    client_ip: str
    locale: str
    account: Account
    claims: Mapping[str, str] = field(repr=False)


def body(event: Event) -> bytes:
    """The request body, in UTF-8."""
    return strict_json.dumps(_document(event)).encode()


def _document(event: Event) -> dict[str, Any]:
    account = event.account
    return {
        "type": "microsoft.graph.authenticationEvent.verifiedIdClaimValidation",
        "source": f"/tenants/{event.tenant_id}/applications/{event.app_id}",
        "data": {
            "@odata.type": "microsoft.graph.onVerifiedIdClaimValidationCalloutData",
            "tenantId": event.tenant_id,
            "authenticationEventListenerId": event.listener_id,
            "customAuthenticationExtensionId": event.extension_id,
            "authenticationContext": {
                "correlationId": event.correlation_id,
                "protocol": "OAUTH2",
                "client": {"clientIp": event.client_ip, "locale": event.locale, "market": event.locale},
                "clientServicePrincipal": {
                    "id": event.app_object_id,
                    "appId": event.app_id,
                    "displayName": event.app_name,
                },
                "resourceServicePrincipal": None,
                "user": {
                    "id": account.id,
                    "userPrincipalName": account.user_principal_name,
                    "givenName": account.given_name,
                    "surname": account.surname,
                    "mail": account.mail or None,
                    "onPremisesSamAccountName": None,
                    "userType": account.user_type,
                    "createdDateTime": account.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                },
            },
            "verifiedIdClaimsContext": {
                "identities": [
                    {
                        "issuer": account.domain,
                        "issuerAssignedId": account.user_principal_name,
                        "signInType": "userPrincipalName",
                    }
                ],
                "additionalInfo": {"employeeId": account.employee_id} if account.employee_id else {},
                "claims": _claims(event.claims),
            },
        },
    }


def _claims(claims: Mapping[str, str]) -> dict[str, str]:
    """The original's documentation calls the document's number ``documentId``, its samples read ``documentNumber``."""
    found = dict(claims)
    if "documentNumber" in found:
        found["documentId"] = found["documentNumber"]
    return found


def resource_of(resource_id: str, target_url: str) -> tuple[UUID, bool] | None:
    """The application that a resource id names, and whether it stands on the target's host; None for a malformed id."""
    found = _RESOURCE_ID.fullmatch(resource_id)
    if found is None:
        return None
    try:
        parts = urlsplit(target_url)
        hosts = {(parts.hostname or "").lower(), parts.netloc.lower()}
    except ValueError:
        hosts = set()
    return UUID(found["app"]), found["host"].lower() in hosts
