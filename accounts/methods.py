"""What an authentication method is, and which ones this installation has (`settings.AUTHENTICATION_METHODS`).

Rooms below sign-in plug their method in by its dotted path; sign-in and Security info know only this contract.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from recovery_portal.kit import adapters

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from accounts.models import User


@dataclass(frozen=True, kw_only=True)
class RegistrationDuty:
    """The person may go nowhere but Security info until a method is registered; after `until` the session ends.

    `session_until`: when the session ends in any case, also with the duty done (SP 800-63B-4 §2.2.3: a session lives
    no longer than what it was opened with).
    """

    until: datetime | None
    session_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MethodRow:
    """One line of Security info. `detail` is plain text shown beside the label; `id` is unique within the method."""

    method: str
    id: str
    label: "str | _StrPromise"
    detail: "str | _StrPromise" = ""
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    can_rename: bool = False
    can_remove: bool = False
    is_suspended: bool = False


class AuthenticationMethod(Protocol):
    """One way to sign in.

    `key`: stable name, as Graph writes it without the suffix (password, fido2, softwareOath, temporaryAccessPass).
    `label`: the entry under "Choose a way to sign in". `prompt_template`: the page that asks for the proof; it gets
    `account_name`, `method` and `error`, extends "accounts/prompt.html" and fills its block `proof`.
    `strength`: higher is offered first. `is_standing`: whether having it is enough to sign in for good (a pass is not).
    `knows_why`: its `verify` is given the user even where the method is not usable, refuses, and tells operators why.
    """

    key: str
    label: "str | _StrPromise"
    prompt_template: str
    strength: int
    is_standing: bool
    knows_why: bool

    def usable_by(self, user: "User", *, at: datetime) -> bool:
        """Whether the user can sign in with it now."""
        ...

    def verify(self, user: "User | None", form: Mapping[str, str], *, at: datetime) -> None:
        """Check the proof posted from the prompt, inside the sign-in's transaction.

        `form` is what was posted, and under `browser` the secret of this browser's session. Raises MethodRefused; what
        was written until then stays written (a challenge is spent, a failure is counted). For `None` (an unknown
        account) it does the same work and refuses (ASVS 6.3.8).
        """
        ...

    def must_register_after(self, user: "User", *, at: datetime) -> RegistrationDuty | None:
        """What a sign-in with this method obliges to."""
        ...

    def describe(self, user: "User", *, at: datetime) -> Sequence[MethodRow]:
        """The rows of Security info, suspended ones included, removed ones not."""
        ...

    def rename(self, user: "User", *, row_id: str, name: str, at: datetime) -> None:
        """Raises MethodNotFound, also where a row cannot be renamed."""
        ...

    def remove(self, user: "User", *, row_id: str, at: datetime) -> None:
        """Raises MethodNotFound, also where a row cannot be removed. The caller sees to the last usable method."""
        ...

    def suspend(self, user: "User", *, at: datetime) -> int:
        """Make every proof of this method useless until it is set up anew; returns how many were."""
        ...


def all_methods() -> list[AuthenticationMethod]:
    """Strongest first."""
    found: list[AuthenticationMethod] = adapters.load_all("AUTHENTICATION_METHODS")
    return sorted(found, key=lambda method: -method.strength)


def find_method(key: str) -> AuthenticationMethod | None:
    return next((method for method in all_methods() if method.key == key), None)


def usable_methods(user: "User", *, at: datetime) -> list[AuthenticationMethod]:
    """What the user can sign in with now, strongest first."""
    return [method for method in all_methods() if method.usable_by(user, at=at)]
