"""A pass that was handed out keeps its recovery: whoever uses it later does so under the terms of that recovery."""

import pytest

from accounts.models import User
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from tap.models import TemporaryAccessPass
from tests.fakes.recovery import Clock, Person, make_person, wallet_of
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

ALICE = "alice@contoso.example"


def test_another_name_in_the_same_browser_does_not_part_a_pass_from_its_recovery(
    alice: User, profile: RecoveryProfile, provider: Provider, clock: Clock
) -> None:
    """Else the pass would sign in without suspending lost methods, without ending sessions and without completing."""
    RecoveryProfile.objects.update(old_methods="suspend")
    make_person("bob@contoso.example", given_name="Bob", surname="Baker")
    browser = Person().start(ALICE, provider).share(wallet_of(provider), same_device=False, at=clock.at)
    passcode = browser.show_face("alice").press("recovery:confirmed").seen.context["passcode"]
    granted = RecoveryAttempt.objects.get()
    browser.type_name("bob@contoso.example").consent()
    granted.refresh_from_db()
    assert granted.state == State.PASS_ISSUED
    assert TemporaryAccessPass.objects.count() == 1
    phone = Person(address="198.51.100.5").type_name(ALICE)
    phone.client.post("/sign-in/temporaryAccessPass/", {"passcode": passcode})
    granted.refresh_from_db()
    alice.refresh_from_db()
    assert granted.state == State.SIGNED_IN
    assert alice.password_suspended_at is not None
