"""What the doctor finds, and that it never says a secret."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from recovery_portal.kit import doctor
from recovery_portal.kit.doctor import Finding, Level, examinations

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HERE = "tests.unit.kit.test_doctor"


def healthy(at: datetime) -> Iterator[Finding]:
    yield doctor.ok("heart", "It beats.")


def worrying(at: datetime) -> Iterator[Finding]:
    yield doctor.warning("diet", "Less salt.")


def broken(at: datetime) -> Iterator[Finding]:
    yield doctor.ok("left leg", "Fine.")
    raise RuntimeError("the right leg fell off\nwith a long story")


def visit(settings: Any, *names: str) -> tuple[int, str]:
    settings.EXAMINATIONS = [f"{HERE}.{name}" for name in names]
    said = StringIO()
    try:
        call_command("doctor", stdout=said, no_color=True)
    except SystemExit as left:
        return int(left.code or 0), said.getvalue()
    return 0, said.getvalue()


def test_a_healthy_installation_is_told_so(settings: Any) -> None:
    assert visit(settings, "healthy") == (0, "ok       heart: It beats.\nAll is well.\n")


def test_a_warning_is_no_failure(settings: Any) -> None:
    code, said = visit(settings, "healthy", "worrying")
    assert code == 0
    assert said.endswith("Nothing is broken; 1 to think about.\n")


def test_an_examination_that_breaks_off_is_a_problem_and_the_next_one_still_runs(settings: Any) -> None:
    code, said = visit(settings, "broken", "healthy")
    assert code == 1
    assert "problem  broken: could not be examined: RuntimeError: the right leg fell off\n" in said
    assert "heart: It beats." in said
    assert "long story" not in said


def levels(findings: Iterator[Finding]) -> set[Level]:
    return {finding.level for finding in findings}


@pytest.mark.django_db(transaction=True)  # SQLite makes no table within one
def test_the_database_answers_and_is_migrated_or_is_not() -> None:
    known = MigrationExecutor(connection)
    known.recorder.ensure_schema()
    for migration in known.loader.graph.nodes:
        known.recorder.record_applied(*migration)
    assert Level.PROBLEM not in levels(examinations.database(NOW))
    [newest] = known.loader.graph.leaf_nodes("tap")
    known.recorder.record_unapplied(*newest)
    (finding,) = examinations.database(NOW)
    assert finding.level is Level.PROBLEM
    assert finding.sentence == "1 migrations wait (tap). Run: manage.py migrate"


def test_the_vault_and_the_cache_work(settings: Any) -> None:
    assert levels(examinations.keys(NOW)) == {Level.OK}
    assert levels(examinations.counters(NOW)) == {Level.OK}
    settings.VAULT_KEY = "c2hvcnQ"
    (finding,) = examinations.keys(NOW)
    assert finding.level is Level.PROBLEM
    assert "c2hvcnQ" not in finding.sentence


def test_a_cache_that_forgets_is_a_problem(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert levels(examinations.counters(NOW)) == {Level.PROBLEM}


class LeavesQuietly:
    def __init__(self) -> None:
        raise SystemExit(0)


@pytest.mark.parametrize("dotted", ["nowhere.Engine", "idv.face.NoSuchEngine", f"{HERE}.LeavesQuietly"])
def test_a_part_that_cannot_be_made_is_a_problem(settings: Any, dotted: str) -> None:
    settings.FACE_ENGINE = dotted
    settings.ROLE = "all"
    bad = [f for f in examinations.parts(NOW) if f.level is Level.PROBLEM and f.sentence.startswith("FACE_ENGINE")]
    assert len(bad) == 1
    assert dotted in bad[0].sentence


def test_a_house_is_asked_for_its_own_parts_only(settings: Any) -> None:
    settings.ROLE = "wallet"
    assert list(examinations.parts(NOW)) == []


def test_a_broker_that_does_not_answer_is_named_without_its_password() -> None:
    from recovery_portal.celery import app as current_app

    before = current_app.conf.broker_url
    current_app.conf.broker_url = "redis://:hunter2@127.0.0.1:1/0"
    try:
        findings = list(examinations.workers(NOW))
    finally:
        current_app.conf.broker_url = before
    assert [finding.level for finding in findings] == [Level.PROBLEM]
    assert "hunter2" not in findings[0].sentence


def test_an_address_is_shown_without_its_credentials() -> None:
    assert examinations._where("redis://user:hunter2@host:6379/3") == "redis://host:6379/3"
