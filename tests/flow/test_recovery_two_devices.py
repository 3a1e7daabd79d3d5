"""Desktop and phone, and the relay drill of design 1.12: whoever shows a stranger their code ends without a pass."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from idv.verifier.models import PresentationRequest
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import AttemptDevice, HandOff, RecoveryAttempt, RecoveryProfile
from tap.models import TemporaryAccessPass
from tests.fakes.recovery import IPHONE, Clock, Person, wallet_of
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

ALICE = "alice@contoso.example"


@pytest.fixture
def desktop(alice: User, profile: RecoveryProfile, provider: Provider) -> Person:
    return Person().start(ALICE, provider)


@pytest.fixture
def phone() -> Person:
    return Person(agent=IPHONE, address="198.51.100.5")


def the_attempt() -> RecoveryAttempt:
    return RecoveryAttempt.objects.get()


def follow(person: Person, page: str) -> Any:
    return person.client.get(reverse("recovery:status"), {"page": page}).json()


def join(desktop: Person, phone: Person) -> Person:
    return phone.press("recovery:phone", desktop.hand_off(), answer="continue")


class TestHandOff:
    def test_the_phone_reads_who_asks_before_it_joins(self, desktop: Person, phone: Person) -> None:
        """O14: who, where, which device; Decline as prominent as Continue."""
        phone.open("recovery:phone", desktop.hand_off())
        assert "a•••@contoso.example" in phone.text
        assert ALICE not in phone.text
        assert "Chrome on Windows" in phone.text
        assert "192.0.2.10" in phone.text
        assert phone.text.count('<button class="button" name="answer"') == 2

    def test_the_city_is_named_when_the_proxy_names_it(
        self, alice: User, profile: RecoveryProfile, provider: Provider, phone: Person, settings: Any
    ) -> None:
        settings.TRUSTED_PROXIES, settings.CITY_HEADER = 1, "X-City"
        starter = Person()
        starter.client.defaults["HTTP_X_CITY"] = "Zürich".encode().decode("latin-1")
        starter.start(ALICE, provider)
        phone.open("recovery:phone", starter.hand_off())
        assert "Chrome on Windows, Zürich" in phone.text
        assert {row.asked_from for row in PresentationRequest.objects.all()} == {"Chrome on Windows, Zürich"}

    def test_the_desktop_follows_the_phone(self, desktop: Person, phone: Person) -> None:
        status = desktop.open("recovery:present").seen.context["status_url"]
        assert desktop.client.get(status).json()["next"] is None
        phone.open("recovery:phone", desktop.hand_off())
        assert "scanned" in desktop.client.get(status).json()["message"]
        join(desktop, phone)
        assert desktop.client.get(status).json()["next"] == reverse("recovery:present")
        assert "Your phone has joined" in desktop.open("recovery:present").text

    def test_the_code_works_once(self, desktop: Person, phone: Person) -> None:
        token = desktop.hand_off()
        phone.press("recovery:phone", token, answer="continue")
        second = Person(agent=IPHONE)
        second.seen = second.client.get(reverse("recovery:phone", args=[token]))
        assert second.seen.status_code == 410
        assert second.client.post(reverse("recovery:phone", args=[token]), {"answer": "continue"}).status_code == 410
        assert AttemptDevice.objects.filter(role="companion").count() == 1

    def test_the_code_is_good_for_five_minutes_and_can_be_renewed(
        self,
        desktop: Person,
        phone: Person,
        clock: Clock,
    ) -> None:
        token = desktop.hand_off()
        status = desktop.open("recovery:present").seen.context["status_url"]
        clock.forward(minutes=5)
        assert desktop.client.get(status).json()["next"] == reverse("recovery:present")
        assert "has expired" in desktop.open("recovery:present").text
        status = desktop.seen.context["status_url"]
        assert desktop.client.get(status).json()["next"] is None
        assert phone.client.get(reverse("recovery:phone", args=[token])).status_code == 410
        desktop.press("recovery:present")
        fresh = desktop.hand_off()
        assert fresh != token
        assert phone.open("recovery:phone", fresh).page == "phone"

    def test_the_token_is_not_kept_in_clear(self, desktop: Person) -> None:
        token = desktop.hand_off()
        assert len(token) >= 22
        assert token not in repr(list(HandOff.objects.values()))

    def test_a_code_opened_on_the_same_device_leads_to_the_link_instead(self, desktop: Person) -> None:
        assert desktop.open("recovery:phone", desktop.hand_off()).page == "present"

    @pytest.mark.parametrize("token", ["x", "forged-" * 30])
    def test_an_unknown_code_says_so(self, phone: Person, token: str) -> None:
        answer = phone.client.get(reverse("recovery:phone", args=[token]))
        assert answer.status_code == 410

    def test_declining_on_the_phone_ends_the_attempt(self, desktop: Person, phone: Person) -> None:
        phone.press("recovery:phone", desktop.hand_off(), answer="decline")
        assert "stopped" in phone.text
        assert the_attempt().reason_code == "declined_on_phone"
        assert desktop.open("recovery:present").page == "cancelled"


class TestOnTheFaceCheckDevice:
    def test_the_pass_is_shown_on_the_phone_that_did_the_face_check(
        self,
        desktop: Person,
        phone: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        join(desktop, phone)
        assert phone.share(wallet_of(provider), same_device=True, at=clock.at).page == "face"
        assert follow(desktop, "present")["next"] == reverse("recovery:other-device")
        assert phone.show_face("alice").page == "confirmed"
        assert desktop.open("recovery:confirmed").page == "other-device"
        assert desktop.press("recovery:confirmed").page == "other-device"
        assert not TemporaryAccessPass.objects.exists()
        assert phone.client.post(reverse("recovery:confirmed")).context["passcode"]

    def test_the_relay_drill(
        self,
        alice: User,
        profile: RecoveryProfile,
        provider: Provider,
        clock: Clock,
        phone: Person,
    ) -> None:
        """Mallory starts for alice and shows her the code; alice falls for it and does everything asked of her."""
        mallory = Person(address="203.0.113.9").start(ALICE, provider)
        join(mallory, phone)
        phone.share(wallet_of(provider), same_device=True, at=clock.at)
        assert phone.show_face("alice").page == "confirmed"
        for name in ("confirmed", "pass", "face", "number", "number-shown"):
            for go in (mallory.open, mallory.press):
                assert go(f"recovery:{name}").page == "other-device"
        assert not TemporaryAccessPass.objects.exists()

    def test_the_relay_by_the_wallets_own_code_asks_for_mallorys_face(
        self,
        alice: User,
        profile: RecoveryProfile,
        provider: Provider,
        clock: Clock,
    ) -> None:
        mallory = Person(address="203.0.113.9").start(ALICE, provider)
        mallory.share(wallet_of(provider), same_device=False, at=clock.at)
        for _ in range(3):
            mallory.show_face("mallory")
        assert mallory.page == "refused"
        assert not TemporaryAccessPass.objects.exists()

    def test_a_presentation_made_for_the_phone_is_not_collected_by_the_desktop(
        self,
        desktop: Person,
        phone: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        from tests.unit.idv.verifier.parties import post

        join(desktop, phone)
        wallet = wallet_of(provider)
        opened = wallet.fetch(phone.request(same_device=True), phone.client, clock.at)
        back = post(phone.client, opened.response_uri, wallet.answer(opened, clock.at)).json()["redirect_uri"]
        assert desktop.open_path(back.removeprefix("http://portal.test")).page == "present"
        assert the_attempt().state == State.AWAITING_PRESENTATION


class TestNumberMatching:
    @pytest.fixture
    def matched(
        self,
        desktop: Person,
        phone: Person,
        provider: Provider,
        clock: Clock,
    ) -> RecoveryAttempt:
        attempt = the_attempt()
        attempt.terms_json |= {"pass_reveal": "startingBrowser"}
        attempt.save(update_fields=["terms_json"])
        join(desktop, phone)
        phone.share(wallet_of(provider), same_device=True, at=clock.at).show_face("alice")
        return the_attempt()

    def test_the_right_number_opens_the_pass_in_the_browser_that_started(
        self, matched: RecoveryAttempt, desktop: Person, phone: Person
    ) -> None:
        assert phone.page == "number"
        assert phone.text.count('name="number" value="') == 4
        assert desktop.open("recovery:present").page == "number-shown"
        assert f">{matched.pairing_number}<" in desktop.text
        assert desktop.press("recovery:confirmed").page == "number-shown"
        assert phone.press("recovery:number", number=str(matched.pairing_number)).page == "other-device"
        assert desktop.open("recovery:number-shown").page == "confirmed"
        assert desktop.client.post(reverse("recovery:confirmed")).context["passcode"]

    @pytest.mark.parametrize("choice", ["wrong", "", "nonsense", "none"])
    def test_anything_else_refuses_the_reveal(
        self, matched: RecoveryAttempt, desktop: Person, phone: Person, choice: str
    ) -> None:
        wrong = next(number for number in matched.pairing_choices if number != matched.pairing_number)
        sent = {} if choice == "none" else {"number": str(wrong) if choice == "wrong" else choice}
        phone.press("recovery:number", **sent)
        assert phone.page == "refused"
        assert desktop.open("recovery:number-shown").page == "refused"
        assert not TemporaryAccessPass.objects.exists()

    def test_on_one_device_no_number_is_needed(
        self,
        desktop: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        attempt = the_attempt()
        attempt.terms_json |= {"pass_reveal": "startingBrowser"}
        attempt.save(update_fields=["terms_json"])
        desktop.share(wallet_of(provider), same_device=True, at=clock.at)
        assert desktop.show_face("alice").page == "confirmed"
