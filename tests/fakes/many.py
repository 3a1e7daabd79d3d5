"""A great many rows, made by the database itself: copies of one, apart from what must be unique."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


def copies(
    row: models.Model,
    number: int,
    *,
    unique: tuple[str, ...] = (),
    pointing: tuple[str, ...] = (),
    numbered: tuple[str, ...] = (),
    first: int = 1,
) -> None:
    """``number`` rows like ``row``. ``unique`` names columns that get a text of their own, ``numbered`` those that get
    a number; the key gets one, too, and columns that are ``pointing`` get the key of another table's copy."""
    meta = row._meta
    columns = [field.column for field in meta.concrete_fields if not isinstance(field, models.AutoField)]
    postgres = connection.vendor == "postgresql"
    text = "lpad(to_hex(n.i), 32, '0')" if postgres else "printf('%%032x', n.i)"
    key_of = f"CAST({text} AS uuid)" if postgres else text
    of = {meta.pk.column: key_of} if isinstance(meta.pk, models.UUIDField) else {}
    of |= dict.fromkeys(unique, text) | dict.fromkeys(pointing, key_of) | dict.fromkeys(numbered, "n.i")
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    chosen = ", ".join(of.get(column, f"t.{connection.ops.quote_name(column)}") for column in columns)
    table, key = connection.ops.quote_name(meta.db_table), connection.ops.quote_name(meta.pk.column)
    with connection.cursor() as cursor, unasked(cursor):
        cursor.execute(
            f"INSERT INTO {table} ({quoted}) WITH RECURSIVE n(i) AS (SELECT %s UNION ALL SELECT i + 1 FROM n"
            f" WHERE i < %s) SELECT {chosen} FROM {table} t, n WHERE t.{key} = %s",
            [first, first + number - 1, meta.pk.get_db_prep_value(row.pk, connection)],
        )


@contextmanager
def unasked(cursor: Any) -> Iterator[None]:
    """Rows are written without looking whether what they point to is there: asking that of each takes long, the longer
    the more the plan for it was made when there were few."""
    if connection.vendor != "postgresql":
        yield
        return
    cursor.execute("SET LOCAL session_replication_role = replica")
    yield
    cursor.execute("SET LOCAL session_replication_role = origin")


def look_again() -> None:
    """The planner learns how many rows there are now: nobody tells it within a transaction that never ends."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
