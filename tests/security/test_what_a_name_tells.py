"""What an account name alone tells a stranger: nothing, whatever its owner signs in with, whoever proofs them (V12)."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.passkeys.models import Passkey
from accounts.signin import decoys
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import clock as the_clock
from recovery_portal.recovery import queries
from recovery_portal.recovery.models import RecoveryProfile
from tests.fakes.recovery import make_person, make_profile

pytestmark = pytest.mark.django_db

STRANGERS = [f"nobody{i}@contoso.example" for i in range(200)]


def ways(name: str) -> frozenset[str]:
    browser = Client()
    browser.post("/", {"account_name": name})
    entries = browser.get("/sign-in/other/").context["entries"]
    return frozenset(entry["url"] for entry in entries if entry["url"] != "/recover/")


@pytest.mark.parametrize("apps", [0, 1])
def test_an_account_with_passkeys_alone_looks_like_many_unknown_names(apps: int) -> None:
    """So does everybody after a recovery under a profile that suspends what was lost."""
    alice = User.objects.create_user("alice@contoso.example")
    now = the_clock.now()
    Passkey.objects.create(
        user=alice, name="Phone", credential_id=b"1", public_key=b"1", sign_count=0, created_at=now,
        backup_eligible=False, backed_up=False,
    )  # fmt: skip
    for number in range(apps):
        alice.authenticator_apps.create(name=str(number), secret_sealed=b"", last_step=0, created_at=now)
    shown = ways(alice.user_principal_name)
    assert "/sign-in/password/" not in shown
    plausible = [frozenset(f"/sign-in/{m.key}/" for m in decoys.plausible_methods(name)) for name in STRANGERS]
    assert plausible.count(shown) > len(STRANGERS) / 50


def test_the_provider_that_the_information_page_names_does_not_tell_an_account(profile: RecoveryProfile) -> None:
    """With a provider for each profile, unknown names are shown either."""
    other = IdentityProvider.objects.create(
        name="Otherproof",
        issuer="http://other.test",
        client_id="http://portal.test",
        allowed_vcts=["http://other.test/x"],
    )
    make_profile(other, name="Second", priority=profile.priority + 1)
    shown = [queries.find_profile_for_name(name) for name in STRANGERS]
    named = [found.provider.name for found in shown if found is not None]
    assert len(named) == len(STRANGERS)
    assert min(named.count("Proofmark"), named.count("Otherproof")) > len(STRANGERS) / 5
    assert [queries.find_profile_for_name(name.upper()) for name in STRANGERS] == shown


def test_a_known_person_is_shown_their_own_provider(profile: RecoveryProfile) -> None:
    alice = make_person()
    assert queries.find_profile_for_name(alice.user_principal_name) == profile
