"""Who acts on somebody else's account, and on whose account they may: the same for the admin site and for the API."""

from dataclasses import dataclass

from accounts.errors import NotPermitted
from accounts.models import User


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A person, or a program by itself: then `user` is None and `application` names it."""

    user: User | None
    application: str = ""


def check_may_manage(operator: Operator, user: User) -> None:
    """Raises NotPermitted (own_account, operator_account).

    Nobody manages their own account as an operator, and operators' accounts are left to those who have every right:
    else who may reset a password would soon have every other right as well.
    """
    if operator.user is not None and operator.user.pk == user.pk:
        raise NotPermitted("own_account", "Operators do not manage their own account.")
    everything = operator.user is not None and operator.user.is_superuser
    if (user.is_staff or user.is_superuser) and not everything:
        raise NotPermitted("operator_account", "Insufficient privileges to manage the account of an operator.")
