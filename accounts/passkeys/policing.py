"""The passkey policy: changed by operators, asked before a passkey is made, kept or used."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.audit import flows as audit
from accounts.errors import MethodRefused, PolicyRefused, RegistrationRefused
from accounts.models import DirectoryGroup, Passkey, User
from accounts.operator_sign_in import is_passkey_required
from accounts.operators import Operator
from accounts.passkeys.policy import PasskeyPolicy, get_policy

_GROUPS = frozenset({"include_groups", "exclude_groups"})


def check_may_register(user: User) -> None:
    """Raises RegistrationRefused (method_disabled, not_in_scope, self_service_off); whoever registers it for the user,
    as in the original."""
    policy = get_policy()
    code = policy.complaint_about(user.pk) or ("" if policy.self_service_allowed else "self_service_off")
    if code:
        raise RegistrationRefused(code, "The passkey policy does not let this person register a passkey.")


def check_may_keep(user: User, aaguid: str) -> None:
    """Asked again when the passkey is there: the policy may have changed, and its model is known only now. Raises
    RegistrationRefused (the above, model_not_allowed)."""
    check_may_register(user)
    if not get_policy().allows_model(aaguid):
        raise RegistrationRefused("model_not_allowed", f"The passkey policy does not allow the model {aaguid}.")


def check_may_use(passkey: Passkey) -> None:
    """Raises MethodRefused (blocked_by_policy): the original's FidoBlockedByPolicy (135016)."""
    policy = get_policy()
    if policy.complaint_about(passkey.user_id) or not policy.allows_model(passkey.aaguid):
        raise MethodRefused("blocked_by_policy", "the passkey policy does not let it be used")


@transaction.atomic
def change_policy(*, changes: Mapping[str, Any], by: Operator, at: datetime) -> None:
    """Set fields of the policy; groups are given as lists. Raises PolicyRefused (operators_locked_out)."""
    policy, _made = PasskeyPolicy.objects.select_for_update().get_or_create(pk=PasskeyPolicy.THE_ROW)
    words: dict[str, str] = {}
    for name, value in changes.items():
        before = getattr(policy, name)
        if name in _GROUPS:
            words[name] = f"{_names(before.all())} -> {_names(value)}"
            before.set(value)
        else:
            words[name] = f"{before} -> {value}"
            setattr(policy, name, value)
    policy.save()
    is_for_all = policy.state == PasskeyPolicy.State.ENABLED and policy.include_all_users
    if is_passkey_required() and not (
        is_for_all and not policy.restricts_models and not policy.exclude_groups.exists()
    ):
        raise PolicyRefused(
            "operators_locked_out", "Operators must sign in with a passkey: a narrower policy could lock them out."
        )
    audit.record(
        activity="Authentication Methods Policy Update", at=at, initiated_by=by.user, application=by.application,
        service="Authentication Methods", category="ApplicationManagement", details={"policy": "Fido2", **words},
    )  # fmt: skip


def _names(groups: Iterable[DirectoryGroup]) -> str:
    return ", ".join(sorted(map(str, groups))) or "no group"
