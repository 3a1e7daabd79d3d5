"""Callers of the tests: programs and people with exactly the permissions a test names."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from recovery_portal.api import registrations, tokens
from recovery_portal.kit import clock
from tests.fakes.accounts import make_alice, make_mallory


class Api:
    """A test client that sends one bearer token, and JSON."""

    def __init__(self, token: str, version: str = "v1.0") -> None:
        self.token = token
        self.client = Client(headers={"authorization": f"Bearer {token}"})
        self.version = version

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        arguments = {"data": body, "content_type": "application/json"} if body is not None else {}
        return getattr(self.client, method.lower())(f"/{self.version}/{path}", **arguments, **options)


AsApp = Callable[..., Api]
AsPerson = Callable[..., Api]


@pytest.fixture
def as_app(db: None) -> AsApp:
    """`as_app("User.Read.All")`: a program by itself."""
    made: list[object] = []

    def caller(*permissions: str, **options: Any) -> Api:
        made.append(None)
        at = clock.now()
        app = registrations.register(name=f"Program {len(made)}", app_permissions=permissions, at=at)
        return Api(tokens.issue(app=app, user=None, scopes=app.app_permissions, at=at), **options)

    return caller


@pytest.fixture
def as_person(db: None) -> AsPerson:
    """`as_person(bob, "User.Read.All", rights=["accounts.view_user"])`: a program for somebody who signed in."""
    made: list[object] = []

    def caller(user: User, *permissions: str, rights: list[str] | None = None) -> Api:
        made.append(None)
        at = clock.now()
        for right in rights or []:
            label, _, codename = right.partition(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
        app = registrations.register(name=f"For people {len(made)}", delegated_permissions=permissions, at=at)
        return Api(tokens.issue(app=app, user=user, scopes=app.delegated_permissions, at=at))

    return caller


@pytest.fixture
def alice(db: None) -> User:
    return make_alice()


@pytest.fixture
def mallory(db: None) -> User:
    return make_mallory()


@pytest.fixture
def bob(db: None) -> User:
    """An operator without any right yet."""
    return User.objects.create_user("bob@contoso.example", given_name="Bob", surname="Berg", is_staff=True)
