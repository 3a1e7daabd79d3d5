"""Everything that must end without a pass, on real processes, and what the operator can read afterwards."""

import pytest
from playwright.sync_api import BrowserContext, expect

from . import traces
from .inside import OpenHouses, age_attempt, decoy_name, newest_attempt, newest_proofing_reference
from .walk import ABEL, DECISION_TIMEOUT_MS, LENA, OMAR, VERA, Person, Pictures, passport_of


@pytest.fixture
def person(houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext) -> Person:
    return Person(houses, VERA, desktop, phone, Pictures(None))


def _to_the_provider(person: Person) -> None:
    person.name_account()
    person.ask_for_recovery()
    person.scan_providers_code()


def _declined(person: Person) -> None:
    expect(person.phone.get_by_role("heading", name="We could not verify you")).to_be_visible(
        timeout=DECISION_TIMEOUT_MS
    )
    person.desk.get_by_role("link", name="Return to Contoso").click()
    expect(person.desk.get_by_role("heading", name="We could not verify your identity")).to_be_visible()
    attempt = newest_attempt(person.houses, person.employee.account_name)
    assert attempt["state"] == "refused"
    assert not attempt["passes"]
    assert traces.none_left(person.houses) == []


def test_another_persons_selfie_is_declined_by_the_provider(person: Person) -> None:
    _to_the_provider(person)
    person.prove_identity(selfie="abel")
    _declined(person)


def test_an_altered_check_digit_is_declined_by_the_provider(person: Person) -> None:
    _to_the_provider(person)
    person.prove_identity(document=passport_of(VERA, altered="check_digit"))
    _declined(person)


def test_another_face_at_the_face_check_gets_no_pass_and_only_the_operator_reads_the_score(person: Person) -> None:
    person.come_to_the_face_check()
    for _ in range(3):
        person.check_face("abel")
        again = person.phone.get_by_role("heading", name="Face Check")
        over = person.phone.get_by_role("heading", name="We could not verify your identity")
        expect(again.or_(over)).to_be_visible(timeout=DECISION_TIMEOUT_MS)
        assert "score" not in person.phone.content().lower()
        if over.count():
            break
    expect(over).to_be_visible()
    attempt = newest_attempt(person.houses, VERA.account_name)
    assert attempt["state"] == "refused"
    assert not attempt["passes"]
    assert attempt["score"] is None or attempt["score"] < 70
    assert traces.none_left(person.houses) == []


def test_a_name_that_does_not_match_sees_the_red_error_where_the_pass_would_be(
    houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext
) -> None:
    person = Person(houses, ABEL, desktop, phone, Pictures(None))
    person.come_to_the_face_check(document=passport_of(ABEL, given="Konrad"))
    person.check_face()
    error = person.phone.locator(".notice--error")
    expect(error).to_contain_text("We could not confirm that this account is yours", timeout=DECISION_TIMEOUT_MS)
    attempt = newest_attempt(houses, ABEL.account_name)
    assert (attempt["state"], attempt["passes"]) == ("mismatched", False)


def test_a_revoked_credential_is_refused_and_says_so_to_the_operator_alone(person: Person) -> None:
    _to_the_provider(person)
    person.prove_identity()
    person.receive_credential()
    person.join_with_phone()
    reference = newest_proofing_reference(person.houses)
    person.houses.command("provider", "revoke_credential", reference, "--reason", "reported stolen")
    person.phone.get_by_role("link", name="Open wallet", exact=True).click()
    person.unlock(person.phone)
    person.phone.get_by_role("button", name="Share").click()
    expect(person.desk.get_by_role("heading", name="We could not verify your identity")).to_be_visible(timeout=30_000)
    attempt = newest_attempt(person.houses, VERA.account_name)
    assert (attempt["state"], attempt["reason"], attempt["passes"]) == ("refused", "credential_revoked", False)


def test_cancelling_with_photos_at_the_provider_leaves_no_picture_anywhere(person: Person) -> None:
    _to_the_provider(person)
    person.give_details()
    person.choose_document()
    person.photograph_document({"front": passport_of(VERA)})
    person.phone.get_by_role("button", name="Cancel the verification").click()
    expect(person.phone.get_by_role("heading", name="cancelled")).to_be_visible()
    assert traces.none_left(person.houses) == []


def test_an_expired_attempt_says_so_and_begins_again(person: Person) -> None:
    _to_the_provider(person)
    age_attempt(person.houses, VERA.account_name)
    person.desk.goto(f"{person.houses.url('portal')}/recover/face/")
    expect(person.desk.get_by_role("heading", name="This recovery has expired")).to_be_visible()
    assert newest_attempt(person.houses, VERA.account_name)["state"] == "expired"
    assert traces.none_left(person.houses) == []


def test_a_strangers_name_walks_the_same_road_and_ends_like_a_mismatch(person: Person) -> None:
    stranger = decoy_name(person.houses, with_entry=True)
    person.name_account(stranger)
    person.ask_for_recovery()
    person.scan_providers_code()
    person.prove_identity()
    person.receive_credential()
    person.join_with_phone()
    person.share()
    person.check_face()
    error = person.phone.locator(".notice--error")
    expect(error).to_contain_text("We could not confirm that this account is yours", timeout=DECISION_TIMEOUT_MS)
    assert newest_attempt(person.houses, stranger)["reason"] == "unknown_account"


def test_an_excluded_person_and_a_stranger_without_entry_see_the_same_ways(person: Person) -> None:
    def ways(account_name: str) -> list[str]:
        person.name_account(account_name)
        return person.desk.locator(".list__main").all_inner_texts()

    assert not any("Recover" in way for way in ways(OMAR.account_name))
    assert not any("Recover" in way for way in ways(decoy_name(person.houses, with_entry=False)))


def test_the_provider_being_down_is_said_before_anyone_is_sent_away(
    houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext
) -> None:
    person = Person(houses, LENA, desktop, phone, Pictures(None))
    houses.stop_one("provider")
    try:
        person.name_account()
        person.ask_for_recovery()
        expect(person.desk.get_by_role("heading", name="This can't be done right now")).to_be_visible()
        assert person.desk.url.startswith(houses.url("portal"))
        assert newest_attempt(houses, LENA.account_name)["state"] == "unavailable"
    finally:
        houses.start_web("provider")
        houses.wait_for("provider")


def test_a_worker_killed_in_the_middle_loses_nothing(person: Person) -> None:
    person.come_to_the_face_check()
    person.houses.stop_one("portal-worker", kill=True)
    try:
        person.check_face()
        expect(person.phone.get_by_role("heading", name="We are checking your photos")).to_be_visible()
        assert newest_attempt(person.houses, VERA.account_name)["state"] == "checkingFace"
    finally:
        person.houses.start_worker("portal")
    person.reveal_pass()
    assert newest_attempt(person.houses, VERA.account_name)["passes"]
    assert traces.none_left(person.houses) == []
