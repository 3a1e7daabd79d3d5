"""The console: what it shows, to whom, and that it costs the same however much has happened."""

import time
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import DirectoryGroup, User
from recovery_portal.recovery import funnel, scopes
from recovery_portal.recovery.machine import Event, State
from recovery_portal.recovery.models import Milestone, RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from tests.fakes.many import look_again, unasked
from tests.fakes.recovery import NOON, Clock, make_person, make_profile

pytestmark = pytest.mark.django_db
HOME = reverse("console:home")


def operator(*permissions: str) -> Client:
    bob = make_person("bob@contoso.example", is_staff=True, given_name="Bob", surname="Baker")
    for permission in permissions:
        app, codename = permission.split(".")
        bob.user_permissions.add(Permission.objects.get(codename=codename, content_type__app_label=app))
    client = Client()
    client.force_login(bob)
    return client


SEES_ALL = ("recovery.view_recoveryprofile", "recovery.view_recoveryattempt")


def history(profile: RecoveryProfile, number: int) -> None:
    """``number`` attempts, of which each step loses a tenth. The steps are copied within the database: it is quick."""
    known = {"account_name": "p@contoso.example", "profile": profile, "terms_json": profile.terms().as_json()}
    own = uuid.uuid4().hex[:12]
    ended = {"state": State.EXPIRED.value, "reason_code": "lifetime_ended", "moved_at": NOON, "ended_at": NOON}
    attempts = [
        RecoveryAttempt(
            correlation_id=f"{own}-{i}",
            started_at=NOON - timedelta(days=i % 29),
            expires_at=NOON,
            pairing_number=i % 100,
            **known,
            **ended,
        )
        for i in range(number)
    ]
    RecoveryAttempt.objects.bulk_create(attempts, batch_size=2000)
    provider = RecoveryAttempt._meta.get_field("id").get_db_prep_value(profile.provider_id, connection)
    with connection.cursor() as cursor, unasked(cursor):
        for order, step in enumerate(funnel.STEPS):
            cursor.execute(
                "INSERT INTO recovery_milestone"
                " (attempt_id, step, at, milliseconds, started_at, profile_id, provider_id)"
                " SELECT id, %s, started_at, %s + pairing_number, started_at, profile_id, %s"
                " FROM recovery_recoveryattempt a WHERE a.pairing_number %% 10 >= %s AND a.correlation_id LIKE %s",
                [step.value, 1000 * order, provider, order, f"{own}-%"],
            )
    look_again()


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


class TestFunnel:
    def test_steps_are_written_as_an_attempt_moves(self, alice: User, profile: RecoveryProfile) -> None:
        attempt = RecoveryAttempt.begin(user=alice, account_name="alice@contoso.example", profile=profile, at=NOON)
        attempt.apply(Event.SENT_TO_PROVIDER, at=NOON + timedelta(seconds=4))
        attempt.apply(Event.SENT_TO_PROVIDER, at=NOON + timedelta(seconds=60))
        attempt.apply(Event.PROVIDER_VERIFIED, at=NOON + timedelta(seconds=64))
        found = [(m.step, m.milliseconds) for m in Milestone.objects.order_by("id")]
        assert found == [("started", 0), ("sent", 4000), ("proofed", 60000)]

    def test_it_counts_loses_and_ranks(self, profile: RecoveryProfile) -> None:
        history(profile, 100)
        rows = {row.step: row for row in funnel.funnel(funnel.Slice(since=NOON - timedelta(days=30)))}
        started, sent, proofed = (rows[step] for step in funnel.STEPS[:3])
        assert (started.reached, sent.reached, proofed.reached) == (100, 90, 80)
        assert (sent.lost, sent.lost_share, proofed.share) == (10, 10.0, 80.0)
        # The ninety are 1000 + i for i not divisible by ten: the 45th and the 81st of them.
        times = sorted(1000 + i for i in range(100) if i % 10 >= 1)
        assert (sent.median_ms, sent.ninetieth_ms) == (times[44], times[80])
        assert started.median_ms is None

    def test_slices(self, alice: User, profile: RecoveryProfile) -> None:
        history(profile, 20)
        since = NOON - timedelta(days=30)
        none, all_of = uuid.uuid4(), profile.pk
        assert funnel.funnel(funnel.Slice(since, profile_id=none))[0].reached == 0
        assert funnel.funnel(funnel.Slice(since, profile_id=all_of))[0].reached == 20
        assert funnel.funnel(funnel.Slice(since, provider_id=profile.provider_id))[0].reached == 20
        attempt = RecoveryAttempt.begin(user=alice, account_name="alice@contoso.example", profile=profile, at=NOON)
        attempt.devices.create(role="companion", secret_digest="phone", joined_at=NOON)
        assert funnel.funnel(funnel.Slice(since, phone=True))[0].reached == 1
        assert funnel.funnel(funnel.Slice(since, phone=False))[0].reached == 20
        assert funnel.funnel(funnel.Slice(NOON + timedelta(days=1)))[0].reached == 0


