"""The chain through the audit log: every change, loss and addition is found, and concurrent writers make one chain."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models.query import QuerySet
from django.test import Client
from django.urls import reverse

from accounts.audit import sealing
from accounts.audit.flows import record
from accounts.audit.models import AuditChainHead, AuditEvent, AuditIsAppendOnly
from tests.fakes.recovery import NOON, make_person


def write(number: int) -> None:
    for each in range(number):
        record(activity=f"Activity {each}", at=NOON + timedelta(seconds=each), details={"n": str(each), "ü": "Ω"})


def faults(**more: Any) -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.sequence) for fault in sealing.faults(at=NOON + timedelta(hours=1), **more)]


def tamper(number: int, **fields: Any) -> None:
    assert QuerySet(AuditEvent).filter(sequence=number).update(**fields)


@pytest.mark.django_db
class TestVerify:
    @pytest.fixture(autouse=True)
    def _ten(self, db: None) -> None:
        write(10)
        assert sealing.seal_pending() == 10

    def test_what_was_written_verifies(self) -> None:
        assert faults() == []
        assert sealing.head().sequence == 10
        assert sealing.seal_pending() == 0

    def test_no_way_of_the_records_own_changes_or_loses_one(self) -> None:
        event = AuditEvent.objects.get(sequence=5)
        event.activity = "Another"
        same = {"update_conflicts": True, "unique_fields": ["id"], "update_fields": ["activity"]}
        for act in (
            event.save,
            event.delete,
            lambda: AuditEvent.objects.update(activity="Another"),
            lambda: AuditEvent.objects.all().delete(),
            lambda: AuditEvent.objects.bulk_update([event], ["activity"]),
            lambda: AuditEvent.objects.bulk_create([event], **same),
            lambda: AuditEvent.objects.bulk_create([event], ignore_conflicts=True),
            lambda: AuditEvent.objects.update_or_create(pk=event.pk, defaults={"activity": "Another"}),
        ):
            with pytest.raises(AuditIsAppendOnly):
                act()
        assert faults() == []

    @pytest.mark.parametrize(
        "change",
        [
            {"activity": "Another"},
            {"result": "failure"},
            {"reason": "x"},
            {"service": "x"},
            {"category": "x"},
            {"correlation_id": "x"},
            {"target_name": "mallory@contoso.example"},
            {"initiated_by_name": "mallory@contoso.example"},
            {"details": {"n": "7"}},
            {"at": NOON + timedelta(microseconds=1)},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_a_changed_field_is_found(self, change: dict[str, Any]) -> None:
        tamper(4, **change)
        assert faults() == [("changed", 4)]

    def test_a_changed_reference_is_found(self) -> None:
        tamper(4, target=make_person())
        assert faults() == [("changed", 4)]

    @pytest.mark.parametrize("number", [1, 5])
    def test_a_missing_row_is_found(self, number: int) -> None:
        QuerySet(AuditEvent).filter(sequence=number)._raw_delete("default")
        assert faults() == [("missing", number)]

    def test_a_missing_end_is_found(self) -> None:
        QuerySet(AuditEvent).filter(sequence__gte=9)._raw_delete("default")
        assert faults() == [("missing", 9), ("missing", 10)]

    def test_an_end_cut_off_with_its_head_is_found_by_what_was_noted(self) -> None:
        noted = (10, sealing.head().link)
        kept = AuditEvent.objects.get(sequence=8)
        QuerySet(AuditEvent).filter(sequence__gte=9)._raw_delete("default")
        AuditChainHead.objects.update(sequence=8, link=kept.link)
        assert faults() == []
        assert faults(anchor=noted) == [("anchor", 10)]

    def test_a_head_without_its_key_is_found(self) -> None:
        AuditChainHead.objects.update(link="0" * 64)
        assert faults() == [("cut", 10)]

    def test_rows_exchanged_are_found(self) -> None:
        mac = {n: AuditEvent.objects.get(sequence=n) for n in (3, 4)}
        tamper(3, sequence=99)
        tamper(4, sequence=3)
        tamper(99, sequence=4)
        assert {"relinked"} <= {kind for kind, _ in faults()}
        assert mac[3].mac != mac[4].mac

    def test_a_row_put_in_from_outside_is_found(self) -> None:
        fields = {"activity": "Forged", "at": NOON, "result": "success", "service": "x", "category": "x"}
        AuditEvent.objects.bulk_create([AuditEvent(**fields)])
        assert faults() == [("changed", None)]
        AuditEvent.objects.bulk_create([AuditEvent(**fields, sequence=11, link="f" * 64, mac="f" * 64)])
        assert ("beyond", 11) in faults()

    def test_a_row_that_was_never_linked_is_told_after_a_while(self) -> None:
        record(activity="Late", at=NOON)
        assert faults() == [("unlinked", None)]
        assert sealing.seal_pending() == 1
        assert faults() == []

    def test_another_key_verifies_nothing(self, settings: Any) -> None:
        settings.VAULT_KEY = "YW5vdGhlci12YXVsdC1rZXktb2YtMzItYnl0ZXMtLi4="
        assert {kind for kind, _ in faults()} == {"changed", "relinked"}

    def test_a_forged_number_does_not_keep_the_walk_busy(self) -> None:
        AuditChainHead.objects.update(sequence=10**15)
        assert len(faults()) == 1000


@pytest.mark.django_db
class TestCommand:
    def test_it_says_where_the_chain_ends_and_takes_it_back(self) -> None:
        write(3)
        out = io.StringIO()
        call_command("audit", "verify", stdout=out)
        assert "3 events, each as it was written" in out.getvalue()
        noted = out.getvalue().split()[-1]
        write(2)
        call_command("audit", "verify", "--expect", noted, stdout=out)
        with pytest.raises(CommandError):
            call_command("audit", "verify", "--expect", f"3:{'0' * 64}", stderr=io.StringIO())

    def test_it_fails_with_each_fault_named(self) -> None:
        write(3)
        sealing.seal_pending()
        tamper(2, reason="altered")
        err = io.StringIO()
        with pytest.raises(CommandError, match="1 faults"):
            call_command("audit", "verify", stderr=err)
        assert "changed: number 2" in err.getvalue()

    @pytest.mark.parametrize("noted", ["", "x:y", "1", f"-1:{'0' * 64}", "1:abc"])
    def test_an_odd_note_is_refused(self, noted: str) -> None:
        with pytest.raises((CommandError, SystemExit)):
            call_command("audit", "verify", "--expect", noted)


@pytest.mark.django_db
class TestExport:
    def test_a_selection_leaves_as_text_and_that_is_audited(self) -> None:
        """V29."""
        client = Client()
        client.force_login(make_person("root@contoso.example", is_staff=True, is_superuser=True))
        event = record(activity="=cmd", at=NOON)
        form = {"action": "export", "_selected_action": [str(event.pk)]}
        answer: Any = client.post(reverse("admin:accounts_auditevent_changelist"), form)
        text = b"".join(answer.streaming_content).decode()
        assert '"\'=cmd"' in text
        assert AuditEvent.objects.get(activity="Audit log exported").details["rows"] == "1"


@pytest.mark.django_db(transaction=True)
def test_rows_are_linked_with_the_commit_and_not_without() -> None:
    record(activity="Kept", at=NOON)
    with transaction.atomic():
        record(activity="Taken back", at=NOON)
        transaction.set_rollback(True)
    with transaction.atomic():
        record(activity="Kept, too", at=NOON)
        record(activity="And this", at=NOON)
    assert list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]
    assert faults() == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_chain() -> None:
    def work() -> None:
        try:
            for _ in range(10):
                write(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealing.seal_pending()
    assert sealing.head().sequence == 60
    assert faults() == []
