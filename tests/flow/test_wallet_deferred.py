"""Issuers that take their time, and issuers that insist on encryption."""

from datetime import timedelta

import httpx
import pytest

from idv.wallet.models import HeldCredential, IncomingLink
from recovery_portal.kit import clock
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import receive


@pytest.fixture
def later(monkeypatch):
    """Move the wallet's clock on by so many seconds."""
    began, moved = clock.now(), [0]
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=moved[0]))

    def move(seconds: int) -> None:
        moved[0] += seconds

    return move


def status(holder):
    link = IncomingLink.objects.get()
    return holder.client.get(f"/add/{link.pk}/waiting/status/").json()


def test_a_deferred_credential_is_fetched_when_it_is_there(holder, issuer, later):
    issuer.deferrals = 2
    receive(holder, issuer)
    assert holder.heading == "Your Verified ID is on its way"
    assert HeldCredential.objects.count() == 0
    later(2)
    assert status(holder)["next"] is None
    later(2)
    following = status(holder)["next"]
    holder.get(following)
    assert holder.heading == "Success"
    assert HeldCredential.objects.count() == 1
    assert issuer.notifications == [{"notification_id": "n-1", "event": "credential_accepted"}]


def test_the_issuer_is_not_asked_sooner_than_it_said(holder, issuer, later):
    issuer.deferrals = 2
    receive(holder, issuer)
    for _ in range(5):
        assert status(holder)["next"] is None
    assert issuer.calls.count("deferred") == 0


def test_going_back_to_start_leads_to_the_waiting_page(holder, issuer, later):
    issuer.deferrals = 2
    receive(holder, issuer)
    holder.get(f"/add/{IncomingLink.objects.get().pk}/start/")
    assert holder.heading == "Your Verified ID is on its way"
    assert issuer.calls.count("token") == 1


@pytest.mark.parametrize("error", ["credential_request_denied", "invalid_transaction_id"])
def test_an_issuer_that_says_no_after_all_gets_a_calm_page(holder, issuer, later, error):
    issuer.deferrals = 2
    issuer.faults["deferred"] = httpx.Response(400, json={"error": error})
    receive(holder, issuer)
    later(2)
    holder.get(status(holder)["next"])
    assert holder.heading == "The issuer said no"
    assert HeldCredential.objects.count() == 0


def test_an_issuer_that_is_away_for_a_moment_is_asked_again(holder, issuer, later):
    issuer.deferrals = 1
    issuer.faults["deferred"] = httpx.ConnectError("away")
    receive(holder, issuer)
    later(2)
    assert status(holder)["next"] is None
    del issuer.faults["deferred"]
    later(2)
    holder.get(status(holder)["next"])
    assert holder.heading == "Success"


def test_an_issuer_that_defers_and_names_no_place_to_ask_is_refused(holder, issuer):
    issuer.faults["credential"] = httpx.Response(202, json={"transaction_id": "t-1", "interval": 1})
    receive(holder, issuer)
    assert holder.heading == "The issuer needs more time"


@pytest.mark.parametrize("deferrals", [0, 1])
@pytest.mark.parametrize("encryption", ["request", "response"])
def test_what_an_issuer_wants_encrypted_is_encrypted(holder, issuer, later, encryption, deferrals):
    issuer.encryption, issuer.deferrals = encryption, deferrals
    receive(holder, issuer)
    if deferrals:
        later(2)
        holder.get(status(holder)["next"])
    assert holder.heading == "Success"
    assert HeldCredential.objects.count() == 1


def test_an_answer_in_clear_where_encryption_was_promised_is_refused(holder, issuer):
    issuer.encryption = "response"
    issuer.faults["credential"] = httpx.Response(200, json={"credentials": [{"credential": "x"}]})
    receive(holder, issuer)
    assert holder.heading == "The issuer's answer cannot be used"
    assert HeldCredential.objects.count() == 0


def test_an_issuer_that_wants_encryption_and_names_no_key_is_refused(holder, issuer):
    issuer.encryption = "request"
    document = issuer.metadata_document()
    document["credential_request_encryption"]["jwks"] = {"keys": []}
    issuer.faults["metadata"] = httpx.Response(200, json=document)
    receive(holder, issuer)
    assert HeldCredential.objects.count() == 0
    assert "This wallet cannot do that" in holder.page
