"""What erases, expires and takes up lost work must be able to run at all: the beat sends what these tests look at."""

from datetime import timedelta

import pytest
from django.conf import settings

from accounts import tasks as accounts_tasks
from accounts.models import SentNotice
from recovery_portal.celery import app as current_app
from recovery_portal.kit import clock
from tests.fakes.accounts import make_alice


@pytest.fixture(autouse=True)
def _all_tasks() -> None:
    current_app.loader.import_default_modules()


def test_every_task_can_be_sent() -> None:
    """Celery refuses, when a task is sent and not before, a soft limit beyond the hard one; the soft one has a default.
    Expired recoveries kept their claims because of it."""
    for name, task in current_app.tasks.items():
        soft = task.soft_time_limit or settings.CELERY_TASK_SOFT_TIME_LIMIT
        hard = task.time_limit or settings.CELERY_TASK_TIME_LIMIT
        assert soft <= hard, name


def test_everything_on_the_schedule_exists() -> None:
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(current_app.tasks)


@pytest.mark.django_db
def test_what_is_known_of_letters_goes_after_ninety_days() -> None:
    """Kind and time of what was written to whom: needed while a recovery is looked into, and no longer."""
    alice, at = make_alice(), clock.now()
    for days in (0, 89, 91, 400):
        SentNotice.objects.create(user=alice, notice="recovery_started", at=at - timedelta(days=days), addresses=1)
    accounts_tasks.sweep()
    assert {(at - kept.at).days for kept in SentNotice.objects.all()} == {0, 89}
