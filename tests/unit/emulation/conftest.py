"""A control room with a token; without it no test here could tell presence from absence."""

from typing import Any

import pytest

from recovery_portal.emulation import state
from recovery_portal.testing.client import RecoveryClient
from tests.fakes.control import TOKEN, control


@pytest.fixture
def room(settings: Any, db: None) -> RecoveryClient:
    settings.EMULATION_TOKEN = TOKEN
    settings.EMAIL_BACKEND = "recovery_portal.emulation.mail.WatchedMail"
    settings.MAIL_DELIVERED_BY = "django.core.mail.backends.locmem.EmailBackend"
    state._last.clear()
    return control()
