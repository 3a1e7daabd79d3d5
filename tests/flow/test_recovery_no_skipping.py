"""V18: at every state, every other page's URL and POST leads back to where the person is. The whole table."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from recovery_portal.kit import tokens
from recovery_portal.recovery.machine import TABLE, State
from recovery_portal.recovery.models import AttemptDevice, RecoveryAttempt, RecoveryProfile
from recovery_portal.recovery.pages import Page, page_for
from recovery_portal.recovery.urls import urlpatterns
from tests.fakes.recovery import NOON, Clock, walk

pytestmark = pytest.mark.django_db

ROLES = ["starter", "companion"]
# Addresses that belong to no page: each is looked at by itself below.
APART = {"status", "cancel", "phone", "not-me", "your-data"}
ALL_URLS = [pattern.name for pattern in urlpatterns if pattern.name not in APART]
LEADING = {302, 303}
# Doors that open for one method alone.
ONE_METHOD = {"return", "presented", "start", "face-movement", "face-no-camera", "assistance-ask"}


def seat(attempt: RecoveryAttempt, role: str) -> Client:
    client = Client()
    secret = tokens.new_token(32)
    AttemptDevice.objects.filter(attempt=attempt, role=role).update(secret_digest=tokens.digest(secret))
    client.cookies["recovery-device"] = secret
    return client


@pytest.fixture
def attempt(alice: User, profile: RecoveryProfile, clock: Clock) -> RecoveryAttempt:
    attempt = RecoveryAttempt.begin(user=alice, account_name=alice.user_principal_name, profile=profile, at=NOON)
    for role in ROLES:
        AttemptDevice.objects.create(attempt=attempt, role=role, secret_digest=role, joined_at=NOON)
    return attempt


def where(attempt: RecoveryAttempt, role: str) -> Page:
    return page_for(attempt, AttemptDevice.objects.get(attempt=attempt, role=role))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", State)
def test_every_other_address_leads_back(attempt: RecoveryAttempt, state: State, role: str) -> None:
    walk(attempt, state, at=NOON)
    client, own = seat(attempt, role), where(attempt, role)
    for name in ALL_URLS:
        if name == own.value or name.startswith(f"{own.value}-"):  # the page, or a part of it
            continue
        for method in ("get", "post", "put", "delete"):
            answer = getattr(client, method)(reverse(f"recovery:{name}"))
            if name in ONE_METHOD and answer.status_code == 405:
                continue  # no door at all for this method
            assert answer.status_code in LEADING, (state, role, name, method)
            assert answer["Location"] == reverse(f"recovery:{own.value}"), (state, role, name, method)
    attempt.refresh_from_db()
    assert attempt.state == state, "a request to a page of another state moved the attempt"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", State)
def test_looking_at_what_is_stored_moves_nothing(attempt: RecoveryAttempt, state: State, role: str) -> None:
    walk(attempt, state, at=NOON)
    assert seat(attempt, role).get(reverse("recovery:your-data")).status_code == 200
    attempt.refresh_from_db()
    assert attempt.state == state


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", State)
def test_the_status_says_where_to_go(attempt: RecoveryAttempt, state: State, role: str) -> None:
    walk(attempt, state, at=NOON)
    client, own = seat(attempt, role), where(attempt, role)
    elsewhere = client.get(reverse("recovery:status"), {"page": "nowhere"}).json()
    assert elsewhere["next"] == reverse(f"recovery:{own.value}")
    here = client.get(reverse("recovery:status"), {"page": own.value, "seen": "phone"}).json()
    assert here["next"] is None


@pytest.mark.parametrize("state", State)
def test_a_page_that_listens_is_sent_on_by_the_first_word_of_the_stream(attempt: RecoveryAttempt, state: State) -> None:
    walk(attempt, state, at=NOON)
    listening = {"accept": "text/event-stream"}
    answer = seat(attempt, "companion").get(reverse("recovery:status"), {"page": "nowhere"}, headers=listening)
    assert answer["Content-Type"] == "text/event-stream"
    own = reverse(f"recovery:{where(attempt, 'companion').value}")
    assert f'"next": "{own}"' in answer.getvalue().decode()
    stranger = Client().get(reverse("recovery:status"), {"page": "nowhere"}, headers=listening)
    assert stranger.status_code in LEADING


@pytest.mark.parametrize("state", sorted(TABLE.terminal))
def test_what_is_over_cannot_be_cancelled(attempt: RecoveryAttempt, state: State) -> None:
    walk(attempt, state, at=NOON)
    for method in ("get", "post"):
        answer = getattr(seat(attempt, "starter"), method)(reverse("recovery:cancel"))
        assert answer.status_code in LEADING
    attempt.refresh_from_db()
    assert attempt.state == state


@pytest.mark.parametrize("state", sorted(TABLE.active))
def test_every_active_attempt_can_be_cancelled_from_either_device(attempt: RecoveryAttempt, state: State) -> None:
    walk(attempt, state, at=NOON)
    client = seat(attempt, "companion")
    assert client.get(reverse("recovery:cancel")).status_code == 200
    assert client.post(reverse("recovery:cancel"))["Location"] == reverse("recovery:cancelled")


@pytest.mark.parametrize("cookie", ["", "forged", "x" * 5000, "\u00e9"])
def test_without_a_seat_every_page_leads_to_the_beginning(db: Any, cookie: str) -> None:
    client = Client()
    if cookie:
        client.cookies["recovery-device"] = cookie
    for name in ALL_URLS:
        for method in ("get", "post"):
            answer = getattr(client, method)(reverse(f"recovery:{name}"))
            if name in {"return", "presented"}:
                assert "Go back to where you began" in answer.content.decode()
                continue
            assert answer.status_code in LEADING | {405}, (name, method)
            if answer.status_code != 405:
                assert answer["Location"] in {reverse("recovery:start"), reverse("accounts:sign_in")}


@pytest.mark.parametrize("state", sorted(TABLE.terminal))
def test_a_finished_attempt_makes_room_for_a_new_one(attempt: RecoveryAttempt, state: State) -> None:
    walk(attempt, state, at=NOON)
    client = seat(attempt, "starter")
    client.post(reverse("accounts:sign_in"), {"account_name": attempt.account_name})
    assert client.get(reverse("recovery:start")).status_code == 200


def test_another_name_typed_at_sign_in_may_begin_its_own_recovery(attempt: RecoveryAttempt) -> None:
    walk(attempt, State.AWAITING_PRESENTATION, at=NOON)
    client = seat(attempt, "starter")
    client.post(reverse("accounts:sign_in"), {"account_name": "bob@contoso.example"})
    page = client.get(reverse("recovery:start"))
    assert page.status_code == 200
    assert "b•••@contoso.example" in page.content.decode()


def test_a_page_refuses_methods_it_does_not_have(attempt: RecoveryAttempt) -> None:
    walk(attempt, State.EXPIRED, at=NOON)
    assert seat(attempt, "starter").post(reverse("recovery:expired")).status_code == 405
