"""Redis is gone: counters refuse calmly, work is late but not lost, and nobody reads a page of ours that says 500."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.models import User
from idv.verifier import flows as verifier
from idv.verifier.machine import FaceCheckStatus
from idv.verifier.models import FaceCheck
from recovery_portal.kit import queue, ratelimit
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from tests.fakes.accounts import PASSWORD
from tests.fakes.recovery import Clock, Person, wallet_of
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db(transaction=True)

ALICE = "alice@contoso.example"


class Gone:
    """Celery with a broker that refuses every connection, and the tasks it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        monkeypatch.setattr(queue, "_registered", self._task)

    def _task(self, name: str) -> "Gone":
        self.asked.append(name)
        return self

    def apply_async(self, **_: Any) -> None:
        raise OperationalError("connection refused")


@pytest.fixture
def no_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared counters on a port where nobody listens."""
    monkeypatch.setattr(ratelimit, "cache", RedisCache("redis://127.0.0.1:1/0", {}))


def test_a_task_that_cannot_be_sent_does_not_fail_what_was_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Gone(monkeypatch)
    with transaction.atomic():
        User.objects.create_user("kept@contoso.example")
        queue.enqueue("accounts.tasks.sweep")
        queue.enqueue("accounts.tasks.sweep")
    assert User.objects.filter(user_principal_name="kept@contoso.example").exists()
    assert len(gone.asked) == 2


def test_photos_submitted_while_the_broker_is_down_are_checked_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, profile: RecoveryProfile, alice: User, provider: Provider, clock: Clock
) -> None:
    person = Person()
    person.client = _committing(person.client)
    person.start(ALICE, provider).share(wallet_of(provider), same_device=False, at=clock.at)
    with monkeypatch.context() as broken:
        gone = Gone(broken)
        person.show_face("alice")
    assert person.seen.status_code == 200
    assert person.page == "checking"
    assert "idv.verifier.tasks.check_face" in gone.asked
    assert FaceCheck.objects.get().status == FaceCheckStatus.CHECKING
    clock.forward(seconds=60)
    verifier.purge(at=clock.at)
    assert RecoveryAttempt.objects.get().state == State.MATCHED


@pytest.mark.usefixtures("no_counters")
def test_without_counters_a_try_is_refused_and_not_a_fault(alice: User) -> None:
    with pytest.raises(ratelimit.RateLimited) as refusal:
        ratelimit.hit("scope", "key", limit=1000, period_s=timedelta(minutes=10).seconds)
    assert 0 < refusal.value.retry_after_s <= 60
    ratelimit.forgive("scope", "key")
    ratelimit.give_back("scope", "key")


@pytest.mark.usefixtures("no_counters")
@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/", {"account_name": ALICE}),
        ("/sign-in/password/", {"password": PASSWORD}),
        ("/sign-in/passkey/options/", {}),
        ("/recover/", {"recovery": "on", "biometrics": "on"}),
    ],
)
def test_pages_stay_calm_without_counters(address: str, form: dict[str, str], alice: User, profile: object) -> None:
    browser = Client()
    with pytest.MonkeyPatch.context() as counting:
        counting.setattr(ratelimit, "hit", lambda *_, **__: None)
        browser.post("/", {"account_name": ALICE})
    answer = browser.post(address, form)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


@pytest.mark.usefixtures("no_counters")
def test_coming_back_from_the_provider_counts_nothing(
    monkeypatch: pytest.MonkeyPatch, profile: RecoveryProfile, alice: User, provider: Provider
) -> None:
    """The provider's answer is spent by reading it: a counter that cannot count must not lose it."""
    person = Person()
    with monkeypatch.context() as counting:
        counting.setattr(ratelimit, "hit", lambda *_, **__: None)
        person.type_name(ALICE).consent()
    person.come_back(provider)
    assert RecoveryAttempt.objects.get().state == State.AWAITING_PRESENTATION
    assert person.press("recovery:present", leave=True).seen.status_code == 429
    assert person.client.get(reverse("recovery:present")).status_code == 200


def _committing(client: Any) -> Any:
    """These tests commit for real, so nothing has to be caught and run afterwards."""
    plain = Client(headers=client.defaults and {"user-agent": "Chrome Windows"})
    plain.defaults |= client.defaults
    return plain
