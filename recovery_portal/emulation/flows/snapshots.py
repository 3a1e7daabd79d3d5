"""A whole house put away and brought back, and a house emptied; the same on SQLite and PostgreSQL.

Rows are copied as the database has them, so that nothing is re-made on the way: sealed bytes stay sealed, audit rows
keep their links. Foreign keys are checked at the end of the transaction, hence any order will do.
"""

import re
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

from recovery_portal.kit.keystore import AbstractSigningKey
from recovery_portal.testing.strict import InputRefused

from .. import chance, clock, faults, limits, mail, parts, state
from ..doors import NotThere
from ..journal.writing import ROLL

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SETTINGS: Final = ("clock", "seed", "faults", "parts")
_ROWS_AT_ONCE: Final = 400
# What an installation needs to be one: it stays where a house is emptied, beside keys and operators.
_FURNITURE: Final = frozenset(
    {
        "contenttypes.contenttype",
        "auth.permission",
        "auth.group",
        "auth.group_permissions",
        "verifier.identityprovider",
        "verifier.typeauthority",
        "provider.relyingparty",
        "provider.walletclient",
        "api.appregistration",
        "api.appsecret",
        "api.appcertificate",
    }
)


def take(name: str) -> int:
    """Put every row of this house away under ``name``; returns how many. Raises InputRefused."""
    if not _NAME.fullmatch(name):
        raise InputRefused("id is 1 to 64 letters, digits, hyphens or underscores.")
    tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own models
            columns = [column[0] for column in cursor.description]
            tables[table] = (columns, [tuple(map(_plain, row)) for row in cursor.fetchall()])
    state.write(f"snapshot:{name}", {"tables": tables, "settings": {one: state.read(one) for one in _SETTINGS}})
    return sum(len(rows) for _, rows in tables.values())


def bring_back(name: str) -> None:
    """This house as it was when ``name`` was taken. Raises NotThere."""
    kept = state.read(f"snapshot:{name}") if _NAME.fullmatch(name) else None
    if kept is None:
        raise NotThere("unknown_snapshot", "There is no snapshot of that id.")
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for table in kept["tables"]:
            cursor.execute(f"DELETE FROM {quote(table)}")  # noqa: S608 - names of our own models
        for table, (columns, rows) in kept["tables"].items():
            if rows:
                names, marks = ", ".join(map(quote, columns)), ", ".join(["%s"] * len(columns))
                for first in range(0, len(rows), _ROWS_AT_ONCE):
                    cursor.executemany(
                        f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})",  # noqa: S608 - names of our own models
                        rows[first : first + _ROWS_AT_ONCE],
                    )
    for one, value in kept["settings"].items():
        if value is None:
            state.forget(one)
        else:
            state.write(one, value)


def empty() -> None:
    """Nobody and nothing but keys, parties, roles and operators; clock, seed, faults, parts and mailbox as at first."""
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for model in _models():
            if model._meta.label_lower in _FURNITURE or issubclass(model, AbstractSigningKey):
                continue
            cursor.execute(f"DELETE FROM {quote(model._meta.db_table)}{_but_operators(model)}")  # noqa: S608 - as above
    for forget in (clock.reset, chance.reset, faults.clear, parts.reset, mail.LETTERS.clear, ROLL.clear, limits.forget):
        forget()


def _but_operators(model: type[models.Model]) -> str:
    """The condition that leaves operators, and what roles they have, where people are removed."""
    if not apps.is_installed("django.contrib.auth"):  # a wallet has no operators
        return ""
    users = apps.get_model(settings.AUTH_USER_MODEL)
    if model is users:
        return " WHERE NOT is_staff"
    if model in {users.groups.through, users.user_permissions.through}:
        table = connection.ops.quote_name(users._meta.db_table)
        return f" WHERE user_id NOT IN (SELECT id FROM {table} WHERE is_staff)"  # noqa: S608 - names of our own models
    return ""


def _models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    ]


def _tables() -> list[str]:
    fixed = {"contenttypes.contenttype", "auth.permission"}
    return sorted(model._meta.db_table for model in _models() if model._meta.label_lower not in fixed)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
