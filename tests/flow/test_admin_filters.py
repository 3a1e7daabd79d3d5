"""Filters beside lists: every value has a name, and so has having none."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from tests.fakes.recovery import NOON, Clock, make_person, walk

pytestmark = pytest.mark.django_db
EMPTY_LINK = re.compile(r"<a href[^>]*>\s*</a>")


def test_states_and_reasons_are_words_and_no_link_is_empty(alice: User, profile: RecoveryProfile, clock: Clock) -> None:
    for reason in ("", "document_expired", "acme_42"):
        attempt = RecoveryAttempt.begin(user=alice, account_name="alice@contoso.example", profile=profile, at=NOON)
        walk(attempt, State.REFUSED, at=NOON)
        RecoveryAttempt.objects.filter(pk=attempt.pk).update(reason_code=reason)
    client = Client()
    client.force_login(make_person("root@contoso.example", is_staff=True, is_superuser=True))
    seen = client.get(reverse("admin:recovery_recoveryattempt_changelist")).content.decode()
    filters = seen[seen.index('id="changelist-filter"') :]
    for told in ("The document has expired.", "acme_42", "none", "Evaluated: nothing was changed"):
        assert f">{told}</a>" in re.sub(r"\s*\n\s*", "", filters), told
    assert not EMPTY_LINK.search(filters)
