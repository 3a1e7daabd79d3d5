"""The audit log leaves the house filtered as it is shown, in two forms, and no cell of it is a formula."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.audit import flows as audit
from accounts.models import AuditEvent, User
from tests.fakes.accounts import NOON, make_alice
from tests.flow.test_recovery_attempts_console import operator, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/auditevent/"


@pytest.fixture
def client() -> Client:
    return signed_in(operator("accounts.view_auditevent"))


@pytest.fixture
def alice() -> User:
    return make_alice()


def body(answer: object) -> str:
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_json_lines_are_graphs_directory_audits_one_a_line(client: Client, alice: User) -> None:
    audit.record(
        activity="User started account recovery", at=NOON, target=alice, reason="a\nb\u2028c",
        details={"mode": "production"}, correlation_id="c-1",
    )  # fmt: skip
    answer = client.post(f"{LIST}export.jsonl")
    lines = body(answer).split("\n")
    assert lines.pop() == ""
    first = json.loads(lines[0])
    assert first["activityDisplayName"] == "User started account recovery"
    assert first["resultReason"] == "a\nb\u2028c"
    assert first["loggedByService"] == "Account Recovery"
    assert first["additionalDetails"] == [{"key": "mode", "value": "production"}]
    assert first["targetResources"][0]["userPrincipalName"] == alice.user_principal_name
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.jsonl"'


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_leaves_is_what_the_filters_leave_and_that_it_left_is_audited(
    client: Client, alice: User, form: str
) -> None:
    audit.record(activity="Wanted", at=NOON, target=alice, result="failure")
    audit.record(activity="Unwanted", at=NOON, target=alice)
    page = client.get(LIST, {"result": "failure", "p": "1"}).content.decode()
    assert f"export.{form}?result=failure" in page
    told = body(client.post(f"{LIST}export.{form}?result=failure"))
    assert "Wanted" in told
    assert "Unwanted" not in told
    exported = AuditEvent.objects.get(activity="Audit log exported")
    assert exported.details["rows"] == "1"
    assert exported.initiated_by_name == "bob@contoso.example"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", "  =", "\n="])
def test_no_cell_is_a_formula(client: Client, alice: User, start: str) -> None:
    audit.record(activity="X", at=NOON, reason=f"{start}cmd|' /C calc'!A0", details={"=1": "=2"}, correlation_id="=3")
    rows = list(csv.reader(io.StringIO(body(client.post(f"{LIST}export.csv")))))
    for row in rows[1:]:
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_who_may_not_read_the_log_takes_nothing_along(form: str) -> None:
    assert signed_in(operator()).post(f"{LIST}export.{form}").status_code == 403
    assert Client().post(f"{LIST}export.{form}").status_code == 302
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("query", ["?nonsense=1", "?result=x&p=999", "?at__gte=never", "?q=%00"])
def test_nonsense_in_the_address_breaks_nothing(client: Client, query: str) -> None:
    assert client.get(f"{LIST}{query}").status_code in {200, 302}
    for address in (f"{LIST}export.csv", f"{LIST}export.jsonl"):
        assert client.post(f"{address}{query}").status_code in {200, 302}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_link_that_somebody_sends_writes_nothing(client: Client, alice: User, form: str) -> None:
    assert client.get(f"{LIST}export.{form}").status_code == 405
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = client.cookies
    assert careful.post(f"{LIST}export.{form}").status_code == 403
    assert not AuditEvent.objects.exists()


def test_the_list_asks_the_same_however_long_it_is(client: Client, alice: User) -> None:
    def write(number: int) -> None:
        AuditEvent.objects.bulk_create(
            AuditEvent(activity=f"A{n % 5}", at=NOON, result="success", service="S", category="C")
            for n in range(number)
        )

    write(200)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    write(2000)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few)
