"""Finding people."""

from accounts.models import User
from accounts.names import normalise_account_name


def find_user(account_name: str) -> User | None:
    """The enabled account of that name; a disabled one is found no more than an unknown one."""
    return User.objects.filter(user_principal_name=normalise_account_name(account_name), account_enabled=True).first()
