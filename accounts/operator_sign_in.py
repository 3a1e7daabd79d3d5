"""Whether the admin site opens to a sign-in with a passkey only, and who may say so."""

from datetime import datetime

from django.db import transaction

from accounts.audit import flows as audit
from accounts.errors import NotPermitted
from accounts.models import OperatorSignInPolicy, Passkey, User
from accounts.operators import Operator

PASSKEY = "fido2"


def is_passkey_required() -> bool:
    return OperatorSignInPolicy.objects.filter(passkey_required=True).exists()


@transaction.atomic
def require_passkey(*, required: bool, by: Operator, signed_in_with: str, at: datetime) -> bool:
    """Switch the requirement; False when it was so already.

    Whoever switches it on must be able to come back: signed in with a passkey of their own that is usable. A program,
    which has none, needs somebody with every right who has one. Raises NotPermitted (passkey_missing).
    """
    policy, _made = OperatorSignInPolicy.objects.select_for_update().get_or_create(pk=OperatorSignInPolicy.THE_ROW)
    if policy.passkey_required == required:
        return False
    if required and not _can_come_back(by, signed_in_with):
        raise NotPermitted(
            "passkey_missing", "Register a passkey and sign in with it first: else nobody could undo this."
        )
    policy.passkey_required = required
    policy.save()
    audit.record(
        activity="Operator sign-in policy updated",
        at=at,
        initiated_by=by.user,
        application=by.application,
        service="Authentication Methods",
        category="Policy",
        details={"passkeyRequired": f"{not required} -> {required}".lower()},
    )
    return True


def _can_come_back(by: Operator, signed_in_with: str) -> bool:
    usable = Passkey.objects.usable().filter(user__account_enabled=True)
    if by.user is None:
        return usable.filter(user__is_superuser=True, user__is_staff=True).exists()
    return signed_in_with == PASSKEY and usable.filter(user=by.user).exists()


def is_barred(user: User, *, signed_in_with: str) -> bool:
    """Whether ``user``, signed in like that, is an operator who must come back with a passkey."""
    return user.is_operator and signed_in_with != PASSKEY and is_passkey_required()
