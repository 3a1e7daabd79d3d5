"""Setting up people, groups, profiles and operators for a test, through the flows that operators use.

Everything may be said again: what exists is changed to be as it is said now.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

import tap.flows as tap
from accounts import directory
from accounts.models import DirectoryGroup, User
from accounts.names import normalise_account_name
from accounts.operators import Operator
from idv.verifier.models import IdentityProvider
from recovery_portal.recovery import roles
from recovery_portal.recovery.flows import configuring
from recovery_portal.recovery.models import ClaimExtension, RecoveryPolicy, RecoveryProfile
from recovery_portal.testing import wishes
from recovery_portal.testing.strict import InputRefused, nearest

_BY: Final = Operator(user=None, application="Control API")
EVERYTHING: Final = "Superuser"


@transaction.atomic
def seed_user(wanted: wishes.NewUser, *, at: datetime) -> User:
    """Raises InputRefused, DirectoryRefused."""
    groups = _groups(wanted.groups)
    fields: dict[str, Any] = {
        "given_name": wanted.given_name,
        "surname": wanted.surname,
        "display_name": wanted.display_name or f"{wanted.given_name} {wanted.surname}".strip(),
        "mail": wanted.user_principal_name if wanted.mail is None else wanted.mail,
        "other_mails": wanted.other_mails,
        "account_enabled": wanted.account_enabled,
        "usage_location": wanted.usage_location,
        "employee_id": wanted.employee_id,
        "mobile_phone": wanted.mobile_phone,
        "preferred_language": wanted.preferred_language,
    }
    _check_lengths(fields | {"user_principal_name": wanted.user_principal_name})
    user = User.objects.filter(user_principal_name=normalise_account_name(wanted.user_principal_name)).first()
    if user is None:
        named = fields | {"user_principal_name": wanted.user_principal_name}
        user = directory.add_person(fields=named, password=wanted.password, by=_BY, at=at)
    else:
        directory.change_person(user=user, fields=fields, by=_BY, at=at)
        user.set_password(wanted.password)
    user.last_sign_in_at = at if wanted.has_signed_in else None
    user.save(update_fields=["password", "last_sign_in_at"])
    user.directory_groups.set(groups)
    return user


def _check_lengths(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        longest = getattr(User._meta.get_field(name), "max_length", None)
        if isinstance(value, str) and longest is not None and len(value) > longest:
            raise InputRefused(f"{name} is longer than {longest} characters.")


@transaction.atomic
def seed_group(wanted: wishes.NewGroup, *, at: datetime) -> DirectoryGroup:
    """Raises InputRefused for a member who does not exist, or a name that two groups have."""
    members = [_user(name) for name in wanted.members]
    group = _find_group(wanted.name)
    if group is None:
        if not 0 < len(wanted.name) <= 256:
            raise InputRefused("name has 1 to 256 characters.")
        group = directory.add_group(display_name=wanted.name, description="", by=_BY, at=at)
    group.members.set(members)
    policy = RecoveryPolicy.objects.get_or_create(id=RecoveryPolicy.THE_ROW)[0]
    if wanted.excluded_from_recovery:
        policy.excluded_groups.add(group)
    else:
        policy.excluded_groups.remove(group)
    return group


@transaction.atomic
def seed_profile(wanted: wishes.NewProfile, *, at: datetime) -> RecoveryProfile:
    """Raises InputRefused, ProfileRefused."""
    if wanted.all_users and wanted.groups:
        raise InputRefused("A profile is for all_users or for groups, not for both.")
    groups = _groups(wanted.groups)
    fields: dict[str, Any] = {
        "description": wanted.description,
        "state": "enabled" if wanted.enabled else "disabled",
        "mode": wanted.mode,
        "match_confidence": wanted.match_confidence,
        "face_check_threshold": wanted.face_check_threshold,
        "include_all_users": wanted.all_users,
        "priority": wanted.priority,
        "provider": _provider(wanted.provider),
        "pass_reveal": wanted.reveal,
        "old_methods": wanted.old_methods,
        "still_head_allowed": wanted.still_head_allowed,
        "claim_extension": _extension(wanted.claims_extension),
        "claim_validation_enabled": bool(wanted.claims_extension),
    }
    if not 0 < len(wanted.name) <= 120:
        raise InputRefused("name has 1 to 120 characters.")
    profile = RecoveryProfile.objects.filter(name=wanted.name).first()
    if profile is None:
        profile = configuring.create_profile(fields={"name": wanted.name, **fields}, by=_BY, at=at)
    else:
        configuring.change_profile(profile=profile, fields=fields, by=_BY, at=at)
    profile.include_groups.set(groups)
    return profile


def set_tap_policy(wanted: wishes.TapPolicy, *, at: datetime) -> None:
    """Raises InputRefused, PolicyInvalid."""
    told = {
        "state": None if wanted.enabled is None else "enabled" if wanted.enabled else "disabled",
        "minimum_lifetime_minutes": wanted.minimum_lifetime_minutes,
        "maximum_lifetime_minutes": wanted.maximum_lifetime_minutes,
        "default_lifetime_minutes": wanted.default_lifetime_minutes,
        "default_length": wanted.default_length,
        "is_usable_once": wanted.is_usable_once,
        "include_all_users": wanted.all_users,
        "include_groups": None if wanted.groups is None else _groups(wanted.groups),
        "exclude_groups": None if wanted.excluded_groups is None else _groups(wanted.excluded_groups),
    }
    changes = {name: value for name, value in told.items() if value is not None}
    tap.change_policy(changes=changes, changed_by=None, application=_BY.application, at=at)


@transaction.atomic
def seed_operator(wanted: wishes.NewOperator, *, at: datetime) -> tuple[User, str]:
    """The operator and a new password. Raises InputRefused for a role that does not exist."""
    known = [EVERYTHING, *roles.ROLES]
    if wanted.role not in known:
        raise InputRefused(f"There is no role {wanted.role!r}; {nearest(wanted.role, known)}")
    roles.provision()
    password = secrets.token_urlsafe(16)
    name = normalise_account_name(wanted.user_principal_name)
    user = User.objects.filter(user_principal_name=name).first()
    if user is None:
        fields = {"user_principal_name": name, "display_name": f"{wanted.role} (test)", "mail": name}
        user = directory.add_person(fields=fields, password=None, by=_BY, at=at)
    user.is_staff, user.is_superuser = True, wanted.role == EVERYTHING
    user.set_password(password)
    user.save(update_fields=["password", "is_staff", "is_superuser"])
    user.groups.set(Group.objects.filter(name=wanted.role))
    return user, password


def introduce_provider() -> IdentityProvider:
    """The installation's own provider as the portal knows it, registered when it was not."""
    return IdentityProvider.objects.get_or_create(
        issuer=settings.PROVIDER_BASE_URL,
        defaults={
            "name": settings.PROVIDER_NAME,
            "client_id": settings.PORTAL_BASE_URL,
            "allowed_vcts": [f"{settings.PROVIDER_BASE_URL}/credentials/VerifiedIdentity"],
        },
    )[0]


