"""People and moments of the pass tests."""

from datetime import UTC, datetime

import pytest

from accounts.models import User
from tap.models import TemporaryAccessPassPolicy
from tap.queries import get_policy


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user(
        "alice@contoso.example",
        given_name="Alice",
        surname="Silva",
        mail="alice@contoso.example",
        other_mails=["alice@home.example", "alice@club.example"],
    )


@pytest.fixture
def bob(db: None) -> User:
    """An operator."""
    return User.objects.create_superuser("bob@contoso.example", mail="bob@contoso.example")


@pytest.fixture
def pass_policy(db: None) -> TemporaryAccessPassPolicy:
    return get_policy()
