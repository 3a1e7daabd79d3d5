"""The scenario picker: an operator lets a journey be walked and sees it message by message."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from recovery_portal.testing.installation import Installation

PATH = "/_emulation/scenarios/"


def operator(houses: Installation, role: str = "Superuser") -> Client:
    made = houses.client.seed_operator(role)
    client = Client(headers={"host": "portal.test"})
    client.force_login(User.objects.get(user_principal_name=made.user_principal_name))
    return client


def test_a_scenario_is_picked_played_and_shown(recovery: Installation) -> None:
    client = operator(recovery)
    assert "An expired document" in client.get(PATH).content.decode()
    page = client.post(PATH, {"scenario": "expired_document"}, follow=True)
    text = page.content.decode()
    assert page.redirect_chain[0][0].startswith("/_emulation/attempts/")
    assert "It came out as the scenario says: An expired document" in text
    assert "document_expired" in text
    assert recovery.client.parts().face == "real"


@pytest.mark.parametrize("name", ["", "expired_documnt", "../secrets", "x" * 500])
def test_what_is_no_scenario_is_said_with_the_nearest(recovery: Installation, name: str) -> None:
    text = operator(recovery).post(PATH, {"scenario": name}, follow=True).content.decode()
    assert "There is no scenario" in text
    assert recovery.client.attempts() == []


def test_the_picker_is_for_operators_who_may_do_what_it_does(recovery: Installation) -> None:
    stranger = Client(headers={"host": "portal.test"})
    assert stranger.get(PATH).status_code == 302
    assert stranger.post(PATH, {"scenario": "phone"}).status_code == 302
    assert operator(recovery, "Helpdesk").post(PATH, {"scenario": "phone"}).status_code == 403
    forged = Client(enforce_csrf_checks=True, headers={"host": "portal.test"})
    forged.cookies = operator(recovery).cookies
    assert forged.post(PATH, {"scenario": "phone"}).status_code == 403
    assert recovery.client.attempts() == []


def test_the_demo_page_leads_there_only_while_it_is_there(recovery: Installation, settings: Any) -> None:
    client = Client(headers={"host": "portal.test"})
    assert PATH in client.get("/demo/").content.decode()
    settings.EMULATION_TOKEN = ""
    assert PATH not in client.get("/demo/").content.decode()
