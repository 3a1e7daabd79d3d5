"""Before anybody tries: explain, the simulator, readiness and its export."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, DirectoryGroup, User
from recovery_portal.kit.tables import cell
from recovery_portal.recovery import queries, readiness
from recovery_portal.recovery.machine import Event
from recovery_portal.recovery.matching import Confidence, Name, match
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from recovery_portal.recovery.simulation import simulate
from tap.models import TemporaryAccessPassPolicy
from tests.fakes.recovery import NOON, Clock, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(clock: Clock) -> Client:
    client = Client()
    client.force_login(make_person("root@contoso.example", given_name="Rut", is_staff=True, is_superuser=True))
    return client


class TestExplain:
    def page(self, client: Client, account: str) -> str:
        return str(client.get(reverse("console:explain"), {"account": account}).content.decode())

    def test_who_wins_and_what_is_in_the_way(self, client: Client, alice: User, profile: RecoveryProfile) -> None:
        assert "“Everybody” wins" in self.page(client, "ALICE@contoso.example")
        assert "Nothing about the account stands in the way" in self.page(client, alice.user_principal_name)
        User.objects.filter(pk=alice.pk).update(surname=" ")
        assert "name_blank" in self.page(client, alice.user_principal_name)

    def test_why_nobody_wins(self, client: Client, alice: User, profile: RecoveryProfile) -> None:
        group = DirectoryGroup.objects.create(display_name="Never")
        group.members.add(alice)
        RecoveryPolicy.objects.create().excluded_groups.add(group)
        page = self.page(client, alice.user_principal_name)
        assert "No profile wins" in page
        assert "excluded_group" in page

    @pytest.mark.parametrize("account", ["nobody@contoso.example", "<script>x</script>", "\x00", "a" * 5000, ""])
    def test_odd_names(self, client: Client, profile: RecoveryProfile, account: str) -> None:
        answer = client.get(reverse("console:explain"), {"account": account})
        assert answer.status_code == 200
        assert "<script>x" not in answer.content.decode()


class TestSimulator:
    @pytest.mark.parametrize(
        ("given", "family"),
        [
            ("Alice", "Archer"),
            ("Archer", "Alice"),
            ("Alice Maria", "Archer"),
            ("Bob", "Baker"),
            ("", ""),
            ("ALICE", ""),
        ],
    )
    @pytest.mark.parametrize("other", ["Alice", "Bob"])
    def test_it_says_what_an_attempt_would_say(self, alice: User, given: str, family: str, other: str) -> None:
        make_person("other@contoso.example", given_name=other)
        compared = simulate(presented=Name(given, family), user=alice)
        for level in compared.levels:
            wanted = match(
                Name(given, family),
                Name("Alice", "Archer"),
                others=queries.names_of_others(alice),
                confidence=Confidence(level.confidence),
            )
            assert level.verdict == wanted

    def test_homonyms_are_listed(self, client: Client, alice: User) -> None:
        make_person("alice2@contoso.example")
        form = {"account": alice.user_principal_name, "first_name": "Alice", "last_name": "Archer"}
        page = client.post(reverse("console:simulator"), form).content.decode()
        assert "alice2@contoso.example" in page
        assert "homonym" in page

    def test_word_by_word(self, alice: User) -> None:
        words = simulate(presented=Name("Alice Maria", "Archer"), user=alice).words
        assert words == [("alice", ("givenName",)), ("maria", ()), ("archer", ("surname",))]

    def test_hostile_names_are_shown_as_text(self, client: Client, alice: User) -> None:
        form = {"account": alice.user_principal_name, "first_name": "<img src=x>", "last_name": "{{ 7 }}"}
        page = client.post(reverse("console:simulator"), form).content.decode()
        assert "<img src=x>" not in page
        assert "&lt;img" in page

    def test_nothing_is_kept(self, client: Client, alice: User, profile: RecoveryProfile) -> None:
        form = {"account": alice.user_principal_name, "first_name": "Alice", "last_name": "Archer"}
        client.post(reverse("console:simulator"), form)
        assert not RecoveryAttempt.objects.exists()
        assert not AuditEvent.objects.exists()


def codes(profile: RecoveryProfile, name: str) -> tuple[str, ...]:
    return next(person.codes for person in readiness.assess(profile) if person.account_name == name)


class TestReadiness:
    def test_each_finding(self, alice: User, profile: RecoveryProfile) -> None:
        for name, fields in {
            "blank@contoso.example": {"given_name": ""},
            "twin1@contoso.example": {"given_name": "Twin", "surname": "Tower"},
            "twin2@contoso.example": {"given_name": "TWIN", "surname": "tower"},
            "silent@contoso.example": {"given_name": "Sil", "mail": "", "other_mails": []},
            "fresh@contoso.example": {"given_name": "Fre", "last_sign_in_at": None},
        }.items():
            make_person(name, **fields)
        assert codes(profile, "alice@contoso.example") == ()
        assert codes(profile, "blank@contoso.example") == ("name_blank",)
        assert codes(profile, "twin1@contoso.example") == codes(profile, "twin2@contoso.example") == ("homonym",)
        assert codes(profile, "silent@contoso.example") == ("no_address",)
        assert codes(profile, "fresh@contoso.example") == ("never_signed_in",)
        TemporaryAccessPassPolicy.objects.update_or_create(id=1, defaults={"include_all_users": False})
        assert codes(profile, "alice@contoso.example") == ("outside_pass_policy",)

    def test_relaxed_finds_swapped_names_and_names_of_several_words(
        self, alice: User, profile: RecoveryProfile
    ) -> None:
        make_person("swapped@contoso.example", given_name="Archer", surname="Alice")
        make_person("mary@contoso.example", given_name="Mary Ann", surname="Miller")
        assert codes(profile, "alice@contoso.example") == codes(profile, "mary@contoso.example") == ()
        profile.match_confidence = "relaxed"
        assert codes(profile, "alice@contoso.example") == ("homonym",)
        assert codes(profile, "mary@contoso.example") == ("several_words",)

    def test_what_evaluation_showed(self, client: Client, alice: User, profile: RecoveryProfile) -> None:
        RecoveryProfile.objects.update(mode="evaluation")
        profile.refresh_from_db()
        attempt = RecoveryAttempt.begin(user=alice, account_name="alice@contoso.example", profile=profile, at=NOON)
        for event in (
            Event.SENT_TO_PROVIDER,
            Event.PROVIDER_VERIFIED,
            Event.PRESENTATION_VERIFIED,
            Event.FRAMES_SUBMITTED,
            Event.FACE_CHECK_PASSED,
        ):
            attempt.apply(event, at=NOON)
        attempt.apply(Event.EVALUATION_MISMATCHED, at=NOON, would_have="name_mismatch")
        page = client.get(reverse("console:readiness", args=[profile.pk])).content.decode()
        assert "The names differ." in page

    def test_one_finding_alone(self, client: Client, alice: User, profile: RecoveryProfile) -> None:
        make_person("blank@contoso.example", given_name="")
        make_person("fresh@contoso.example", given_name="Fre", last_sign_in_at=None)
        address = reverse("console:readiness", args=[profile.pk])
        page = client.get(address, {"code": "name_blank", "page": "x"}).content.decode()
        assert "blank@contoso.example" in page
        assert "fresh@contoso.example" not in page
        assert client.get(address, {"code": "<b>"}).status_code == 200

    def test_it_asks_as_much_of_the_database_for_one_person_as_for_five_hundred(
        self, alice: User, profile: RecoveryProfile
    ) -> None:
        profile.bindings, profile.match_rules = ["dateOfBirth"], ["nicknames", "transliteration"]
        readiness.assess(profile)  # makes the policy's row
        with CaptureQueriesContext(connection) as few:
            readiness.assess(profile)
        User.objects.bulk_create(
            User(user_principal_name=f"p{i}@contoso.example", given_name=f"Given{i}", surname=f"Family{i % 9}")
            for i in range(500)
        )
        with CaptureQueriesContext(connection) as many:
            people = readiness.assess(profile)
        assert len(people) == 501
        assert len(many) == len(few)


class TestExport:
    def test_everybody_is_in_it_formulas_are_text_and_it_is_audited(
        self, client: Client, alice: User, profile: RecoveryProfile
    ) -> None:
        """V29."""
        make_person("evil@contoso.example", given_name="E", display_name='=HYPERLINK("http://evil.example";"x")')
        answer: Any = client.get(reverse("console:readiness-csv", args=[profile.pk]))
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        rows = {row["userPrincipalName"]: row for row in csv.DictReader(io.StringIO(text))}
        assert rows["alice@contoso.example"]["ready"] == "yes"
        assert rows["evil@contoso.example"]["displayName"].startswith("'=HYPERLINK")
        event = AuditEvent.objects.get(activity="Account Recovery readiness exported")
        assert event.initiated_by_name == "root@contoso.example"

    @pytest.mark.parametrize(
        "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x"]
    )
    def test_whatever_starts_a_formula_is_quoted(self, text: str) -> None:
        assert cell(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["Alice", "", "a=b", "O'Neil"])
    def test_other_text_stays(self, text: str) -> None:
        assert cell(text) == text