class TestHome:
    def test_the_checklist_the_profiles_and_the_funnel(self, clock: Clock, profile: RecoveryProfile) -> None:
        history(profile, 10)
        make_profile(profile.provider, name="Nobody's", include_all_users=False, priority=1)
        page = operator(*SEES_ALL).get(HOME).content.decode()
        assert page.count("Done:") + page.count("To do:") == 5
        assert "There is no signing key yet" in page
        assert "Nobody&#x27;s is enabled and holds for nobody." in page
        assert "10 attempts" not in page or "lifetime_ended" in page
        assert 'role="img"' in page
        assert "<caption>Attempts by step" in page
        assert 'style="' not in page

    def test_the_funnel_needs_the_right_to_read_attempts(self, clock: Clock, profile: RecoveryProfile) -> None:
        history(profile, 10)
        page = operator("recovery.view_recoveryprofile").get(HOME).content.decode()
        assert "Getting started" in page
        assert "The last 30 days" not in page
        assert "lifetime_ended" not in page

    @pytest.mark.parametrize("query", [{"profile": "x"}, {"provider": "' OR 1=1"}, {"device": "<b>"}])
    def test_nonsense_in_the_address_chooses_nothing(
        self, clock: Clock, profile: RecoveryProfile, query: dict[str, str]
    ) -> None:
        answer = operator(*SEES_ALL).get(HOME, query)
        assert answer.status_code == 200
        assert "<b>" not in answer.content.decode()

    @pytest.mark.slow
    def test_the_cost_does_not_grow(self, clock: Clock, profile: RecoveryProfile) -> None:
        client = operator(*SEES_ALL)
        history(profile, 20)
        assert 90 < Milestone.objects.count() < 120
        few = queries_of(client, HOME)
        history(profile, 19_000)
        assert Milestone.objects.count() > 100_000
        began = time.perf_counter()
        assert queries_of(client, HOME) == few
        assert time.perf_counter() - began < 10  # twice the page, on a machine that is busy with the other tests


class TestScopes:
    def test_each_person_counts_once_for_the_profile_that_wins(self, alice: User, profile: RecoveryProfile) -> None:
        carol, dave = make_person("carol@contoso.example"), make_person("dave@contoso.example", account_enabled=False)
        make_person("erin@contoso.example")
        pilots = DirectoryGroup.objects.create(display_name="Pilots")
        pilots.members.set([alice, carol, dave])
        never = DirectoryGroup.objects.create(display_name="Never")
        never.members.set([carol])
        RecoveryPolicy.objects.create().excluded_groups.add(never)
        first = make_profile(profile.provider, name="Pilots", include_all_users=False, priority=1)
        first.include_groups.add(pilots)
        assert scopes.users_in_scope() == {first.pk: 1, profile.pk: 1}

    def test_queries_do_not_grow_with_profiles(self, alice: User, profile: RecoveryProfile) -> None:
        profile.include_groups.add(DirectoryGroup.objects.create(display_name="Staff"))
        with CaptureQueriesContext(connection) as few:
            scopes.users_in_scope()
        for number in range(10):
            group = DirectoryGroup.objects.create(display_name=f"Group {number}")
            other = make_profile(profile.provider, name=f"P{number}", include_all_users=False, priority=number)
            other.include_groups.add(group)
        with CaptureQueriesContext(connection) as many:
            scopes.users_in_scope()
        assert len(many) == len(few)


class TestWhoMayOpen:
    @pytest.mark.parametrize(
        ("name", "needed"),
        [
            ("home", ("recovery.view_recoveryprofile",)),
            ("explain", ("recovery.view_recoveryprofile", "accounts.view_user")),
            ("simulator", ("accounts.view_user", "recovery.view_match_detail")),
            ("readiness", ("recovery.view_recoveryprofile", "accounts.view_user")),
            (
                "readiness-csv",
                ("recovery.view_recoveryprofile", "accounts.view_user", "recovery.view_match_detail"),
            ),
        ],
    )
    def test_every_page_wants_exactly_its_permissions(
        self, clock: Clock, profile: RecoveryProfile, name: str, needed: tuple[str, ...]
    ) -> None:
        address = reverse(f"console:{name}", args=[profile.pk] if name.startswith("readiness") else [])
        assert Client().get(address).status_code == 302
        client = operator()
        assert client.get(address).status_code == 403
        bob = User.objects.get(user_principal_name="bob@contoso.example")
        for number, permission in enumerate(needed, start=1):
            app, codename = permission.split(".")
            bob.user_permissions.add(Permission.objects.get(codename=codename, content_type__app_label=app))
            assert client.get(address).status_code == (200 if number == len(needed) else 403)

    def test_who_is_no_operator_is_led_elsewhere(self, alice: User, profile: RecoveryProfile) -> None:
        client = Client()
        client.force_login(alice)
        assert client.get(HOME).status_code == 302


class TestSavings:
    def test_the_estimate_of_this_directory_stands_there_at_once(self, alice: User) -> None:
        page = operator("recovery.view_recoveryprofile").get(reverse("console:savings"))
        assert page.context["form"].data["users"] == 2
        assert page.context["found"].saving > 0

    @pytest.mark.parametrize(
        "typed",
        [{"users": "-1"}, {"users": "x"}, {"monthly_percent": "101"}, {"help_desk_cost": "NaN"}, {"users": "9" * 400}],
    )
    def test_nonsense_is_said_and_nothing_is_estimated(self, alice: User, typed: dict[str, str]) -> None:
        page = operator("recovery.view_recoveryprofile").get(reverse("console:savings"), typed)
        assert page.status_code == 200
        assert page.context["found"] is None
        assert page.context["form"].errors
