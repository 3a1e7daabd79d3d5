"""Attempts in the console: found, read line by line, cancelled; and accounts whose recoveries are stopped."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import notices
from accounts.models import AuditEvent, User
from idv.verifier.models import ProofingRequest
from recovery_portal.recovery import flows, queries
from recovery_portal.recovery.errors import BlockRefused
from recovery_portal.recovery.flows import blocking
from recovery_portal.recovery.machine import Event, State
from recovery_portal.recovery.models import AttemptDevice, RecoveryAttempt, RecoveryBlock, RecoveryProfile
from tap.models import TemporaryAccessPass
from tests.fakes.recovery import NOON, Clock, Person, make_person, walk, wallet_of
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db


def operator(*permissions: str, name: str = "bob@contoso.example", **fields: Any) -> User:
    bob = make_person(name, is_staff=True, given_name="Bob", surname="Baker", **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        bob.user_permissions.add(Permission.objects.get(codename=codename, content_type__app_label=app))
    return bob


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


READS = ("recovery.view_recoveryattempt", "recovery.view_attemptevent")
BLOCKS = ("accounts.view_user", "recovery.view_recoveryblock", "recovery.add_recoveryblock")


@pytest.fixture
def attempt(alice: User, profile: RecoveryProfile) -> RecoveryAttempt:
    attempt = RecoveryAttempt.begin(user=alice, account_name=alice.user_principal_name, profile=profile, at=NOON)
    AttemptDevice.objects.create(attempt=attempt, role="starter", secret_digest="starter", joined_at=NOON)
    return attempt


class TestSearch:
    def found(self, client: Client, **asked: str) -> list[str]:
        page = client.get(reverse("console:attempts"), asked)
        assert page.status_code == 200
        return [attempt.account_name for attempt in page.context["rows"]]

    def test_it_finds_by_name_state_reason_profile_and_time(
        self, attempt: RecoveryAttempt, profile: RecoveryProfile
    ) -> None:
        walk(attempt, State.MISMATCHED, at=NOON)
        RecoveryAttempt.objects.update(reason_code="name_mismatch")
        RecoveryAttempt.begin(user=None, account_name="nobody@contoso.example", profile=profile, at=NOON)
        client = signed_in(operator(*READS))
        both = ["alice@contoso.example", "nobody@contoso.example"]
        assert sorted(self.found(client)) == both
        assert self.found(client, text="ALI") == ["alice@contoso.example"]
        assert self.found(client, text=attempt.correlation_id) == ["alice@contoso.example"]
        assert self.found(client, state="mismatched") == ["alice@contoso.example"]
        assert self.found(client, reason="homonym") == []
        assert self.found(client, reason="name_mismatch") == ["alice@contoso.example"]
        assert sorted(self.found(client, profile=str(profile.pk), since="2026-11-22", until="2026-11-22")) == both
        assert self.found(client, until="2026-11-21") == []

    def test_states_reasons_and_outcomes_are_read_and_chosen_in_words(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.EVALUATED, at=NOON)
        RecoveryAttempt.objects.update(reason_code="homonym", would_have="homonym")
        seer = operator(*READS, "recovery.view_match_detail", name="carol@contoso.example")
        for user, times in ((operator(*READS), 1), (seer, 2)):
            seen = signed_in(user).get(reverse("console:attempts")).content.decode()
            assert "<td>Evaluated: nothing was changed</td>" in seen
            assert seen.count("<td>The same names fit somebody else, too. <code>homonym</code></td>") == times
        assert '<option value="mismatched">Not matched</option>' in seen
        assert '<optgroup label="Match and number">' in seen
        assert '<option value="homonym">The same names fit somebody else, too.</option>' in seen

    def test_a_reason_of_another_provider_can_be_asked_for_by_its_code(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.REFUSED, at=NOON)
        RecoveryAttempt.objects.update(reason_code="acme_<b>42</b>")
        client = signed_in(operator(*READS))
        assert self.found(client, reason="acme_<b>42</b>") == ["alice@contoso.example"]
        seen = client.get(reverse("console:attempts"), {"reason": "acme_<b>42</b>"}).content.decode()
        assert '<option value="acme_&lt;b&gt;42&lt;/b&gt;" selected>acme_&lt;b&gt;42&lt;/b&gt;</option>' in seen
        assert "<b>42" not in seen

    def test_it_finds_by_the_providers_reference(self, attempt: RecoveryAttempt, profile: RecoveryProfile) -> None:
        attempt.proofing = ProofingRequest.objects.create(
            provider=profile.provider, correlation_id=attempt.correlation_id, redirect_uri="x", state_digest="x",
            nonce="x", authorization_url="x", proofing_reference="pf-77", created_at=NOON, expires_at=NOON,
        )  # fmt: skip
        attempt.save()
        client = signed_in(operator(*READS))
        assert self.found(client, text="pf-77") == ["alice@contoso.example"]
        assert self.found(client, text="pf-7") == []

    @pytest.mark.parametrize(
        "asked",
        [{"state": "nonsense"}, {"profile": "x"}, {"since": "yesterday"}, {"text": "\x00"}, {"text": "a" * 300}],
    )
    def test_nonsense_finds_nothing_and_breaks_nothing(self, attempt: RecoveryAttempt, asked: dict[str, str]) -> None:
        assert self.found(signed_in(operator(*READS)), **asked) == []

    @pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999", "٣"])
    def test_a_page_that_is_none_is_the_first_or_the_last(self, attempt: RecoveryAttempt, page: str) -> None:
        assert len(self.found(signed_in(operator(*READS)), page=page)) <= 1


class TestTimeline:
    def page(self, user: User, attempt: RecoveryAttempt) -> str:
        answer = signed_in(user).get(reverse("console:attempt", args=[attempt.pk]))
        assert answer.status_code == 200
        return str(answer.content.decode())

    def test_a_whole_journey_is_told_from_every_record(
        self, alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock
    ) -> None:
        person = Person()
        person.start(alice.user_principal_name, provider)
        wallet = wallet_of(provider, last="Other")
        clock.forward(seconds=75)
        person.share(wallet, same_device=True, at=clock.at)
        with TestCase.captureOnCommitCallbacks(execute=True):
            person.show_face("alice")
        attempt = RecoveryAttempt.objects.get()
        seen = self.page(operator(*READS), attempt)
        for told in (
            "User started account recovery",
            "Verified by the provider <code>providerVerified</code>",
            "At the provider → Waiting for the credential",
            "asked Proofmark",
            "reference proofing-1",
            "credential asked for",
            "photos of try 1",
            "Browser that started joined",
            "Letter: a recovery was begun",
            "2 of 2 letters delivered",
            "1 min 15 s",
        ):
            assert told in seen, told
        assert "score" not in seen
        assert "Match by field" not in seen

    def test_scores_and_the_match_by_field_need_their_own_permission(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.MISMATCHED, at=NOON)
        RecoveryAttempt.objects.update(match_detail={"surname": "different"}, reason_code="name_mismatch")
        assert "different" not in self.page(operator(*READS), attempt)
        seen = self.page(operator(*READS, "recovery.view_match_detail", name="carol@contoso.example"), attempt)
        assert '<th scope="row">Surname</th><td>differs</td>' in seen
        assert "The names differ." in seen

    def test_it_asks_the_database_the_same_however_long_the_story(self, attempt: RecoveryAttempt) -> None:
        client = signed_in(operator(*READS))
        address = reverse("console:attempt", args=[attempt.pk])
        client.get(address)  # the first visit writes the session
        with CaptureQueriesContext(connection) as short:
            client.get(address)
        for _ in range(6):
            attempt.apply(Event.SENT_TO_PROVIDER, at=NOON)
        notices.send(user=attempt.user, notice="recovery_started", at=NOON)
        with CaptureQueriesContext(connection) as long:
            client.get(address)
        assert len(long) == len(short)

    def test_whether_the_account_is_blocked_stands_there(self, attempt: RecoveryAttempt) -> None:
        looker = operator(*READS, *BLOCKS)
        told = "Recoveries of this account are blocked."
        seen = self.page(looker, attempt)
        assert told not in seen
        assert "Block further attempts of this account" in seen
        blocking.block(user=attempt.user, reason="stolen", by=looker, at=NOON)
        assert told in self.page(looker, attempt)

    def test_cancelling_needs_its_permission_and_a_post(self, attempt: RecoveryAttempt) -> None:
        address = reverse("console:attempt-cancel", args=[attempt.pk])
        assert signed_in(operator(*READS)).post(address).status_code == 403
        client = signed_in(operator(*READS, "recovery.cancel_recoveryattempt", name="carol@contoso.example"))
        assert client.get(address).status_code == 405
        for _ in range(2):  # the second finds it over, which is no error
            assert client.post(address, follow=True).status_code == 200
        attempt.refresh_from_db()
        assert attempt.state == State.CANCELLED

    def test_an_attempt_that_is_none_is_not_found(self) -> None:
        address = reverse("console:attempt", args=["00000000-0000-0000-0000-000000000000"])
        assert signed_in(operator(*READS)).get(address).status_code == 404


class TestBlocking:
    def test_running_attempts_end_and_the_pass_they_handed_out_is_gone(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.MATCHED, at=NOON)
        flows.reveal_pass(attempt=attempt, at=NOON)
        bob = operator(*BLOCKS)
        blocking.block(user=attempt.user, reason="phone stolen", by=bob, at=NOON)
        attempt.refresh_from_db()
        assert attempt.state == State.CANCELLED
        assert not TemporaryAccessPass.objects.exists()
        event = AuditEvent.objects.get(activity="Account recovery blocked for user")
        assert (event.target, event.initiated_by, event.reason) == (attempt.user, bob, "phone stolen")
        assert event.details["attemptsCancelled"] == "1"

    def test_a_blocked_account_looks_like_one_out_of_scope(
        self, alice: User, profile: RecoveryProfile, provider: Provider
    ) -> None:
        blocking.block(user=alice, reason="x", by=operator(*BLOCKS), at=NOON)
        person = Person().type_name(alice.user_principal_name)
        assert "Recover your account" not in person.open("accounts:other_ways").text
        blocked = person.open("recovery:start").consent()
        User.objects.filter(pk=alice.pk).update(last_sign_in_at=None)
        RecoveryBlock.objects.all().delete()
        ineligible = Person().type_name(alice.user_principal_name).open("recovery:start").consent()
        assert blocked.status_code == ineligible.status_code
        assert blocked.headers.get("Location") == ineligible.headers.get("Location")
        reasons = list(RecoveryAttempt.objects.order_by("started_at").values_list("reason_code", flat=True))
        assert sorted(reasons) == ["blocked", "never_signed_in"]
        assert not [letter for letter in mail.outbox if "recovery" in letter.subject.lower()]

    def test_a_pass_is_not_handed_out_after_the_block(self, attempt: RecoveryAttempt) -> None:
        walk(attempt, State.MATCHED, at=NOON)
        RecoveryBlock.objects.create(user=attempt.user, reason="x", blocked_by=operator(*BLOCKS), blocked_at=NOON)
        assert flows.reveal_pass(attempt=attempt, at=NOON) is None
        attempt.refresh_from_db()
        assert (attempt.state, attempt.reason_code) == (State.MISMATCHED, "blocked")

    def test_every_name_costs_the_database_the_same_blocked_or_not(self, alice: User, profile: RecoveryProfile) -> None:
        counts = set()
        blocking.block(user=alice, reason="x", by=operator(*BLOCKS), at=NOON)
        for user in (alice, make_person("carol@contoso.example"), User()):
            with CaptureQueriesContext(connection) as asked:
                queries.eligibility(user)
            counts.add(len(asked))
        assert len(counts) == 1

    def test_lifting_lets_recoveries_begin_again(self, alice: User, profile: RecoveryProfile) -> None:
        bob = operator(*BLOCKS, "recovery.delete_recoveryblock")
        blocking.block(user=alice, reason="x", by=bob, at=NOON)
        with pytest.raises(BlockRefused, match="already_blocked"):
            blocking.block(user=alice, reason="x", by=bob, at=NOON)
        blocking.unblock(user=alice, by=bob, at=NOON + timedelta(hours=1))
        assert queries.eligibility(alice).profile == profile
        with pytest.raises(BlockRefused, match="not_blocked"):
            blocking.unblock(user=alice, by=bob, at=NOON)
        assert AuditEvent.objects.filter(activity="Account recovery unblocked for user", initiated_by=bob).exists()
        blocking.block(user=alice, reason="again", by=bob, at=NOON + timedelta(hours=2))
        assert RecoveryBlock.objects.filter(user=alice).count() == 2

    def test_the_flow_itself_asks_for_the_permission_and_refuses_oneself(self, alice: User) -> None:
        with pytest.raises(BlockRefused, match="not_permitted"):
            blocking.block(user=alice, reason="x", by=operator(), at=NOON)
        carol = operator(*BLOCKS, name="carol@contoso.example")
        with pytest.raises(BlockRefused, match="own_account"):
            blocking.block(user=carol, reason="x", by=carol, at=NOON)
        with pytest.raises(BlockRefused, match="reason_missing"):
            blocking.block(user=alice, reason=" \n ", by=carol, at=NOON)
        assert not RecoveryBlock.objects.exists()

    def test_the_page_blocks_and_who_may_only_block_does_not_lift(self, alice: User) -> None:
        client = signed_in(operator(*BLOCKS))
        address = reverse("console:block", args=[alice.pk])
        shown = client.get(address)
        assert shown.status_code == 200
        assert 'value="Block"' in shown.content.decode()
        landed = client.post(address, {"act": "block", "reason": "stolen\0"}, follow=True)
        assert landed.status_code == 200
        assert RecoveryBlock.objects.get().reason == "stolen"  # PostgreSQL keeps no NUL
        assert "Lift the block" not in landed.content.decode()
        assert signed_in(operator("accounts.view_user", name="dan@contoso.example")).get(address).status_code == 403
        assert client.post(address, {"act": "lift"}).status_code == 403
        assert "alice@contoso.example" in client.get(reverse("console:blocks")).content.decode()
