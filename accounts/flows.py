"""What happens to the methods and sessions of a person, whoever asks for it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts import notices
from accounts.audit import flows as audit
from accounts.errors import LastMethod, MethodNotFound, RegistrationRefused
from accounts.methods import AuthenticationMethod, MethodRow, all_methods, find_method, usable_methods
from accounts.models import User
from accounts.operators import Operator
from accounts.signals import authenticator_registered

SERVICE = "Authentication Methods"
NAME_MAX_LENGTH = 64


def list_methods(*, user: User, at: datetime) -> list[MethodRow]:
    """The rows of Security info, strongest method first."""
    return [row for method in all_methods() for row in method.describe(user, at=at)]


@transaction.atomic
def rename_method(*, user: User, method: str, row_id: str, name: str, at: datetime) -> None:
    """Raises MethodNotFound, RegistrationRefused (an empty name)."""
    old = _get_row(user, method, row_id, at=at)
    _get_method(method).rename(user, row_id=row_id, name=checked_name(name), at=at)
    audit.record(
        activity="User changed security info", at=at, target=user, initiated_by=user, service=SERVICE,
        details={"method": method, "oldName": str(old.label), "newName": checked_name(name)},
    )  # fmt: skip
    notices.send(user=user, notice="method_changed", at=at, context={"method_label": checked_name(name)})


@transaction.atomic
def remove_method(*, user: User, method: str, row_id: str, at: datetime) -> None:
    """Raises MethodNotFound; LastMethod when nothing would be left to sign in with."""
    User.objects.select_for_update().get(pk=user.pk)  # two removals at once must not both be "not the last"
    row = _get_row(user, method, row_id, at=at)
    _get_method(method).remove(user, row_id=row_id, at=at)
    if not row.is_suspended and not has_standing_method(user, at=at):
        raise LastMethod("last_method", f"{user} would have no method left")
    audit.record(
        activity="User deleted security info", at=at, target=user, initiated_by=user, service=SERVICE,
        details={"method": method, "name": str(row.label)},
    )  # fmt: skip
    notices.send(user=user, notice="method_removed", at=at, context={"method_label": str(row.label)})


@transaction.atomic
def change_password(*, user: User, password: str, at: datetime) -> None:
    """Set a password that the form found acceptable; it ends a suspension and every session of the user."""
    user.set_password(password)
    user.password_changed_at = at
    user.password_suspended_at = None
    user.save(update_fields=["password", "password_changed_at", "password_suspended_at"])
    audit.record(activity="User changed password", at=at, target=user, initiated_by=user, service=SERVICE)
    notices.send(user=user, notice="password_changed", at=at)
    end_other_sessions(user=user, at=at)


def announce_registration(*, user: User, method: str, label: str, at: datetime, by: Operator | None = None) -> None:
    """A new method is on file: audit it, tell everybody concerned. Called inside the registering transaction.

    `by` is set where somebody registered it for the user: then it is no sign that the user is back.
    """
    audit.record(
        activity="Admin registered security info" if by else "User registered security information",
        at=at, target=user, initiated_by=by.user if by else user, application=by.application if by else "",
        service=SERVICE, details={"method": method, "name": label},
    )  # fmt: skip
    notices.send(user=user, notice="method_added", at=at, context={"method_label": label})
    if by is None:
        authenticator_registered.send(sender=User, user=user, kind=method, at=at)


@transaction.atomic
def suspend_methods(*, user: User, at: datetime, keep: Collection[str] = ()) -> int:
    """Suspend what the user had, apart from the methods named in `keep`; returns how many proofs were suspended."""
    counts = {m.key: m.suspend(user, at=at) for m in all_methods() if m.key not in keep}
    suspended = {key: count for key, count in counts.items() if count}
    if suspended:
        audit.record(
            activity="Authentication methods suspended", at=at, target=user, service=SERVICE,
            details={key: str(count) for key, count in suspended.items()},
        )  # fmt: skip
        notices.send(user=user, notice="method_suspended", at=at)
    return sum(suspended.values())


@transaction.atomic
def end_other_sessions(*, user: User, at: datetime) -> None:
    """End every session of the user. The door that serves one of them renews it (`update_session_auth_hash`)."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    audit.record(activity="User signed out everywhere", at=at, target=user, service="Core Directory")


def has_standing_method(user: User, *, at: datetime) -> bool:
    return any(method.is_standing for method in usable_methods(user, at=at))


def checked_name(name: str) -> str:
    """What a person calls a method. Raises RegistrationRefused when nothing readable is left of it."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:NAME_MAX_LENGTH]
    if not cleaned:
        raise RegistrationRefused("name_missing", "a method needs a name")
    return cleaned


def _get_method(key: str) -> AuthenticationMethod:
    method = find_method(key)
    if method is None:
        raise MethodNotFound("method_not_found", f"no method {key}")
    return method


def _get_row(user: User, method: str, row_id: str, *, at: datetime) -> MethodRow:
    row = next((row for row in _get_method(method).describe(user, at=at) if row.id == row_id), None)
    if row is None:
        raise MethodNotFound("method_not_found", f"no {method} {row_id}")
    return row
