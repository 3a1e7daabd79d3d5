"""What operators and programs do with somebody else's authentication methods."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import notices
from accounts.audit import flows as audit
from accounts.errors import MethodNotFound, PasswordRefused
from accounts.flows import SERVICE, end_other_sessions
from accounts.methods import find_method
from accounts.models import AuthenticatorApp, Passkey, User
from accounts.operators import Operator, check_may_manage_methods
from accounts.passkeys import flows as passkeys
from accounts.signin import authenticator_app

# Without the letters and digits that people misread; five groups of four have 95 bits.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


@transaction.atomic
def withdraw_method(*, user: User, method: str, row_id: str, by: Operator, at: datetime) -> None:
    """Take one of the user's methods away, even the last: what a thief may hold must go, and a pass leads back in.

    Raises NotPermitted, MethodNotFound.
    """
    check_may_manage_methods(by, user)
    found = find_method(method)
    row = next((row for row in found.describe(user, at=at) if row.id == row_id), None) if found else None
    if found is None or row is None:
        raise MethodNotFound("method_not_found", f"no {method} {row_id}")
    found.remove(user, row_id=row_id, at=at)
    audit.record(
        activity="Admin deleted security info", at=at, target=user, initiated_by=by.user, application=by.application,
        service=SERVICE, details={"method": method, "name": str(row.label)},
    )  # fmt: skip
    notices.send(user=user, notice="method_removed", at=at, context={"method_label": str(row.label)})


@transaction.atomic
def reset_password(*, user: User, password: str | None, by: Operator, at: datetime) -> str:
    """Give the user another password, made here unless `password` is; it ends every session. Returns it.

    Raises NotPermitted, PasswordRefused.
    """
    check_may_manage_methods(by, user)
    chosen = password or "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(5))
    try:
        validate_password(chosen, user)
    except ValidationError as error:
        raise PasswordRefused("password_unacceptable", " ".join(error.messages)) from error
    user.set_password(chosen)
    user.password_changed_at = at
    user.password_suspended_at = None
    user.save(update_fields=["password", "password_changed_at", "password_suspended_at"])
    audit.record(
        activity="Reset user password", at=at, target=user, initiated_by=by.user, application=by.application,
        service=SERVICE,
    )  # fmt: skip
    notices.send(user=user, notice="password_changed", at=at)
    end_other_sessions(user=user, at=at)
    return chosen


def begin_passkey(
    *, user: User, by: Operator, asked_by: str, at: datetime, lifetime: timedelta = passkeys.CHALLENGE_LIFETIME
) -> dict[str, Any]:
    """Creation options for a passkey that `by` provisions. Raises NotPermitted, RegistrationRefused."""
    check_may_manage_methods(by, user)
    audit.record(
        activity="Get passkey creation options", at=at, target=user, initiated_by=by.user, application=by.application,
        service=SERVICE,
    )  # fmt: skip
    return passkeys.begin_registration(user=user, browser=asked_by, at=at, lifetime=lifetime)


def provision_passkey(
    *, user: User, credential: Mapping[str, Any], name: str, by: Operator, asked_by: str, at: datetime
) -> Passkey:
    """Keep the passkey that was made from the options. Raises NotPermitted, RegistrationRefused."""
    check_may_manage_methods(by, user)
    # Graph leaves out what WebAuthn's JSON repeats.
    answer = {"rawId": credential.get("id"), "type": "public-key", **credential}
    return passkeys.register(user=user, answer_text=json.dumps(answer), name=name, browser=asked_by, at=at, by=by)


def provision_app(*, user: User, secret: str, by: Operator, at: datetime) -> AuthenticatorApp:
    """Keep the secret of a token that was handed to the user. Raises NotPermitted, RegistrationRefused."""
    check_may_manage_methods(by, user)
    return authenticator_app.provision(user=user, secret=secret, by=by, at=at)
