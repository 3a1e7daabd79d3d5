"""The relay drill (O14, S19): an attacker starts a recovery and shows the victim our codes. It ends without a pass."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from recovery_portal.demo import people

from .inside import OpenHouses, newest_attempt
from .walk import DECISION_TIMEOUT_MS, VERA, Person, Pictures, look_again, put_files, read_qr, steps_on

ATTACKER = "abel"


@pytest.fixture
def drill(houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext) -> Person:
    """The desktop is the attacker's, the phone the victim's."""
    return Person(houses, VERA, desktop, phone, Pictures(None))


def _sees_no_pass(attacker: Page) -> None:
    look_again(attacker)
    assert attacker.locator("#passcode, .passcode").count() == 0
    for path in ("confirmed/", "pass/", "number/", "face/"):
        attacker.goto(attacker.url.split("/recover/")[0] + f"/recover/{path}")
        assert attacker.locator("#passcode, .passcode").count() == 0
        assert attacker.get_by_role("button", name="Show my Temporary Access Pass").count() == 0


def test_a_victim_who_follows_every_code_gets_the_pass_and_the_attacker_gets_none(drill: Person) -> None:
    drill.come_to_the_face_check()
    drill.check_face()
    drill.phone.get_by_role("button", name="Show my Temporary Access Pass").wait_for(timeout=DECISION_TIMEOUT_MS)
    _sees_no_pass(drill.desk)


def test_a_victim_who_declines_ends_it(drill: Person) -> None:
    drill.name_account()
    drill.ask_for_recovery()
    drill.scan_providers_code()
    drill.prove_identity()
    drill.receive_credential()
    expect(drill.desk.get_by_role("heading", name="Present your Verified ID")).to_be_visible(timeout=30_000)
    drill.phone.goto(read_qr(drill.desk))
    drill.phone.get_by_role("button", name="Decline").click()
    # The page follows by itself; to load it anew would race with that.
    expect(drill.desk.get_by_role("heading", name="Recovery cancelled")).to_be_visible()
    expect(drill.desk.locator("#passcode")).to_have_count(0)
    assert not newest_attempt(drill.houses, VERA.account_name)["passes"]


def test_a_credential_relayed_to_the_attackers_screen_fails_on_the_attackers_face(drill: Person) -> None:
    """The wallet answers a cross-device request of the attacker, in whose browser the Face Check then is."""
    drill.name_account()
    drill.ask_for_recovery()
    drill.scan_providers_code()
    drill.prove_identity()
    drill.receive_credential()
    expect(drill.desk.get_by_role("heading", name="Present your Verified ID")).to_be_visible(timeout=30_000)
    drill.desk.get_by_text("Use another wallet on another device").click()
    request = drill.desk.locator("#across-link").inner_text()
    drill.phone.goto(f"{drill.houses.url('wallet')}/present?{request.partition('?')[2]}")
    drill.unlock(drill.phone)
    drill.phone.get_by_role("button", name="Share").click()
    expect(drill.phone.get_by_role("heading", name="Success")).to_be_visible()
    attacker = drill.desk
    expect(attacker.get_by_role("heading", name="Face Check")).to_be_visible(timeout=30_000)
    for _ in range(3):
        if attacker.locator(".capture__files:not([open])").count():
            attacker.get_by_text("Choose photos instead").click()
        put_files(attacker, people.capture(ATTACKER, steps_on(attacker)))
        attacker.get_by_role("button", name="Submit photos").click()
        over = attacker.get_by_role("heading", name="We could not verify your identity")
        expect(over.or_(attacker.get_by_role("heading", name="Face Check"))).to_be_visible(timeout=DECISION_TIMEOUT_MS)
        if over.count():
            break
    expect(over).to_be_visible()
    assert not newest_attempt(drill.houses, VERA.account_name)["passes"]


def test_a_same_device_request_answered_elsewhere_is_never_read_by_the_asking_session(drill: Person) -> None:
    """HAIP 5.1: the redirect comes back in another session than the one that asked, and is refused there."""
    drill.name_account()
    drill.ask_for_recovery()
    drill.scan_providers_code()
    drill.prove_identity()
    drill.receive_credential()
    expect(drill.desk.get_by_role("heading", name="Present your Verified ID")).to_be_visible(timeout=30_000)
    relayed = drill.desk.get_by_role("link", name="Open wallet", exact=True).get_attribute("href")
    drill.phone.goto(relayed or "")
    drill.unlock(drill.phone)
    drill.phone.get_by_role("button", name="Share").click()
    drill.phone.wait_for_url(f"{drill.houses.url('portal')}/**")  # the wallet's page goes back by itself
    assert drill.phone.get_by_role("heading", name="Face Check").count() == 0
    look_again(drill.desk)
    assert drill.desk.get_by_role("heading", name="Face Check").count() == 0
    assert not newest_attempt(drill.houses, VERA.account_name)["passes"]
