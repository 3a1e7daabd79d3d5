"""The password as a way to sign in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from accounts.errors import MethodNotFound, MethodRefused
from accounts.methods import MethodRow, RegistrationDuty
from accounts.models import User

# Longer input is refused before it is hashed: nobody's password is, and Argon2 reads all of it.
PASSWORD_MAX_LENGTH = 256


class PasswordMethod:
    """Graph calls it passwordAuthenticationMethod. It is changed, never deleted."""

    key = "password"
    label = _("Use your password")
    prompt_template = "accounts/prompt_password.html"
    strength = 60
    is_standing = True
    knows_why = False

    def usable_by(self, user: User, *, at: datetime) -> bool:
        return user.has_usable_password() and user.password_suspended_at is None

    def verify(self, user: User | None, form: Mapping[str, str], *, at: datetime) -> None:
        password = form.get("password", "")[: PASSWORD_MAX_LENGTH + 1]
        if user is None:
            make_password(password)  # one Argon2 run, as for somebody who exists
            raise MethodRefused("wrong_password", "no such account, or it has no password")
        if not user.check_password(password):
            raise MethodRefused("wrong_password", "the password does not match")

    def must_register_after(self, user: User, *, at: datetime) -> RegistrationDuty | None:
        return None

    def describe(self, user: User, *, at: datetime) -> Sequence[MethodRow]:
        if not user.has_usable_password():
            return []
        return [
            MethodRow(
                method=self.key,
                id="password",
                label=_("Password"),
                created_at=user.password_changed_at or user.created_at,
                is_suspended=user.password_suspended_at is not None,
            )
        ]

    def rename(self, user: User, *, row_id: str, name: str, at: datetime) -> None:
        raise MethodNotFound("method_not_found", "a password has no name")

    def remove(self, user: User, *, row_id: str, at: datetime) -> None:
        raise MethodNotFound("method_not_found", "a password is changed, not deleted")

    def suspend(self, user: User, *, at: datetime) -> int:
        if not self.usable_by(user, at=at):
            return 0
        user.password_suspended_at = at
        user.save(update_fields=["password_suspended_at"])
        return 1
