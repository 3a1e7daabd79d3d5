"""Django's PostgreSQL, emptied between tests by deleting the few rows that are there.

TRUNCATE makes new files for every table and index, whether or not anything is in them: a fifth of a second each time.
"""

from typing import Any

from django.db.backends.postgresql import base, operations

# What Django itself writes at the end of a migration, the same in every test; written once (tests/conftest.py).
KEPT = {"django_content_type", "auth_permission"}


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(self, style: Any, tables: Any, *, reset_sequences: bool = False, allow_cascade: bool = False) -> Any:
        if reset_sequences or not tables:
            return super().sql_flush(style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)
        # Without the checks of foreign keys, until the transaction ends: nothing is left that could point anywhere.
        return [
            "SET LOCAL session_replication_role = replica",
            *(f"DELETE FROM {self.quote_name(table)}" for table in tables if table not in KEPT),
        ]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
