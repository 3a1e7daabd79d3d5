"""What the doctor says about profiles."""

from datetime import UTC, datetime

import pytest

from accounts.models import DirectoryGroup, User
from idv.verifier.models import IdentityProvider
from recovery_portal.kit.doctor import Level
from recovery_portal.recovery.examination import profiles
from recovery_portal.recovery.models import RecoveryProfile
from tap.queries import get_policy

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def profile() -> RecoveryProfile:
    provider = IdentityProvider.objects.create(name="Proofmark", issuer="http://provider.test", client_id="portal")
    return RecoveryProfile.objects.create(name="Staff", state="enabled", include_all_users=True, provider=provider)


def said() -> list[tuple[Level, str]]:
    return [(finding.level, finding.sentence) for finding in profiles(NOW)]


def test_without_a_profile_there_is_something_to_think_about() -> None:
    assert [level for level, _ in said()] == [Level.WARNING]


def test_a_profile_for_nobody_is_worth_a_thought(profile: RecoveryProfile) -> None:
    assert said() == [(Level.WARNING, "Staff: it is enabled and holds for nobody.")]


def test_people_outside_the_pass_policy_are_a_problem(profile: RecoveryProfile) -> None:
    alice = User.objects.create_user("alice@contoso.example", given_name="Alice", surname="Archer")
    User.objects.create_user("bob@contoso.example", given_name="Bob", surname="Baker")
    assert said() == [(Level.OK, "Staff holds for 2 people.")]
    board = DirectoryGroup.objects.create(display_name="Board")
    board.members.add(alice)
    get_policy().exclude_groups.add(board)
    ((level, sentence),) = said()
    assert level is Level.PROBLEM
    assert "1 of 2 people are outside the Temporary Access Pass policy" in sentence
    assert "alice" not in sentence


def test_blank_names_and_a_disabled_provider_are_told(profile: RecoveryProfile) -> None:
    User.objects.create_user("alice@contoso.example", given_name="Alice")
    profile.provider.enabled = False
    profile.provider.save()
    assert [level for level, _ in said()] == [Level.PROBLEM, Level.WARNING]
