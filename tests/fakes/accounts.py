"""People of the tests, and a browser that signs them in through the pages."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
from django.test import Client

from accounts.errors import MethodNotFound, MethodRefused
from accounts.methods import MethodRow, RegistrationDuty
from accounts.models import User
from accounts.signin import authenticator_app
from recovery_portal.testing.authenticator import SoftwareAuthenticator

PASSWORD = "correct horse battery staple"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_alice(**fields: Any) -> User:
    return User.objects.create_user(
        "alice@contoso.example",
        fields.pop("password", PASSWORD),
        **{
            "given_name": "Alice",
            "surname": "Archer",
            "mail": "alice@contoso.example",
            "other_mails": ["alice@home.example"],
        }
        | fields,
    )


def make_mallory(**fields: Any) -> User:
    return User.objects.create_user(
        "mallory@contoso.example", fields.pop("password", PASSWORD), given_name="Mallory", surname="Marsh", **fields
    )


def name_account(client: Client, account_name: str) -> Any:
    return client.post("/", {"account_name": account_name})


def sign_in_with_password(client: Client, user: User, password: str = PASSWORD) -> Any:
    name_account(client, user.user_principal_name)
    return client.post("/sign-in/password/", {"password": password})


def request_options(client: Client) -> dict[str, Any]:
    options: dict[str, Any] = client.post("/sign-in/passkey/options/").json()
    return options


def register_passkey(
    client: Client, authenticator: SoftwareAuthenticator, name: str = "My phone", **changes: Any
) -> Any:
    options = client.post("/security-info/add/passkey/options/").json()
    answer = authenticator.create(options, **changes)
    return client.post("/security-info/add/passkey/", {"credential": answer, "name": name})


def give_app(user: User, *, at: datetime) -> str:
    """An authenticator app on file; returns its secret. The code of `at` is spent."""
    secret = pyotp.random_base32()
    code = pyotp.TOTP(secret).at(at)
    authenticator_app.enrol(user=user, secret=secret, code=code, name="App", at=at)
    return secret


def tampered(answer: str, **response: bytes) -> str:
    """The answer with parts of its response replaced."""
    parts = json.loads(answer)
    for name, value in response.items():
        parts["response"][name] = base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    return json.dumps(parts)


class WordOfTheDay:
    """A method that obliges to register another, as a Temporary Access Pass does: ten minutes, one word."""

    key = "wordOfTheDay"
    label = "Say the word of the day"
    prompt_template = "accounts/prompt_password.html"
    strength = 10
    is_standing = False
    knows_why = False

    def usable_by(self, user: User, *, at: datetime) -> bool:
        return not user._state.adding

    def verify(self, user: User | None, form: Mapping[str, str], *, at: datetime) -> None:
        if form.get("password") != "sesame":
            raise MethodRefused("wrong_word", "not the word of the day")

    def must_register_after(self, user: User, *, at: datetime) -> RegistrationDuty:
        return RegistrationDuty(until=at + timedelta(minutes=10))

    def describe(self, user: User, *, at: datetime) -> list[MethodRow]:
        return []

    def rename(self, user: User, *, row_id: str, name: str, at: datetime) -> None:
        raise MethodNotFound("method_not_found")

    def remove(self, user: User, *, row_id: str, at: datetime) -> None:
        raise MethodNotFound("method_not_found")

    def suspend(self, user: User, *, at: datetime) -> int:
        return 0
