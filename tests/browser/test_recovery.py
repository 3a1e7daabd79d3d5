"""The whole recovery on real processes: from "Recover your account" to a sign-in with the new passkey."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from .inside import OpenHouses, newest_attempt
from .walk import JUN, VERA, Person, Pictures


@pytest.fixture
def pictures() -> Pictures:
    folder = os.environ.get("PICTURES")
    return Pictures(Path(folder) if folder else None)


def _recover(person: Person) -> None:
    person.come_to_the_face_check()
    person.check_face()
    person.reveal_pass()
    person.sign_in_with_pass()
    person.register_passkey()


def test_production_ends_with_a_passkey_that_signs_in_pictures(
    houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext, pictures: Pictures
) -> None:
    person = Person(houses, VERA, desktop, phone, pictures)
    _recover(person)
    person.sign_out()
    person.sign_in_with_passkey()


def test_evaluation_ends_on_the_evaluation_page_and_changes_nothing(
    houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext, pictures: Pictures
) -> None:
    person = Person(houses, JUN, desktop, phone, Pictures(None))
    streams: list[str] = []
    for page in (person.desk, person.phone):
        page.on("response", lambda answer: streams.append(answer.headers.get("content-type", "")))
    person.come_to_the_face_check()
    person.check_face()
    expect(person.phone.get_by_role("heading", name="Your identity was verified")).to_be_visible(timeout=60_000)
    assert newest_attempt(houses, JUN.account_name)["would_have"] == "pass_issued"
    assert not newest_attempt(houses, JUN.account_name)["passes"]
    assert "text/event-stream" in streams, "no page that waited was told; all of them had to ask"
    pictures.take(person.phone, "phone-evaluated")


def test_the_same_on_postgresql(
    houses_on_postgresql: OpenHouses, desktop: BrowserContext, phone: BrowserContext
) -> None:
    _recover(Person(houses_on_postgresql, VERA, desktop, phone, Pictures(None)))
