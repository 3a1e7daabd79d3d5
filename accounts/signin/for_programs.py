"""What the token service asks about the sign-in of a person who lets a program act for them."""

from django.http import HttpRequest

from accounts import operator_sign_in
from accounts.methods import find_method
from accounts.models import User
from accounts.signin import session


class SignIns:
    """An adapter of ``recovery_portal.api.refreshing.SignIns``."""

    def method(self, request: HttpRequest) -> str:
        return session.method(request)

    def may_outlive(self, user: User, *, signed_in_with: str) -> bool:
        """Not after a pass, which is no way to stay; not for an operator where operators need a passkey and this was
        none, whenever that was asked for."""
        method = find_method(signed_in_with)
        is_standing = method is not None and method.is_standing
        return is_standing and not operator_sign_in.is_barred(user, signed_in_with=signed_in_with)
