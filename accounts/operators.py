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
        raise _own_account()
    if user.is_operator and not _has_every_right(operator):
        raise _operators_account()


def check_may_manage_methods(operator: Operator, user: User) -> None:
    """The same for ways to sign in, which somebody may be trusted with for operators, too (the original's Privileged
    Authentication Administrator): but not for who has every right, and no program by itself. Raises NotPermitted."""
    if operator.user is not None and operator.user.pk == user.pk:
        raise _own_account()
    if not user.is_operator or _has_every_right(operator):
        return
    trusted = operator.user is not None and operator.user.has_perm("accounts.manage_methods_of_operators")
    if user.is_superuser or not trusted:
        raise _operators_account()


def _has_every_right(operator: Operator) -> bool:
    return operator.user is not None and operator.user.is_superuser


def _own_account() -> NotPermitted:
    return NotPermitted("own_account", "Operators do not manage their own account.")


def _operators_account() -> NotPermitted:
    return NotPermitted("operator_account", "Insufficient privileges to manage the account of an operator.")
