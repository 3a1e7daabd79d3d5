"""A whole recovery as the journal tells it: every message, in order, and nothing secret in any of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from recovery_portal.kit import http
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


def test_a_whole_recovery_stands_in_the_journal_and_hangs_together(houses: RecoveryClient) -> None:
    Recovery().start().prove().present().show_face()
    attempt = houses.attempts(NAME)[0]
    assert attempt.state == "matched", attempt
    entries = houses.journal(attempt.id)
    told = [(entry.sender, entry.receiver, entry.kind, entry.direction) for entry in entries]
    for expected in (
        ("portal", "provider", "pushed authorization request", "out"),
        ("portal", "provider", "pushed authorization request", "in"),
        ("browser", "provider", "authorization request", "in"),
        ("wallet", "provider", "credential offer", "in"),
        ("wallet", "provider", "credential request", "in"),
        ("browser", "portal", "return from the provider", "in"),
        ("portal", "provider", "token request", "out"),
        ("wallet", "portal", "presentation request", "in"),
        ("portal", "provider", "status list", "out"),
        ("wallet", "portal", "presentation", "in"),
        ("browser", "portal", "return from the wallet", "in"),
    ):
        assert expected in told
    assert told.index(("browser", "provider", "authorization request", "in")) < told.index(
        ("wallet", "portal", "presentation", "in")
    )
    assert all(entry.status in {200, 201, 302, 303} for entry in entries), entries


def test_a_message_is_known_at_both_ends(houses: RecoveryClient) -> None:
    Recovery().start()
    pushed = [entry for entry in houses.journal() if entry.kind == "pushed authorization request"]
    assert [entry.direction for entry in pushed] == ["in", "out"]
    assert pushed[0].message == pushed[1].message != ""
    assert pushed[0].request["request"]["payload"]["state"] == pushed[1].request["request"]["payload"]["state"]


def test_no_secret_and_nothing_personal_is_in_the_journal(houses: RecoveryClient) -> None:
    one = Recovery().start().prove().present().show_face()
    text = json.dumps([vars(entry) for entry in houses.journal()], ensure_ascii=False)
    assert len(houses.journal()) > 15
    secret = [one.credential, *one.credential.split("~")[1:-1], one.token]
    secret += ["Alice", "Archer", "1980-02-03", "C1234567", "data:image"]
    found = [value for value in secret if value and value in text]
    assert found == []
    presented = next(entry for entry in houses.journal() if entry.kind == "presentation")
    [credential] = presented.request["opened"]["vp_token"]["identity"]
    assert set(credential["disclosed"]) == {"firstName", "lastName", "portrait", "proofingReference"}
    assert credential["key_binding"]["payload"]["nonce"].startswith("#")


def test_two_recoveries_do_not_mix(houses: RecoveryClient) -> None:
    Recovery().start().prove()
    Recovery().start().prove()
    second, first = houses.attempts(NAME)
    in_first, in_second = (houses.journal(one.id) for one in (first, second))
    numbers = {entry.number for entry in in_first} & {entry.number for entry in in_second}
    shared = [entry for entry in in_first if entry.number in numbers]
    assert not shared
    assert sum(entry.kind == "credential request" for entry in in_first) == 1


def test_a_fault_is_seen_as_what_it_did(houses: RecoveryClient) -> None:
    houses.set_fault("provider", off=True)
    person = Recovery().portal
    person.type_name(NAME).open("recovery:start").consent()
    failed = [entry for entry in houses.journal() if entry.error]
    assert failed
    assert {entry.error for entry in failed} == {"unreachable"}


def test_a_journal_is_cleared(houses: RecoveryClient) -> None:
    Recovery().start()
    assert houses.journal()
    houses.clear_journal()
    assert houses.journal() == []
