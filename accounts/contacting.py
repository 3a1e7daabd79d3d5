"""What operators and programs do with the phone numbers and the mail address of somebody else."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import notices
from accounts.audit import flows as audit
from accounts.errors import ContactRefused
from accounts.flows import SERVICE
from accounts.models import ContactMethod, User
from accounts.operators import Operator, check_may_manage_methods


@transaction.atomic
def add_contact(*, user: User, kind: str, value: str, by: Operator, at: datetime) -> ContactMethod:
    """Raises NotPermitted, ContactRefused (kind_taken, mobile_missing)."""
    check_may_manage_methods(by, user)
    kinds = ContactMethod.Kind
    if kind == kinds.ALTERNATE_MOBILE and not user.contact_methods.filter(kind=kinds.MOBILE).exists():
        raise ContactRefused("mobile_missing", "An alternate mobile phone needs a mobile phone.")
    try:
        with transaction.atomic():
            made = ContactMethod.objects.create(user=user, kind=kind, value=value, created_at=at)
    except IntegrityError as error:
        raise ContactRefused("kind_taken", f"There is a method of the type {kind} already.") from error
    _note("Admin registered security info", user, kind, by=by, at=at)
    return made


@transaction.atomic
def change_contact(*, user: User, kind: str, value: str, by: Operator, at: datetime) -> None:
    """Raises NotPermitted, ContactRefused (contact_not_found). The address that goes is told of it, too."""
    check_may_manage_methods(by, user)
    if kind == ContactMethod.Kind.EMAIL:
        _tell(user, at=at)  # while the old address is on file
    if not user.contact_methods.filter(kind=kind).update(value=value):
        raise _absent(kind)
    _note("Admin updated security info", user, kind, by=by, at=at)


@transaction.atomic
def remove_contact(*, user: User, kind: str, by: Operator, at: datetime) -> None:
    """Raises NotPermitted, ContactRefused (contact_not_found, mobile_needed)."""
    check_may_manage_methods(by, user)
    kinds = ContactMethod.Kind
    if kind == kinds.MOBILE and user.contact_methods.filter(kind=kinds.ALTERNATE_MOBILE).exists():
        raise ContactRefused("mobile_needed", "Delete the alternate mobile phone first.")
    if not user.contact_methods.filter(kind=kind).delete()[0]:
        raise _absent(kind)
    _note("Admin deleted security info", user, kind, by=by, at=at)


def _note(activity: str, user: User, kind: str, *, by: Operator, at: datetime) -> None:
    audit.record(
        activity=activity, at=at, target=user, initiated_by=by.user, application=by.application, service=SERVICE,
        details={"method": "email" if kind == ContactMethod.Kind.EMAIL else "phone", "type": kind},
    )  # fmt: skip
    _tell(user, at=at)


def _tell(user: User, *, at: datetime) -> None:
    notices.send(user=user, notice="contact_changed", at=at)


def _absent(kind: str) -> ContactRefused:
    return ContactRefused("contact_not_found", f"There is no method of the type {kind}.")
