"""A difference between what is and what a document asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models

from .document import ConfigRefused

_SHOWN = 120


@dataclass(frozen=True)
class Change:
    """``field`` is empty where the whole entry is new."""

    where: str
    field: str = ""
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        if not self.field:
            return f"+ {self.where}"
        return f"~ {self.where}: {self.field}: {_short(self.before)} -> {_short(self.after)}"


def _short(value: object) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    shown = " ".join(shown.split())
    return f"{shown[:_SHOWN]}…" if len(shown) > _SHOWN else shown or "(empty)"


def differences(where: str, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """What ``wanted`` says otherwise than ``current``; what it does not mention stays."""
    return [
        Change(where, name, current.get(name), value)
        for name, value in wanted.items()
        if name != "name" and current.get(name) != value
    ]


def plain_fields(model: type[models.Model], *, leaving_out: frozenset[str]) -> list[str]:
    """The settings of a record: every column that is edited, points nowhere and was not left out."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if not field.is_relation and field.editable and not field.primary_key and field.name not in leaving_out
    ]


def cleaned(model: type[models.Model], name: str, value: Any, where: str) -> Any:
    """``value`` as the column takes it. Raises ConfigRefused; a text is no number, and a number no text."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist as error:  # pragma: no cover - names come from the model
        raise ConfigRefused("invalid", f"{where}: {name}") from error
    assert isinstance(field, models.Field)
    kind = _kind(field)
    # bool is an int to Python and not to anybody who reads the document
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigRefused("wrong_type", f"{where}: {name} is not {_NAMES[kind]}")
    try:
        return field.clean(value, None)
    except ValidationError as error:
        raise ConfigRefused("invalid", f"{where}: {name}: {' '.join(error.messages)}") from error


_NAMES: dict[type, str] = {bool: "true or false", int: "a number", str: "a text", list: "a list", object: "known"}


def _kind(field: "models.Field[Any, Any]") -> type:
    if isinstance(field, models.BooleanField):
        return bool
    if isinstance(field, models.IntegerField):
        return int
    if isinstance(field, models.JSONField):
        return list if isinstance(field.get_default(), list) else object
    return str
