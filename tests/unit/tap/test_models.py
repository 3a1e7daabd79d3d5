"""What the database itself refuses."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from tap import passcode
from tap.models import TemporaryAccessPass, TemporaryAccessPassPolicy

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        {"id": 2},
        {"state": "perhaps"},
        {"minimum_lifetime_minutes": 9},
        {"minimum_lifetime_minutes": 61},
        {"maximum_lifetime_minutes": 43_201},
        {"maximum_lifetime_minutes": 59},
        {"default_lifetime_minutes": 481},
        {"default_length": 7},
        {"default_length": 49},
    ],
)
def test_it_refuses_a_policy_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TemporaryAccessPassPolicy(**change).save(force_insert=True)
    if "id" not in change:
        with pytest.raises(ValidationError):
            TemporaryAccessPassPolicy(**change).full_clean()


def row(user: User, now: datetime, **change: Any) -> dict[str, Any]:
    return {
        "user": user,
        "passcode_hash": passcode.hashed("x"),
        "created_at": now,
        "start_at": now,
        "expires_at": now + timedelta(hours=1),
        "lifetime_minutes": 60,
        "is_usable_once": False,
    } | change


def test_a_user_has_at_most_one_pass(alice: User, now: datetime) -> None:
    TemporaryAccessPass.objects.create(**row(alice, now))
    with pytest.raises(IntegrityError), transaction.atomic():
        TemporaryAccessPass.objects.create(**row(alice, now))


def test_it_refuses_a_pass_in_clear_or_out_of_bounds_or_for_oneself(alice: User, now: datetime) -> None:
    for wrong in (
        {"passcode_hash": "+drkzqAD"},
        {"lifetime_minutes": 9},
        {"lifetime_minutes": 43_201},
        {"expires_at": now},
        {"start_at": now - timedelta(minutes=1)},
        {"issued_by": alice},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            TemporaryAccessPass.objects.create(**row(alice, now, **wrong))
