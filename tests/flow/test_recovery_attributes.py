"""Attributes that must agree besides the name: in a recovery, among homonyms, and where operators keep them."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from recovery_portal.recovery import readiness
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import IdentityRecord, RecoveryAttempt, RecoveryProfile
from tests.fakes.recovery import Clock, Person, make_person, wallet_of
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db
ALICE = "alice@contoso.example"
BORN, NUMBER = "1990-01-15", "AB 12-34x"


def bind(*names: str, **fields: Any) -> None:
    RecoveryProfile.objects.update(bindings=list(names), **fields)


def on_file(user: User, born: str | None = BORN, number: str = "AB1234X") -> None:
    record = IdentityRecord(user=user, date_of_birth=date.fromisoformat(born) if born else None)
    record.set_document_number(number)
    record.save()


def recover(provider: Provider, clock: Clock, **claims: str) -> Person:
    browser = Person().start(ALICE, provider)
    browser.share(wallet_of(provider, **claims), same_device=True, at=clock.at)
    return browser.show_face("alice")


def the_attempt() -> RecoveryAttempt:
    return RecoveryAttempt.objects.get()


def test_what_agrees_is_named_and_leads_to_the_pass(
    alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock
) -> None:
    bind("dateOfBirth", "documentNumber")
    on_file(alice)
    assert recover(provider, clock, dateOfBirth=BORN, documentNumber=NUMBER).page == "confirmed"
    detail = the_attempt().match_detail
    assert (detail["dateOfBirth"], detail["documentNumber"]) == ("equal", "equal")
    assert BORN not in str(detail)


@pytest.mark.parametrize(
    ("born", "number", "wrong"),
    [("1990-01-16", NUMBER, "dateOfBirth"), ("x", NUMBER, "dateOfBirth"), (BORN, "AB12345", "documentNumber")],
)
def test_what_differs_ends_like_every_mismatch(
    alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock, born: str, number: str, wrong: str
) -> None:
    bind("dateOfBirth", "documentNumber")
    on_file(alice)
    assert recover(provider, clock, dateOfBirth=born, documentNumber=number).page == "mismatch"
    attempt = the_attempt()
    assert (attempt.state, attempt.reason_code) == (State.MISMATCHED, "attribute_mismatch")
    assert attempt.match_detail[wrong] == "different"


def test_nothing_on_file_agrees_with_nothing(
    alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock
) -> None:
    bind("dateOfBirth", "documentNumber")
    assert recover(provider, clock, dateOfBirth=BORN, documentNumber="---").page == "mismatch"
    assert the_attempt().reason_code == "attribute_mismatch"


@pytest.mark.parametrize(("born", "page"), [("1991-02-02", "confirmed"), (BORN, "mismatch"), (None, "confirmed")])
def test_a_homonym_with_another_date_of_birth_stands_in_nobodys_way(
    alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock, born: str | None, page: str
) -> None:
    bind("dateOfBirth")
    on_file(alice)
    on_file(make_person("alice2@contoso.example"), born=born)
    assert recover(provider, clock, dateOfBirth=BORN).page == page


def test_an_employee_id_is_the_directorys_own(
    alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock
) -> None:
    bind("employeeId")
    User.objects.filter(pk=alice.pk).update(employee_id="E042")
    assert recover(provider, clock, employeeId=" e042 ").page == "confirmed"


def test_a_rule_that_decided_is_named(alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock) -> None:
    RecoveryProfile.objects.update(match_rules=["nicknames", "diacritics"])
    User.objects.filter(pk=alice.pk).update(given_name="Älice")
    assert recover(provider, clock).page == "confirmed"
    assert the_attempt().match_detail["decidedBy"] == "diacritics"


class TestReadiness:
    def codes(self, profile: RecoveryProfile, name: str = ALICE) -> tuple[str, ...]:
        profile.refresh_from_db()
        return next(person.codes for person in readiness.assess(profile) if person.account_name == name)

    def test_who_lacks_an_attribute_is_found_before_anybody_tries(self, alice: User, profile: RecoveryProfile) -> None:
        bind("dateOfBirth")
        assert self.codes(profile) == ("attribute_missing",)
        on_file(alice)
        assert self.codes(profile) == ()

    def test_rules_make_and_bindings_and_extensions_unmake_homonyms(
        self, alice: User, profile: RecoveryProfile
    ) -> None:
        other = make_person("elicia@contoso.example", given_name="Älice")
        assert self.codes(profile) == ()
        RecoveryProfile.objects.update(match_rules=["diacritics"])
        assert self.codes(profile) == ("homonym",)
        bind("dateOfBirth")
        on_file(alice)
        on_file(other, born="1980-01-01", number="")
        assert self.codes(profile) == ()

    def test_several_words_are_fine_where_the_rule_says_so(self, alice: User, profile: RecoveryProfile) -> None:
        User.objects.filter(pk=alice.pk).update(given_name="Alice Maria")
        RecoveryProfile.objects.update(match_confidence="relaxed")
        assert self.codes(profile) == ("several_words",)
        RecoveryProfile.objects.update(match_rules=["multiWord"])
        assert self.codes(profile) == ()

    def test_what_would_have_made_the_names_match_is_counted(
        self, alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock
    ) -> None:
        RecoveryProfile.objects.update(mode="evaluation")
        User.objects.filter(pk=alice.pk).update(given_name="Allie")
        recover(provider, clock)
        profile.refresh_from_db()
        [person] = readiness.assess(profile)
        assert person.evaluated == "name_mismatch"
        assert person.would_match == ("exact+nicknames", "relaxed+nicknames")
        client = Client()
        client.force_login(make_person("root@contoso.example", given_name="R", is_staff=True, is_superuser=True))
        assert "exact+nicknames" in client.get(reverse("console:readiness", args=[profile.pk])).content.decode()


class TestIdentityRecords:
    @pytest.fixture
    def client(self, clock: Clock) -> Client:
        client = Client()
        client.force_login(make_person("root@contoso.example", given_name="R", is_staff=True, is_superuser=True))
        return client

    def test_a_number_goes_in_and_never_comes_out(self, client: Client, alice: User) -> None:
        form = {"user": str(alice.pk), "date_of_birth": BORN, "document_number": NUMBER}
        assert client.post(reverse("admin:recovery_identityrecord_add"), form).status_code == 302
        record = IdentityRecord.objects.get()
        assert record.is_document_number("ab1234X")
        assert not record.is_document_number("AB1234")
        page = client.get(reverse("admin:recovery_identityrecord_change", args=[record.pk])).content.decode()
        assert "1234" not in page.replace(str(alice.pk), "")
        event = AuditEvent.objects.get(activity="Add identity record")
        assert event.target == alice
        assert BORN not in str(event.details)

    def test_saving_keeps_the_number_and_the_box_takes_it_away(self, client: Client, alice: User) -> None:
        on_file(alice)
        record = IdentityRecord.objects.get()
        change = reverse("admin:recovery_identityrecord_change", args=[record.pk])
        client.post(change, {"date_of_birth": "1991-01-01"})
        record.refresh_from_db()
        assert record.is_document_number(NUMBER)
        client.post(change, {"date_of_birth": "1991-01-01", "forget_number": "on"})
        record.refresh_from_db()
        assert record.document_number_mac == ""
        assert client.post(reverse("admin:recovery_identityrecord_delete", args=[record.pk]), {"post": "yes"})
        assert AuditEvent.objects.filter(activity="Delete identity record").exists()