def _provider(name: str) -> IdentityProvider:
    own = introduce_provider()
    if not name:
        return own
    found = IdentityProvider.objects.filter(name=name).first()
    if found is None:
        known = IdentityProvider.objects.values_list("name", flat=True)
        raise InputRefused(f"There is no provider {name!r}; {nearest(name, known)}")
    return found


def _extension(name: str) -> ClaimExtension | None:
    if not name:
        return None
    found = ClaimExtension.objects.filter(display_name=name).first()
    if found is None:
        known = ClaimExtension.objects.values_list("display_name", flat=True)
        raise InputRefused(f"There is no claims extension {name!r}; {nearest(name, known)}")
    return found


def _user(name: str) -> User:
    found = User.objects.filter(user_principal_name=normalise_account_name(name)).first()
    if found is None:
        known = User.objects.values_list("user_principal_name", flat=True)[:200]
        raise InputRefused(f"There is no user {name!r}; {nearest(name, known)}")
    return found


def find_user(name: str) -> User | None:
    return User.objects.filter(user_principal_name=normalise_account_name(name)).first()


def _groups(names: Sequence[str]) -> list[DirectoryGroup]:
    found = []
    for name in names:
        group = _find_group(name)
        if group is None:
            known = DirectoryGroup.objects.values_list("display_name", flat=True)[:200]
            raise InputRefused(f"There is no group {name!r}; {nearest(name, known)}")
        found.append(group)
    return found


def _find_group(name: str) -> DirectoryGroup | None:
    found = list(DirectoryGroup.objects.filter(display_name=name)[:2])
    if len(found) > 1:
        raise InputRefused(f"Two groups are named {name!r}.")
    return found[0] if found else None
