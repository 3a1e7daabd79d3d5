"""Settings from the environment: a wrong one stops the start."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from recovery_portal import env


def test_a_missing_value_without_default_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RP_X", raising=False)
    for read in (env.text, env.secret):
        with pytest.raises(ImproperlyConfigured, match="RP_X"):
            read("RP_X")


def test_a_secret_comes_from_a_file_and_an_unreadable_file_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("RP_X_FILE", str(tmp_path / "secret"))
    assert env.secret("RP_X") == "hush"
    monkeypatch.setenv("RP_X_FILE", str(tmp_path / "gone"))
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env.secret("RP_X")


@pytest.mark.parametrize("value", ["maybe", "2", "on"])
def test_a_boolean_is_1_or_0(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RP_X", value)
    with pytest.raises(ImproperlyConfigured):
        env.boolean("RP_X", False)


def test_a_number_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RP_X", "ten")
    with pytest.raises(ImproperlyConfigured):
        env.integer("RP_X", 1)


def test_a_database_is_sqlite_or_postgresql_and_its_password_may_hold_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RP_X", "postgresql://portal:p%40ss%2Fword@db.example:5433/recovery")
    told = env.database("RP_X")
    assert (told["PASSWORD"], told["HOST"], told["PORT"], told["NAME"]) == (
        "p@ss/word",
        "db.example",
        "5433",
        "recovery",
    )
    monkeypatch.setenv("RP_X", "sqlite:////var/lib/portal.sqlite3")
    assert env.database("RP_X")["NAME"] == "/var/lib/portal.sqlite3"
    monkeypatch.setenv("RP_X", "mysql://db.example/recovery")
    with pytest.raises(ImproperlyConfigured, match="RP_X begins with"):
        env.database("RP_X")


def test_threads_share_connections_where_they_are_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@db.example/portal")
    assert env.database("DATABASE_URL")["CONN_MAX_AGE"] == 60
    shared = env.database("DATABASE_URL", most_connections=8)
    # Django refuses a pool of connections that are kept besides.
    assert (shared["CONN_MAX_AGE"], shared["OPTIONS"]["pool"]["max_size"]) == (0, 8)


def test_a_database_may_be_asked_for_its_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@db.example/portal?sslmode=verify-full&sslrootcert=/ca.pem")
    known = env.database("DATABASE_URL", most_connections=2)
    assert known["NAME"] == "portal"
    assert known["OPTIONS"].pop("pool")
    assert known["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}
