"""A server's threads share a few connections to PostgreSQL (DATABASE_POOL), and who only waits holds none."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection

from recovery_portal.kit import streams

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_waiting_stream_keeps_no_shared_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"pool": {"min_size": 1, "max_size": 1}})
    in_use: list[int] = []

    def look() -> Mapping[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return {"next": "/there/" if len(in_use) == 2 else None, "message": "", "progress": None}

    def pause(_: float) -> None:
        shared = connection.pool.get_stats()
        in_use.append(shared["pool_size"] - shared["pool_available"])

    try:
        list(streams.Stream(look(), look, done=lambda: None, pause=pause))
    finally:
        connection.close()
        connection.close_pool()
    assert in_use == [0, 0]
