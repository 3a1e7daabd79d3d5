"""The authentication methods policy in the document, and how operators sign in."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import models

from accounts import operator_sign_in
from accounts.models import OperatorSignInPolicy
from accounts.operators import Operator
from accounts.passkeys import policing
from accounts.passkeys.policy import PasskeyPolicy, models_named
from tap import flows as tap
from tap import queries as tap_queries
from tap.models import TemporaryAccessPassPolicy

from .changes import Change, cleaned, differences, plain_fields
from .document import ConfigRefused, mapping, require_known, texts
from .groups import get_groups
from .refusals import refused_at

_GROUPS = ("include_groups", "exclude_groups")


class _MethodPolicy(ABC):
    """Of one method: the columns of its one row, and the groups that have it and have it not."""

    name: str
    model: type[models.Model]

    def __init__(self) -> None:
        self.fields = plain_fields(self.model, leaving_out=frozenset())

    def tell(self) -> Any:
        policy = self.row()
        told = {name: getattr(policy, name) for name in self.fields}
        return told | {name: sorted(map(str, getattr(policy, name).all())) if policy.pk else [] for name in _GROUPS}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        given = mapping(data, self.name)
        require_known(given, (*self.fields, *_GROUPS), self.name)
        wanted = {key: self.cleaned(key, given[key]) for key in self.fields if key in given}
        wanted |= {key: sorted(texts(given[key], f"{self.name}: {key}")) for key in _GROUPS if key in given}
        if changes := differences(self.name, self.tell(), wanted):
            yield from changes
            fields = {change.field: change.after for change in changes}
            fields |= {key: get_groups(wanted[key], self.name) for key in _GROUPS if key in fields}
            with refused_at(self.name):
                self.change(fields, by, at)

    def cleaned(self, name: str, value: Any) -> Any:
        return cleaned(self.model, name, value, self.name)

    @abstractmethod
    def row(self) -> Any:
        """The policy as it stands; a fresh one, unsaved, where there is none yet."""

    @abstractmethod
    def change(self, fields: dict[str, Any], by: Operator, at: datetime) -> None:
        """Set what differs, by the flow that every door takes."""


class PassPolicy(_MethodPolicy):
    """The Temporary Access Pass policy."""

    name = "temporary_access_pass"
    model = TemporaryAccessPassPolicy

    def row(self) -> Any:
        return tap_queries.get_policy()

    def change(self, fields: dict[str, Any], by: Operator, at: datetime) -> None:
        tap.change_policy(changes=fields, changed_by=by.user, application=by.application, at=at)


class PasskeyRules(_MethodPolicy):
    """The passkey policy."""

    name = "passkeys"
    model = PasskeyPolicy

    def row(self) -> Any:
        return PasskeyPolicy.objects.filter(pk=PasskeyPolicy.THE_ROW).first() or PasskeyPolicy(pk=None)

    def cleaned(self, name: str, value: Any) -> Any:
        if name != "aaguids":
            return super().cleaned(name, value)
        try:
            return models_named(texts(value, f"{self.name}: {name}"))
        except ValueError as error:
            raise ConfigRefused("invalid", f"{self.name}: {name}: {error}") from error

    def change(self, fields: dict[str, Any], by: Operator, at: datetime) -> None:
        policing.change_policy(changes=fields, by=by, at=at)


class OperatorSignIn:
    """How operators sign in."""

    name = "operator_sign_in"

    def tell(self) -> Any:
        return {"passkey_required": operator_sign_in.is_passkey_required()}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        given = mapping(data, self.name)
        require_known(given, ("passkey_required",), self.name)
        wanted = {key: cleaned(OperatorSignInPolicy, key, value, self.name) for key, value in given.items()}
        for change in differences(self.name, self.tell(), wanted):
            yield change
            program = Operator(user=None, application=by.application or "manage.py config")
            with refused_at(self.name):
                operator_sign_in.require_passkey(required=change.after, by=program, signed_in_with="", at=at)
