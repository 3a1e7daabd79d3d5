"""Two requests at the same moment: what may happen once happens once (V19). Needs row locks, so PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client

from accounts import flows
from accounts.errors import LastMethod, MethodRefused
from accounts.models import Passkey, PasskeyChallenge
from accounts.passkeys import flows as passkeys
from accounts.signin.authenticator_app import AuthenticatorAppMethod
from recovery_portal.kit import clock
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tests.fakes.accounts import NOON, give_app, make_alice, register_passkey, request_options, sign_in_with_password

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
RUNNERS = 6


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; refusals come back as values."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=20)
            return call()
        except (MethodRefused, LastMethod) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_one_code_signs_in_one_browser() -> None:
    alice = make_alice()
    secret = give_app(alice, at=NOON - timedelta(hours=1))
    code = pyotp.TOTP(secret).at(NOON)
    results = at_once(*[lambda: AuthenticatorAppMethod().verify(alice, {"code": code}, at=NOON)] * RUNNERS)
    assert results.count(None) == 1


def test_one_assertion_signs_in_one_browser() -> None:
    alice, key, client = make_alice(), SoftwareAuthenticator(), Client()
    sign_in_with_password(client, alice)
    register_passkey(client, key)
    answer = key.get(request_options(client))
    browser = client.session["browser"]
    now = clock.now()
    results = at_once(*[lambda: passkeys.verify(owner=alice, answer_text=answer, browser=browser, at=now)] * RUNNERS)
    assert sum(isinstance(result, Passkey) for result in results) == 1
    assert not PasskeyChallenge.objects.filter(ceremony="signIn", used_at=None).exists()


def test_two_deletions_at_once_leave_one_method() -> None:
    alice, client = make_alice(), Client()
    sign_in_with_password(client, alice)
    for name in ("one", "two"):
        register_passkey(client, SoftwareAuthenticator(), name)
    flows.suspend_methods(user=alice, at=clock.now(), keep={"fido2"})
    rows = [str(pk) for pk in Passkey.objects.values_list("pk", flat=True)]
    results = at_once(
        *[lambda row=row: flows.remove_method(user=alice, method="fido2", row_id=row, at=clock.now()) for row in rows]
    )
    assert sorted(type(result).__name__ for result in results) == ["LastMethod", "NoneType"]
    assert Passkey.objects.usable().count() == 1
