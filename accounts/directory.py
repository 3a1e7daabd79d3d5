"""What operators and programs do with people and groups of the directory. Everything is audited."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.audit import flows as audit
from accounts.errors import DirectoryRefused
from accounts.flows import end_other_sessions
from accounts.models import DirectoryGroup, User
from accounts.names import normalise_account_name
from accounts.operators import Operator, check_may_manage

SERVICE = "Core Directory"
_NAMES = frozenset({"given_name", "surname", "display_name", "mail", "other_mails", "mobile_phone", "employee_id"})
CHANGEABLE = _NAMES | {"usage_location", "preferred_language", "user_type", "account_enabled", "user_principal_name"}


@transaction.atomic
def add_person(*, fields: Mapping[str, Any], password: str | None, by: Operator, at: datetime) -> User:
    """Raises DirectoryRefused (name_taken, name_invalid)."""
    name = _account_name(fields["user_principal_name"])
    rest = {key: value for key, value in fields.items() if key != "user_principal_name"}
    try:
        with transaction.atomic():
            user = User.objects.create_user(name, password, created_at=at, **rest)
    except IntegrityError as error:
        raise _taken() from error
    _note("Add user", by=by, at=at, target=user)
    return user


@transaction.atomic
def change_person(*, user: User, fields: Mapping[str, Any], by: Operator, at: datetime) -> None:
    """Raises DirectoryRefused, NotPermitted. Who is disabled is signed out everywhere."""
    check_may_manage(by, user)
    changes = {name: value for name, value in fields.items() if getattr(user, name) != value}
    if "user_principal_name" in changes:
        changes["user_principal_name"] = _account_name(changes["user_principal_name"])
    for name, value in changes.items():
        setattr(user, name, value)
    if not changes:
        return
    try:
        with transaction.atomic():
            user.save(update_fields=sorted(changes))
    except IntegrityError as error:
        raise _taken() from error
    _note("Update user", by=by, at=at, target=user, changed=", ".join(sorted(changes)))
    if changes.get("account_enabled") is False:
        end_other_sessions(user=user, at=at)


@transaction.atomic
def add_group(*, display_name: str, description: str, by: Operator, at: datetime) -> DirectoryGroup:
    group = DirectoryGroup.objects.create(display_name=display_name, description=description)
    _note_group("Add group", group, by=by, at=at)
    return group


@transaction.atomic
def describe_group(*, group: DirectoryGroup, description: str, by: Operator, at: datetime) -> None:
    group.description = description
    group.save(update_fields=["description"])
    _note_group("Update group", group, by=by, at=at, changed="description")


@transaction.atomic
def add_member(*, group: DirectoryGroup, user: User, by: Operator, at: datetime) -> None:
    """Raises DirectoryRefused (already_a_member)."""
    DirectoryGroup.objects.select_for_update().get(pk=group.pk)
    if group.members.filter(pk=user.pk).exists():
        raise DirectoryRefused(
            "already_a_member", "One or more added object references already exist for the property 'members'."
        )
    group.members.add(user)
    _note_group("Add member to group", group, by=by, at=at, target=user)


@transaction.atomic
def remove_member(*, group: DirectoryGroup, user: User, by: Operator, at: datetime) -> None:
    """Raises DirectoryRefused (not_a_member)."""
    if not group.members.filter(pk=user.pk).exists():
        raise DirectoryRefused("not_a_member", "The user is not a member of the group.")
    group.members.remove(user)
    _note_group("Remove member from group", group, by=by, at=at, target=user)


def _account_name(value: str) -> str:
    name = normalise_account_name(value)
    local, _, domain = name.partition("@")
    if not local or not domain or any(c.isspace() for c in name):
        raise DirectoryRefused("name_invalid", "Property userPrincipalName is invalid.")
    return name


def _taken() -> DirectoryRefused:
    return DirectoryRefused("name_taken", "Another object with the same value for property userPrincipalName exists.")


def _note(activity: str, *, by: Operator, at: datetime, target: User, **details: str) -> None:
    audit.record(
        activity=activity, at=at, target=target, initiated_by=by.user, application=by.application, service=SERVICE,
        details=details,
    )  # fmt: skip


def _note_group(
    activity: str, group: DirectoryGroup, *, by: Operator, at: datetime, target: User | None = None, **details: str
) -> None:
    audit.record(
        activity=activity, at=at, target=target, initiated_by=by.user, application=by.application, service=SERVICE,
        category="GroupManagement", details={"group": group.display_name, "groupId": str(group.pk), **details},
    )  # fmt: skip
