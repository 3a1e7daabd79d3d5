"""The flow inspector, and the bundle of a run."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery_portal.kit import http
from recovery_portal.testing import bundle
from recovery_portal.testing.client import RecoveryClient
from recovery_portal.testing.in_process import HouseTransport
from tests.fakes.whole_recovery import NAME, Recovery, furnish
from tests.unit.emulation.conftest import room

__all__ = ["room"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def houses(room: RecoveryClient, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecoveryClient]:
    settings.DOCUMENT_READER = "tests.fakes.proofing.CardReader"
    for origin in ("http://portal.test", "http://provider.test"):
        monkeypatch.setitem(http.transports, origin, HouseTransport())
    furnish(room)
    return room


def operator(room: RecoveryClient, role: str = "Superuser") -> Client:
    from accounts.models import User

    made = room.seed_operator(role)
    client = Client(headers={"host": "portal.test"})
    client.force_login(User.objects.get(user_principal_name=made.user_principal_name))
    return client


def test_an_attempt_is_shown_as_a_sequence_with_everything_that_was_said(houses: RecoveryClient) -> None:
    one = Recovery().start().prove().present().show_face()
    attempt = houses.attempts(NAME)[0]
    page = operator(houses).get(f"/_emulation/attempts/{attempt.id}/")
    text = page.content.decode()
    assert page.status_code == 200
    for words in (
        "pushed authorization request",
        "presentation",
        "status list",
        "identityMatched",
        "verified",
        "liveness",
    ):
        assert words in text
    # The diagram and the table tell of the same steps.
    steps = page.context["steps"]
    assert text.count("<polygon") == sum(step.is_message for step in steps) > 10
    assert [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', text)] == [
        step.number for step in steps
    ]
    assert "style=" not in text
    for secret in (one.credential, one.token, "Archer", "1980-02-03", "data:image"):
        assert secret not in text


def test_the_list_leads_to_every_attempt(houses: RecoveryClient) -> None:
    Recovery().start()
    [attempt] = houses.attempts()
    houses.set_fault("mail", off=True)
    houses.move_clock(60, sweep=False)
    text = operator(houses).get("/_emulation/").content.decode()
    assert f"/_emulation/attempts/{attempt.id}/" in text
    assert "mail" in text
    assert "60.0 seconds" in text


def test_the_pages_are_for_operators_who_may_read_attempts(houses: RecoveryClient) -> None:
    Recovery().start()
    attempt = houses.attempts()[0]
    paths = ("/_emulation/", f"/_emulation/attempts/{attempt.id}/", f"/_emulation/attempts/{attempt.id}/bundle.json")
    stranger = Client(headers={"host": "portal.test"})
    administrator = operator(houses, "User Administrator")
    for path in paths:
        assert stranger.get(path).status_code == 302
        assert administrator.get(path).status_code == 403
        assert stranger.post(path).status_code in {302, 403}


def test_without_a_token_the_pages_are_not_there_for_anybody(houses: RecoveryClient, settings: Any) -> None:
    client = operator(houses)
    settings.EMULATION_TOKEN = ""
    assert client.get("/_emulation/").status_code == 404


def test_an_unknown_attempt_is_a_calm_page(houses: RecoveryClient) -> None:
    answer = operator(houses).get("/_emulation/attempts/00000000-0000-4000-8000-000000000000/")
    assert answer.status_code == 404
    assert b"Nothing here" in answer.content


def test_the_list_asks_the_same_number_of_questions_whatever_there_is(houses: RecoveryClient) -> None:
    client = operator(houses)
    client.get("/_emulation/")

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/_emulation/").status_code == 200
        return len(queries)

    Recovery().start().prove()
    few = asked()
    for _ in range(3):
        Recovery().start()
    assert asked() == few


def test_a_run_is_downloaded_and_read_again(houses: RecoveryClient) -> None:
    Recovery().start().prove().present().show_face()
    attempt = houses.attempts()[0]
    downloaded = operator(houses).get(f"/_emulation/attempts/{attempt.id}/bundle.json")
    assert downloaded["Content-Disposition"].startswith("attachment")
    found = bundle.read(downloaded.content)
    assert bundle.read(houses.bundle(attempt.id)) == found
    assert found.attempt["state"] == "matched"
    assert found.scenario["ends_after"] == "face"
    assert found.is_inferred
    assert bundle.differences(found, houses.attempt(attempt.id), houses.journal(attempt.id)) == []
    for personal in ("Alice", "Archer", "alice@", "1980-02-03"):
        assert personal not in downloaded.content.decode()


def test_a_declined_document_is_recorded_as_one_that_leads_there(houses: RecoveryClient) -> None:
    Recovery().start().prove("mallory")
    attempt = houses.attempts()[0]
    scenario = bundle.read(houses.bundle(attempt.id)).scenario
    assert scenario["expect"]["reason"] == "face_mismatch"
    assert scenario["selfies"] == [{"person": "abel"}]
    assert (scenario["left_out"], scenario["ends_after"]) == (["receive"], "return")


def test_what_came_otherwise_is_said_line_by_line(houses: RecoveryClient) -> None:
    Recovery().start().prove()
    recorded = bundle.read(houses.bundle(houses.attempts()[0].id))
    Recovery().start().prove("mallory")
    other = houses.attempts()[0]
    told = bundle.differences(recorded, other, houses.journal(other.id))
    assert told[0] == "state: recorded 'awaitingPresentation', now 'refused'"
    assert "event only recorded: providerVerified" in told
    assert "message only recorded: wallet -> provider: credential request (200)" in told


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[]", "no bundle"),
        (b'{"format": "other"}', "no bundle"),
        (json.dumps({"format": bundle.FORMAT}).encode(), "lacks scenario"),
        (json.dumps({"format": bundle.FORMAT, "scenario": {}, "inferred": True, "attempt": {}, "journal": []}).encode(),
         "does not say what came"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_bundle_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(bundle.BundleInvalid, match=sentence):
        bundle.read(data)
