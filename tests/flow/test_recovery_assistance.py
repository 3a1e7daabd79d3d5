"""Without a camera: an operator makes sure who it is, and only the browser that asked goes on to a pass."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import AuditEvent, User
from idv.verifier.models import PresentationRequest
from recovery_portal.kit.errors import DomainError
from recovery_portal.recovery import flows, queries
from recovery_portal.recovery.errors import AssistanceRefused, ConsentMissing
from recovery_portal.recovery.flows import assisting
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import Assistance, RecoveryAttempt, RecoveryBlock, RecoveryProfile
from tap.models import TemporaryAccessPass
from tests.fakes.recovery import IPHONE, NOON, Clock, Person, make_person, wallet_of
from tests.flow.test_recovery_attempts_console import operator, signed_in
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

ALICE = "alice@contoso.example"
HELPS = (
    "recovery.view_recoveryattempt",
    "recovery.view_attemptreview",
    "recovery.review_attempt",
    "tap.add_temporaryaccesspass",
)


@pytest.fixture
def bob(db: None) -> User:
    return operator(*HELPS)


@pytest.fixture
def carol(db: None) -> User:
    return operator(*HELPS, name="carol@contoso.example")


@pytest.fixture
def browser(alice: User, profile: RecoveryProfile, provider: Provider) -> Person:
    RecoveryProfile.objects.update(assistance="oneOperator")
    return Person()


def without_camera(browser: Person, name: str = ALICE) -> Person:
    browser.type_name(name).open("recovery:start")
    return browser.press("recovery:start", recovery="on", way="without_camera")


def asked() -> Assistance:
    return Assistance.objects.select_related("attempt__user").get()


def code_on(browser: Person) -> str:
    return str(browser.open("recovery:assistance").seen.context["code"])


def confirm(by: User, code: str, method: str = "seen in person", at: Any = NOON) -> None:
    assisting.confirm(assistance=asked(), by=by, code=code, method=method, at=at)


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(AssistanceRefused) as refused:
        act()
    return refused.value.code


class TestThePerson:
    def test_one_operator_is_told_the_number_and_this_browser_gets_the_pass(self, browser: Person, bob: User) -> None:
        assert without_camera(browser).page == "assistance"
        assert "no-store" in browser.seen.headers["Cache-Control"]
        assert ALICE in {address for letter in mail.outbox for address in letter.to}  # the owner hears of it
        code = code_on(browser)
        assert len(code.replace(" ", "")) == 6
        confirm(bob, code)
        assert browser.open("recovery:assistance").page == "confirmed"
        issued = browser.press("recovery:confirmed").seen.context["passcode"]
        assert issued in browser.text
        attempt = RecoveryAttempt.objects.get()
        assert (attempt.state, attempt.match_detail) == (State.PASS_ISSUED, {"assisted": "oneOperator"})
        told = {event.activity: event.details["note"] for event in AuditEvent.objects.filter(initiated_by=bob)}
        assert told == {
            "Assisted account recovery approved": "seen in person",
            "User account matched and validated": "seen in person",
        }
        everything = " ".join(f"{event.details} {event.reason}" for event in AuditEvent.objects.all())
        assert code.replace(" ", "") not in everything
        assert issued not in everything
        assert asked().code == ""

    def test_from_the_face_check_what_was_presented_is_forgotten(
        self, browser: Person, provider: Provider, clock: Clock, bob: User
    ) -> None:
        browser.start(ALICE, provider)
        browser.share(wallet_of(provider), same_device=True, at=clock.at)
        assert "Ask an operator" in browser.open("recovery:face-no-camera").text
        assert browser.press("recovery:assistance-ask").page == "assistance"
        assert not PresentationRequest.objects.filter(claims_sealed__isnull=False).exists()
        assert browser.open("recovery:face").page == "assistance"
        confirm(bob, code_on(browser))
        assert browser.open("recovery:status").seen.json()["next"] == reverse("recovery:confirmed")

    def test_from_the_way_to_the_provider_and_a_late_return_moves_nothing(
        self, browser: Person, provider: Provider, bob: User
    ) -> None:
        browser.type_name(ALICE).open("recovery:start")
        browser.consent()
        assert "I have no camera" in browser.open("recovery:provider").text
        assert browser.press("recovery:assistance-ask").page == "assistance"
        assert browser.come_back(provider).page == "assistance"
        assert RecoveryAttempt.objects.get().state == State.AWAITING_ASSISTANCE

    def test_evaluation_changes_nothing_and_says_what_would_have_been(self, browser: Person, bob: User) -> None:
        RecoveryProfile.objects.update(mode="evaluation")
        without_camera(browser)
        confirm(bob, code_on(browser))
        assert browser.open("recovery:assistance").page == "evaluated"
        attempt = RecoveryAttempt.objects.get()
        assert (attempt.state, attempt.would_have) == (State.EVALUATED, "pass_issued")
        assert AuditEvent.objects.filter(activity="Assisted account recovery approved", initiated_by=bob).exists()
        assert not TemporaryAccessPass.objects.exists()

    def test_a_refusal_is_calm_and_ends_it(self, browser: Person, bob: User) -> None:
        without_camera(browser)
        assisting.refuse(assistance=asked(), by=bob, note="did not know the manager", at=NOON)
        assert browser.open("recovery:assistance").page == "refused"
        assert "could not make sure" in browser.text
        assert "even light" not in browser.text
        assert asked().code == ""

    def test_nobody_comes_and_it_expires(self, browser: Person, bob: User, clock: Clock) -> None:
        without_camera(browser)
        code = code_on(browser)
        clock.forward(hours=1, minutes=59)
        assert browser.open("recovery:assistance").page == "assistance"
        clock.forward(minutes=2)
        assert browser.open("recovery:assistance").page == "expired"
        assert refusal(lambda: confirm(bob, code, at=clock.at)) == "not_waiting"
        assert list(queries.waiting_for_assistance(clock.at)) == []

    def test_cancelling_ends_it(self, browser: Person, bob: User) -> None:
        without_camera(browser)
        code = code_on(browser)
        assert browser.press("recovery:cancel").page == "cancelled"
        assert refusal(lambda: confirm(bob, code)) == "not_waiting"

    def test_a_stranger_waits_like_everybody_and_no_operator_sees_it(self, browser: Person, bob: User) -> None:
        without_camera(browser)
        own = browser.text
        other = Person(address="198.51.100.7")
        name = "alicf@contoso.example"
        while without_camera(other, name).page != "assistance":  # not every unknown name is shown an entry
            name = f"x{name}"
        assert other.text.count("<p") == own.count("<p")
        assert Assistance.objects.count() == 2
        assert [one.attempt.account_name for one in queries.waiting_for_assistance(NOON)] == [ALICE]
        unknown = Assistance.objects.get(attempt__user=None)
        assert signed_in(bob).get(reverse("console:assistance", args=[unknown.attempt_id])).status_code == 404
        code = code_on(other)
        assert refusal(lambda: assisting.confirm(assistance=unknown, by=bob, code=code, method="x", at=NOON)) == (
            "not_waiting"
        )


class TestNotOffered:
    @pytest.fixture
    def browser(self, alice: User, profile: RecoveryProfile, provider: Provider) -> Person:
        return Person()

    def test_it_is_off_until_a_profile_says_otherwise(
        self, browser: Person, provider: Provider, clock: Clock, profile: RecoveryProfile
    ) -> None:
        assert profile.assistance == "off"
        assert "no camera" not in browser.type_name(ALICE).open("recovery:start").text
        pressed = browser.press("recovery:start", recovery="on", way="without_camera")
        assert pressed.page == "start"  # the second agreement is missing, as for everybody
        assert not RecoveryAttempt.objects.exists()
        browser.start(ALICE, provider)
        browser.share(wallet_of(provider), same_device=True, at=clock.at)
        assert "Ask an operator" not in browser.open("recovery:face-no-camera").text
        assert browser.press("recovery:assistance-ask").page == "face"
        assert not Assistance.objects.exists()

    def test_an_attempt_keeps_the_terms_it_began_under(
        self, browser: Person, provider: Provider, profile: RecoveryProfile
    ) -> None:
        browser.type_name(ALICE).open("recovery:start")
        browser.consent()
        RecoveryProfile.objects.update(assistance="oneOperator")
        assert browser.press("recovery:assistance-ask").page == "provider"

    def test_without_the_first_agreement_nothing_begins(self, browser: Person, clock: Clock) -> None:
        RecoveryProfile.objects.update(assistance="oneOperator")
        browser.type_name(ALICE).open("recovery:start")
        assert browser.press("recovery:start", way="without_camera").page == "start"
        with pytest.raises(ConsentMissing):
            flows.start(account_name=ALICE, address="", browser="", consents=[], at=NOON, without_camera=True)
        assert not RecoveryAttempt.objects.exists()

    def test_the_flow_refuses_whatever_the_page_showed(self, browser: Person, clock: Clock) -> None:
        begin = {"account_name": ALICE, "address": "", "browser": "", "consents": ["recovery"], "at": NOON}
        assert refusal(lambda: flows.start(**begin, without_camera=True)) == "not_offered"
        assert not RecoveryAttempt.objects.exists()


class TestWhichBrowser:
    def test_another_browser_takes_no_part(self, browser: Person, bob: User) -> None:
        without_camera(browser)
        other = Person(address="198.51.100.7")
        assert other.open("recovery:assistance").page == "sign_in"
        assert other.press("recovery:assistance-ask").page == "sign_in"
        confirm(bob, code_on(browser))
        assert other.open("recovery:confirmed").page == "sign_in"

    def test_the_phone_may_not_ask_where_only_the_starting_browser_shows_the_pass(
        self, browser: Person, provider: Provider, clock: Clock
    ) -> None:
        RecoveryProfile.objects.update(pass_reveal="startingBrowser")
        browser.start(ALICE, provider)
        phone = Person(agent=IPHONE, address="192.0.2.77")
        phone.press("recovery:phone", browser.hand_off(), answer="continue")
        phone.share(wallet_of(provider), same_device=True, at=clock.at)
        assert phone.page == "face"
        assert "Ask an operator" not in phone.open("recovery:face-no-camera").text
        assert phone.press("recovery:assistance-ask").page == "face"
        assert browser.press("recovery:assistance-ask").page == "other-device"
        assert not Assistance.objects.exists()

    def test_the_device_that_did_not_ask_sees_nothing_of_it(
        self, browser: Person, provider: Provider, clock: Clock, bob: User
    ) -> None:
        browser.start(ALICE, provider)
        phone = Person(agent=IPHONE, address="192.0.2.77")
        phone.press("recovery:phone", browser.hand_off(), answer="continue")
        phone.share(wallet_of(provider), same_device=True, at=clock.at)
        assert phone.press("recovery:assistance-ask").page == "assistance"
        assert browser.open("recovery:assistance").page == "other-device"
        confirm(bob, code_on(phone))
        assert browser.open("recovery:confirmed").page == "other-device"
        assert phone.open("recovery:confirmed").page == "confirmed"


class TestOperators:
    def test_where_two_are_wanted_the_first_cannot_be_the_second(self, browser: Person, bob: User, carol: User) -> None:
        RecoveryProfile.objects.update(assistance="twoOperators")
        without_camera(browser)
        confirm(bob, code_on(browser))
        assert browser.open("recovery:assistance").page == "assistance"
        assert refusal(lambda: assisting.approve(assistance=asked(), by=bob, note="", at=NOON)) == "same_operator"
        with pytest.raises(IntegrityError), transaction.atomic():  # the database agrees
            Assistance.objects.update(status="granted", decided_by=bob, decided_at=NOON)
        assert refusal(lambda: confirm(carol, code_on(browser))) == "not_waiting"
        assisting.approve(assistance=asked(), by=carol, note="called back", at=NOON)
        assert browser.open("recovery:assistance").page == "confirmed"
        told = AuditEvent.objects.filter(initiated_by__in=[bob, carol])
        assert {(event.activity, event.initiated_by) for event in told} == {
            ("Assisted account recovery confirmed", bob),
            ("Assisted account recovery approved", carol),
            ("User account matched and validated", carol),
        }

    def test_the_second_is_not_asked_before_the_first(self, browser: Person, bob: User) -> None:
        RecoveryProfile.objects.update(assistance="twoOperators")
        without_camera(browser)
        assert refusal(lambda: assisting.approve(assistance=asked(), by=bob, note="", at=NOON)) == "not_waiting"

    def test_three_wrong_numbers_end_it_and_the_right_one_comes_too_late(self, browser: Person, bob: User) -> None:
        without_camera(browser)
        right = code_on(browser)
        for wrong in ("000000" if right != "000 000" else "111111", "", "١٢٣٤٥٦ \udcff"):
            assert refusal(lambda wrong=wrong: confirm(bob, wrong)) == "wrong_code"
        assert refusal(lambda: confirm(bob, right)) == "not_waiting"
        assert browser.open("recovery:assistance").page == "refused"
        assert RecoveryAttempt.objects.get().reason_code == "assistance_code_wrong"
        wrong_ones = AuditEvent.objects.filter(activity="Assisted account recovery number wrong", result="failure")
        assert wrong_ones.count() == 3

    def test_the_number_of_another_persons_page_is_a_wrong_one(self, browser: Person, bob: User) -> None:
        without_camera(browser)
        mine = asked()
        make_person("dora@contoso.example", given_name="Dora", surname="Dean")
        other = without_camera(Person(address="198.51.100.7"), "dora@contoso.example")
        code = code_on(other)
        if code != code_on(browser):
            assert refusal(lambda: assisting.confirm(assistance=mine, by=bob, code=code, method="x", at=NOON)) == (
                "wrong_code"
            )

    @pytest.mark.parametrize("missing", HELPS[2:])
    def test_who_may_not_do_both_may_do_neither(self, browser: Person, missing: str) -> None:
        without_camera(browser)
        half = operator(*(one for one in HELPS if one != missing), name="half@contoso.example")
        code = code_on(browser)
        assert refusal(lambda: confirm(half, code)) == "not_permitted"
        assert refusal(lambda: assisting.refuse(assistance=asked(), by=half, note="", at=NOON)) == "not_permitted"
        client = signed_in(half)
        address = reverse("console:assistance", args=[asked().attempt_id])
        assert 'value="confirm"' not in client.get(address).content.decode()
        assert client.post(address, {"act": "confirm", "code": code, "text": "x"}).status_code == 403
        assert asked().code_tries == 0

    def test_nobody_helps_themselves_and_an_operators_account_is_left_to_others(
        self, browser: Person, bob: User, alice: User
    ) -> None:
        without_camera(browser, bob.user_principal_name)
        code = code_on(browser)
        assert refusal(lambda: confirm(bob, code)) == "own_account"
        carol = operator(*HELPS, name="carol@contoso.example")
        assert refusal(lambda: confirm(carol, code)) == "not_permitted"

    def test_what_stands_in_the_way_is_said_to_the_operator_alone(
        self, browser: Person, bob: User, alice: User
    ) -> None:
        without_camera(browser)
        code = code_on(browser)
        assert refusal(lambda: confirm(bob, code, method=" \n ")) == "method_missing"
        RecoveryBlock.objects.create(user=alice, blocked_by=bob, reason="as at the same moment", blocked_at=NOON)
        assert refusal(lambda: confirm(bob, code)) == "blocked"
        User.objects.filter(pk=alice.pk).update(account_enabled=False)
        assert refusal(lambda: confirm(bob, code)) == "account_disabled"
        assert browser.open("recovery:assistance").page == "assistance"
        assert not TemporaryAccessPass.objects.exists()


class TestPages:
    def test_from_the_queue_to_the_decision(self, browser: Person, bob: User, carol: User) -> None:
        RecoveryProfile.objects.update(assistance="twoOperators")
        without_camera(browser)
        code = code_on(browser)
        first, second = signed_in(bob), signed_in(carol)
        assert ALICE in first.get(reverse("console:assistance-queue")).content.decode()
        address = reverse("console:assistance", args=[asked().attempt_id])
        page = first.get(address).content.decode()
        assert code not in page
        assert code.replace(" ", "") not in page
        assert first.post(address, {"act": "confirm", "code": code, "text": ""}).status_code == 200
        assert first.post(address, {"act": "confirm", "code": code, "text": "seen"}).status_code == 302
        assert "Now another operator decides" in first.get(address).content.decode()
        first.post(address, {"act": "approve", "text": "myself"})
        assert asked().status == "confirmed"
        assert second.post(address, {"act": "approve", "text": "called back"}).status_code == 302
        assert asked().status == "granted"
        done = second.get(address).content.decode()
        assert "called back" in done
        assert "<textarea" not in done
        assert ALICE not in first.get(reverse("console:assistance-queue")).content.decode()

    @pytest.mark.parametrize("act", ["", "nonsense", "approve"])
    def test_an_act_out_of_order_changes_nothing(self, browser: Person, bob: User, act: str) -> None:
        without_camera(browser)
        signed_in(bob).post(reverse("console:assistance", args=[asked().attempt_id]), {"act": act, "text": "x"})
        assert asked().status == "waiting"

    def test_strangers_see_no_queue(self, browser: Person) -> None:
        without_camera(browser)
        for client in (signed_in(operator(name="nobody@contoso.example")), Person().client):
            for address in (
                reverse("console:assistance-queue"),
                reverse("console:assistance", args=[asked().attempt_id]),
            ):
                assert client.get(address).status_code in {302, 403}

    @pytest.mark.parametrize("number", [1, 12])
    def test_the_queue_asks_the_database_a_fixed_number_of_times(
        self, browser: Person, bob: User, number: int, django_assert_max_num_queries: Any
    ) -> None:
        for n in range(number):
            name = make_person(f"p{n}@contoso.example").user_principal_name
            without_camera(Person(address=f"198.51.100.{n}"), name)
        client = signed_in(bob)
        with django_assert_max_num_queries(12):
            assert len(client.get(reverse("console:assistance-queue")).context["rows"].rows) == number


@pytest.mark.postgresql
class TestRaces:
    @pytest.mark.django_db(transaction=True)
    def test_of_confirmations_and_a_refusal_at_once_one_wins(self, profile: RecoveryProfile, clock: Clock) -> None:
        make_person()
        RecoveryProfile.objects.update(assistance="oneOperator")
        without_camera(Person())
        code = asked().code
        others = [operator(*HELPS, name=f"op{n}@contoso.example") for n in range(4)]
        outcomes: list[str] = []

        def run(n: int, by: User) -> None:
            try:
                if n:
                    confirm(by, code)
                else:
                    assisting.refuse(assistance=asked(), by=by, note="", at=NOON)
                outcomes.append("won")
            except DomainError as lost:
                outcomes.append(lost.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=one) for one in enumerate(others)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes.count("won") == 1
        assert set(outcomes) <= {"won", "not_waiting"}
        attempt = RecoveryAttempt.objects.get()
        assert (attempt.state, asked().status) in {(State.MATCHED, "granted"), (State.REFUSED, "refused")}
