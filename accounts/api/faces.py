"""How each kind of method, and its policy, looks in Graph. Rooms that plug a method in plug its face in, too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import AuthenticatorApp, Passkey, User
from accounts.passkeys.policy import get_policy

from .shapes import stamp

# Graph gives everybody's password the same id.
PASSWORD_ID = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105 - an object id

Face = Callable[[User, datetime], Sequence[dict[str, Any]]]
Configuration = Callable[[], dict[str, Any]]


@dataclass
class Registry:
    """`methods`: method key to face. `configurations`: Graph's id of a method's policy to what it says."""

    methods: dict[str, Face] = field(default_factory=dict)
    configurations: dict[str, Configuration] = field(default_factory=dict)


registry = Registry()


def passkey(row: Passkey) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
        "id": str(row.pk),
        "displayName": row.name,
        "createdDateTime": stamp(row.created_at),
        "aaGuid": row.aaguid or None,
        "model": None,
        "attestationCertificates": [],
        "attestationLevel": "notAttested",  # we ask for no attestation
        "passkeyType": row.kind,
    }


def authenticator_app(row: AuthenticatorApp) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.softwareOathAuthenticationMethod",
        "id": str(row.pk),
        "secretKey": None,
        "createdDateTime": stamp(row.created_at),
    }


def password(user: User) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": PASSWORD_ID,
        "password": None,
        "createdDateTime": stamp(user.password_changed_at or user.created_at),
    }


def passkeys(user: User, at: datetime) -> list[dict[str, Any]]:
    """Suspended ones are not methods any more: nobody signs in with them."""
    return [passkey(row) for row in user.passkeys.usable()]


def authenticator_apps(user: User, at: datetime) -> list[dict[str, Any]]:
    return [authenticator_app(row) for row in user.authenticator_apps.usable()]


def passwords(user: User, at: datetime) -> list[dict[str, Any]]:
    return [password(user)] if user.has_usable_password() and user.password_suspended_at is None else []


def _everybody() -> list[dict[str, Any]]:
    return [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}]


def _fido2() -> dict[str, Any]:
    policy = get_policy()
    is_kept = not policy._state.adding
    return {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "id": "Fido2",
        "state": policy.state,
        "isSelfServiceRegistrationAllowed": policy.self_service_allowed,
        "isAttestationEnforced": False,
        "keyRestrictions": {
            "isEnforced": policy.restricts_models,
            "enforcementType": policy.enforcement,
            "aaGuids": policy.aaguids,
        },
        "excludeTargets": _groups(policy.exclude_groups) if is_kept else [],
        "includeTargets": _everybody()
        if policy.include_all_users
        else [target | {"isRegistrationRequired": False} for target in _groups(policy.include_groups)],
    }


def _groups(rows: Any) -> list[dict[str, Any]]:
    return [{"targetType": "group", "id": str(pk)} for pk in rows.values_list("pk", flat=True)]


def _software_oath() -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.softwareOathAuthenticationMethodConfiguration",
        "id": "SoftwareOath",
        "state": "enabled",
        "excludeTargets": [],
        "includeTargets": _everybody(),
    }


registry.methods |= {"password": passwords, "fido2": passkeys, "softwareOath": authenticator_apps}
registry.configurations |= {"Fido2": _fido2, "SoftwareOath": _software_oath}
