"""Who may recover, and under which profile."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import DirectoryGroup, User
from recovery_portal.recovery import decoys, preflight, queries
from recovery_portal.recovery.models import RecoveryPolicy, RecoveryProfile
from recovery_portal.recovery.offer import RecoverYourAccount
from tests.fakes.recovery import NOON, make_person, make_profile
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

STRANGERS = [f"nobody{number}@contoso.example" for number in range(150)]


def group_of(*people: User, name: str = "Staff") -> DirectoryGroup:
    group = DirectoryGroup.objects.create(display_name=name)
    group.members.set(people)
    return group


def offered(user: User | None, name: str) -> bool:
    return RecoverYourAccount().applies_to(user=user, account_name=name, at=NOON)


class TestWhichProfileWins:
    def test_the_lowest_priority_number_that_includes_the_person_wins(
        self,
        alice: User,
        profile: RecoveryProfile,
    ) -> None:
        staff = make_profile(profile.provider, name="Staff", priority=10, include_all_users=False)
        first = make_profile(profile.provider, name="First", priority=1, include_all_users=False)
        assert queries.find_profile_for(alice) == profile
        staff.include_groups.add(group_of(alice))
        assert queries.find_profile_for(alice) == staff
        first.include_groups.add(group_of(alice, name="Pilots"))
        assert queries.find_profile_for(alice) == first

    def test_it_is_one_query(
        self,
        alice: User,
        profile: RecoveryProfile,
        django_assert_num_queries: Any,
    ) -> None:
        with django_assert_num_queries(1):
            found = queries.find_profile_for(alice)
            assert found is not None
            assert found.provider.name == "Proofmark"

    def test_a_disabled_profile_never_wins(self, alice: User, profile: RecoveryProfile) -> None:
        RecoveryProfile.objects.update(state="disabled")
        assert queries.find_profile_for(alice) is None
        assert queries.eligibility(alice).reason == "not_in_scope"

    def test_an_excluded_group_beats_every_profile(
        self,
        alice: User,
        profile: RecoveryProfile,
    ) -> None:
        """B3."""
        policy = RecoveryPolicy.objects.create()
        policy.excluded_groups.add(group_of(alice, name="Executives"))
        assert queries.find_profile_for(alice) is None
        assert queries.eligibility(alice).reason == "excluded_group"
        assert not offered(alice, alice.user_principal_name)

    def test_the_choice_is_explained(self, alice: User, profile: RecoveryProfile) -> None:
        make_profile(profile.provider, name="Nobody", priority=1, include_all_users=False)
        make_profile(profile.provider, name="Later", priority=900)
        explained = queries.explain(alice)
        assert explained.profile == profile
        assert explained.considered == [("Nobody", "does not include"), ("Everybody", "wins"), ("Later", "includes")]

    def test_the_people_a_profile_touches_are_those_for_whom_it_wins(
        self,
        alice: User,
        profile: RecoveryProfile,
    ) -> None:
        bob = make_person("bob@contoso.example", given_name="Bob")
        carol = make_person("carol@contoso.example", given_name="Carol")
        make_person("dave@contoso.example", account_enabled=False)
        staff = make_profile(profile.provider, name="Staff", priority=10, include_all_users=False)
        staff.include_groups.add(group_of(alice), group_of(alice, bob, name="More"))
        RecoveryPolicy.objects.create().excluded_groups.add(group_of(bob, name="Executives"))
        assert list(queries.users_touched_by(staff)) == [alice]
        assert list(queries.users_touched_by(profile)) == [carol]


class TestTheEntry:
    def test_it_is_offered_to_somebody_in_scope_who_has_signed_in(
        self,
        alice: User,
        profile: RecoveryProfile,
    ) -> None:
        assert offered(alice, alice.user_principal_name)

    def test_it_is_not_offered_before_the_first_sign_in(
        self,
        alice: User,
        profile: RecoveryProfile,
    ) -> None:
        alice.last_sign_in_at = None
        assert not offered(alice, alice.user_principal_name)

    def test_about_half_of_unknown_names_see_it_and_always_the_same_ones(
        self,
        profile: RecoveryProfile,
    ) -> None:
        """V12."""
        first = [offered(None, name) for name in STRANGERS]
        assert first[:40] == [offered(None, name.upper()) for name in STRANGERS[:40]]
        assert 50 < sum(first) < 100

    def test_nobody_sees_it_while_nobody_can_recover(self, db: Any) -> None:
        assert not any(offered(None, name) for name in STRANGERS[:40])

    def test_which_strangers_see_it_depends_on_the_secret_key(
        self,
        profile: RecoveryProfile,
        settings: Any,
    ) -> None:
        before = [decoys.has_entry(name) for name in STRANGERS]
        settings.SECRET_KEY = "another-key-" * 5
        assert before != [decoys.has_entry(name) for name in STRANGERS]


class TestPreflight:
    def obstacle(self, user: User | None, profile: RecoveryProfile, name: str = "") -> str:
        name = name or (user.user_principal_name if user else "")
        return preflight.find_obstacle(user=user, account_name=name, provider=profile.provider, at=NOON)

    def test_nothing_is_in_the_way(
        self,
        alice: User,
        profile: RecoveryProfile,
        provider: Provider,
    ) -> None:
        assert self.obstacle(alice, profile) == ""

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"given_name": "  "}, "name_blank"),
            ({"surname": ""}, "name_blank"),
            ({"last_sign_in_at": None}, "never_signed_in"),
            ({"account_enabled": False}, "account_disabled"),
            ({"user_type": "Guest", "user_principal_name": "a#ext#@contoso.example"}, "external_guest"),
        ],
    )
    def test_the_reason_is_named_for_the_operator(
        self,
        alice: User,
        profile: RecoveryProfile,
        provider: Provider,
        changes: dict[str, Any],
        reason: str,
    ) -> None:
        for field, value in changes.items():
            setattr(alice, field, value)
        assert self.obstacle(alice, profile) == reason

    def test_the_pass_policy_must_cover_the_person(
        self,
        alice: User,
        profile: RecoveryProfile,
        provider: Provider,
    ) -> None:
        from tap.queries import get_policy

        policy = get_policy()
        policy.state = "disabled"
        policy.save()
        assert self.obstacle(alice, profile) == "outside_pass_policy"

    def test_the_provider_is_asked_for_everybody(
        self,
        alice: User,
        profile: RecoveryProfile,
        provider: Provider,
    ) -> None:
        """Otherwise a provider that is down would tell people in scope from all others by the time it takes."""
        provider.down = True
        alice.account_enabled = False
        assert self.obstacle(alice, profile) == "provider_unreachable"
        assert self.obstacle(None, profile, "nobody@contoso.example") == "provider_unreachable"

    def test_a_few_unknown_names_with_the_entry_are_turned_away_here(
        self,
        profile: RecoveryProfile,
        provider: Provider,
    ) -> None:
        met = {self.obstacle(None, profile, name) for name in STRANGERS}
        assert met == {"", "unknown_account", "unknown_account_declined"}


class TestTheDatabaseAgrees:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"face_check_threshold": 49},
            {"face_check_threshold": 101},
            {"mode": "live"},
            {"state": "on"},
            {"match_confidence": "loose"},
            {"old_methods": "burn"},
            {"pass_reveal": "everywhere"},
        ],
    )
    def test_a_profile_outside_the_rules_is_refused(
        self,
        profile: RecoveryProfile,
        wrong: dict[str, Any],
    ) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            RecoveryProfile.objects.filter(pk=profile.pk).update(**wrong)

    def test_there_is_one_row_of_exclusions(self, db: Any) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            RecoveryPolicy.objects.create(id=2)


def test_defaults_are_the_originals(registered_provider: Any) -> None:
    made = RecoveryProfile.objects.create(name="New", provider=registered_provider)
    assert (made.state, made.mode, made.face_check_threshold) == ("disabled", "evaluation", 70)
    assert (made.match_confidence, made.old_methods, made.pass_reveal) == ("exact", "keep", "faceCheckDevice")
    assert made.created_at - NOON != timedelta()
