"""TOTP, RFC 6238."""

from datetime import timedelta

import pyotp
import pytest

from accounts.errors import MethodRefused, RegistrationRefused
from accounts.models import AuthenticatorApp, User
from accounts.signin import authenticator_app
from accounts.signin.authenticator_app import AuthenticatorAppMethod
from tests.fakes.accounts import NOON, give_app, make_alice

pytestmark = pytest.mark.django_db
EARLIER = NOON - timedelta(hours=1)


@pytest.fixture
def alice() -> User:
    return make_alice()


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_one_step_off(alice: User, steps: int) -> None:
    secret = give_app(alice, at=EARLIER)
    code = pyotp.TOTP(secret).at(NOON + timedelta(seconds=30 * steps))
    AuthenticatorAppMethod().verify(alice, {"code": code}, at=NOON)
    assert AuthenticatorApp.objects.get().last_used_at == NOON


@pytest.mark.parametrize("steps", [-2, 2, 120])
def test_codes_of_other_times_are_refused(alice: User, steps: int) -> None:
    secret = give_app(alice, at=EARLIER)
    code = pyotp.TOTP(secret).at(NOON + timedelta(seconds=30 * steps))
    with pytest.raises(MethodRefused, match="wrong_code"):
        AuthenticatorAppMethod().verify(alice, {"code": code}, at=NOON)


def test_a_step_is_accepted_once_and_no_earlier_one_after_it(alice: User) -> None:
    secret = give_app(alice, at=EARLIER)
    totp = pyotp.TOTP(secret)
    AuthenticatorAppMethod().verify(alice, {"code": totp.at(NOON)}, at=NOON)
    for code in (totp.at(NOON), totp.at(NOON - timedelta(seconds=30))):
        with pytest.raises(MethodRefused, match="code_used"):
            AuthenticatorAppMethod().verify(alice, {"code": code}, at=NOON)


def test_the_code_that_confirmed_the_app_is_spent(alice: User) -> None:
    secret = give_app(alice, at=NOON)
    with pytest.raises(MethodRefused, match="code_used"):
        AuthenticatorAppMethod().verify(alice, {"code": pyotp.TOTP(secret).at(NOON)}, at=NOON)


@pytest.mark.parametrize("code", ["", "0", "abcdef", "٣٣٣٣٣٣", "1" * 500])
def test_what_is_no_code_is_refused_for_everybody(alice: User, code: str) -> None:
    give_app(alice, at=EARLIER)
    for user in (alice, None):
        with pytest.raises(MethodRefused, match="wrong_code"):
            AuthenticatorAppMethod().verify(user, {"code": code}, at=NOON)


def test_a_suspended_or_removed_app_shows_wrong_codes(alice: User) -> None:
    secret = give_app(alice, at=EARLIER)
    assert AuthenticatorAppMethod().suspend(alice, at=NOON) == 1
    assert not AuthenticatorAppMethod().usable_by(alice, at=NOON)
    with pytest.raises(MethodRefused, match="wrong_code"):
        AuthenticatorAppMethod().verify(alice, {"code": pyotp.TOTP(secret).at(NOON)}, at=NOON)


def test_another_users_code_is_wrong(alice: User) -> None:
    secret = give_app(alice, at=EARLIER)
    bob = User.objects.create_user("bob@contoso.example")
    give_app(bob, at=EARLIER)
    with pytest.raises(MethodRefused, match="wrong_code"):
        AuthenticatorAppMethod().verify(bob, {"code": pyotp.TOTP(secret).at(NOON)}, at=NOON)


def test_enrolment_has_a_limit_and_a_long_secret(alice: User) -> None:
    enrolment = authenticator_app.begin_enrolment(user=alice)
    assert len(enrolment.secret) == 32  # 160 bits
    assert enrolment.uri.startswith("otpauth://totp/")
    for _ in range(authenticator_app.MAX_APPS):
        give_app(alice, at=NOON)
    with pytest.raises(RegistrationRefused, match="too_many_apps"):
        give_app(alice, at=NOON)
