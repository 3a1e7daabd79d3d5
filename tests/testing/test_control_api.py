"""The control API as a tester meets it: a wallet on command, scenarios played by the server, a run as a file."""

from typing import Any

import pytest
from django.conf import settings

from recovery_portal.testing import bundle, scenario
from recovery_portal.testing.answers import ControlRefused
from recovery_portal.testing.installation import Installation
from tests.fakes.control import ask

scripted = pytest.mark.recovery_scripted
OFFER, REQUEST = "openid-credential-offer://", "openid4vp://"
NOBODY = "http%3A%2F%2F169.254.169.254%2Flatest"


def _refused(method: str, path: str, body: Any, sentence: str, status: int = 400) -> None:
    answer = ask(method, path, body, token=settings.EMULATION_TOKEN)
    assert (answer.status_code, answer.json()["sentence"]) == (status, sentence)


@pytest.fixture
def decided(visitor: Any, face: Any, document: Any) -> Any:
    """A visitor to whom a credential is offered."""
    visitor.start_recovery().continue_here().prove_identity(as_=face, with_=document)
    return visitor.press("Add Verifiable Credential")


@scripted
def test_a_wallet_on_command_receives_and_presents(decided: Any, face: Any, recovery: Installation) -> None:
    client, offer = recovery.client, decided.offer
    with pytest.raises(ControlRefused) as refused:
        client.receive(offer.link, tx_code="0" if offer.tx_code else "1")
    assert (refused.value.status, refused.value.code) == (400, "code_refused")
    held = client.receive(offer.link, tx_code=offer.tx_code or "").verified_id
    assert held is not None
    assert held.claims["lastName"] == "Lindqvist"
    assert held.claims["portrait"] == "•••"
    assert "Lindqvist" not in repr(held)
    assert client.wallet() == [held]
    with pytest.raises(ControlRefused, match="This offer is no longer there"):
        client.receive(offer.link, tx_code=offer.tx_code or "")

    decided.wait(lambda page: page.heading != "Open your wallet").return_to_portal()
    with pytest.raises(ControlRefused, match="There is no Verified ID of that id"):
        client.present(decided.request, verified_id="somebody's")
    shared = client.present(decided.request, verified_id=held.id)
    assert shared.was_told
    with pytest.raises(ControlRefused, match=r"^(This|It) .*\.$"):
        client.present(decided.request)
    assert decided.follow_link(shared.continue_at).check_face(face.again()).heading == "Your identity is confirmed"

    client.forget_wallet()
    assert client.wallet() == []


@scripted
def test_a_wallet_on_command_declines(decided: Any, recovery: Installation) -> None:
    client, offer = recovery.client, decided.offer
    client.receive(offer.link, tx_code=offer.tx_code or "")
    decided.wait(lambda page: page.heading != "Open your wallet").return_to_portal()
    assert client.refuse(decided.request).was_told
    assert decided.walker.look_again().find_button("New request")


@pytest.mark.parametrize(
    ("act", "link", "sentence"),
    [
        ("receive", "", "This link is nothing a wallet can use: neither an offer nor a request."),
        ("receive", "\u0000", "link holds characters that no text has."),
        ("receive", "x" * 20_000, "This link is too long: more than 16384 characters."),
        (
            "receive",
            f"{REQUEST}?client_id=a&request_uri=b",
            "This link is nothing a wallet can use: it brings no offer.",
        ),
        ("receive", f"{OFFER}?credential_offer_uri={NOBODY}", None),
        ("receive", f"{OFFER}?credential_offer=%7B", None),
        ("present", f"{OFFER}?credential_offer=%7B%7D", "This link is nothing a wallet can use: it brings no request."),
        ("present", f"{REQUEST}?client_id=a&request_uri={NOBODY}", None),
        ("refuse", f"{REQUEST}?client_id=a&request_uri={NOBODY}", None),
        (
            "refuse",
            f"{REQUEST}?client_id=a&client_id=b",
            "This link is nothing a wallet can use: a parameter is given twice.",
        ),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(
    recovery: Installation, act: str, link: str, sentence: str | None
) -> None:
    answer = ask("POST", f"wallet/{act}", {"link": link}, token=settings.EMULATION_TOKEN)
    assert answer.status_code == 400
    assert answer.json()["sentence"] == sentence if sentence else answer.json()["sentence"].endswith(".")
    assert recovery.client.wallet() == []


def test_the_server_plays_a_scenario_and_hands_out_the_run(recovery: Installation) -> None:
    client = recovery.client
    assert {one.name: one.outcome for one in client.scenarios()}["expired_document"] == "refused"
    outcome = client.run_scenario("expired_document")
    assert (outcome.passed, outcome.differences) == (True, [])
    assert outcome.attempt_id is not None
    found = bundle.read(client.bundle(outcome.attempt_id))
    assert (found.is_inferred, found.attempt["reason"]) == (True, "document_expired")
    known = bundle.as_written(scenario.find("expired_document"))
    assert bundle.read(client.bundle(outcome.attempt_id, scenario=known)).scenario == known
    assert client.parts().face == "real"


def test_the_server_plays_what_somebody_wrote(recovery: Installation) -> None:
    written = {
        "title": "Mine",
        "ends_after": "start",
        "instead": {"start": "cancel"},
        "expect": {"outcome": "completed"},
    }
    outcome = recovery.client.run_scenario(scenario=written)
    assert not outcome.passed
    assert outcome.differences == ["outcome is 'none', not 'completed'"]


def test_what_cannot_be_played_is_said_in_one_sentence(recovery: Installation) -> None:
    for body, sentence in (
        ({}, "Give the name of a scenario, or a scenario, and not both."),
        ({"name": "phone", "scenario": {}}, "Give the name of a scenario, or a scenario, and not both."),
        ({"name": "phon"}, "There is no scenario 'phon'. Did you mean 'phone'?"),
        ({"scenario": {"titel": "T"}}, "scenario has no 'titel'. Did you mean 'title'?"),
        ({"scenario": []}, "scenario is an object, not []."),
        (
            {"scenario": {"title": "\ud800", "expect": {"outcome": "none"}}},
            "scenario: title is one line of at most 200 characters.",
        ),
        (
            {"scenario": {"title": "T", "profile": {"groups": ["Nobodies"]}, "expect": {"outcome": "none"}}},
            "There is no group 'Nobodies'; there is Scenario, Scenario, never by self-service.",
        ),
    ):
        _refused("POST", "scenarios/run", body, sentence)
    assert recovery.client.attempts() == []
    unknown = "00000000-0000-4000-8000-000000000000"
    _refused("GET", f"attempts/{unknown}/bundle", None, f"There is no attempt {unknown}.", 404)
