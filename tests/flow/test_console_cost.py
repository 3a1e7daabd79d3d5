"""What the console's pages ask of the database at a hundred rows and at a hundred thousand: the same."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.audit import flows as audit
from accounts.models import AuditEvent, User
from idv.verifier.models import ProofingRequest
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryBlock, RecoveryProfile
from tests.fakes.many import copies, look_again
from tests.fakes.recovery import NOON, Clock, make_person, walk

pytestmark = pytest.mark.django_db
FEW, MANY = 100, 100_000


def test_a_hundred_thousand_rows_cost_as_many_queries_as_a_hundred(
    alice: User, profile: RecoveryProfile, clock: Clock
) -> None:
    root = make_person("root@contoso.example", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(root)
    attempt = RecoveryAttempt.begin(user=alice, account_name=alice.user_principal_name, profile=profile, at=NOON)
    walk(attempt, State.REFUSED, at=NOON)
    proofing = ProofingRequest.objects.create(
        provider=profile.provider, correlation_id="c", status="declined", reason_code="document_expired",
        redirect_uri="x", state_digest="s", nonce="n", authorization_url="x", created_at=NOON, expires_at=NOON,
    )  # fmt: skip
    block = RecoveryBlock.objects.create(
        user=alice, reason="x", blocked_by=root, blocked_at=NOON, lifted_by=root, lifted_at=NOON + timedelta(hours=1)
    )
    event = audit.record(activity="User started account recovery", at=NOON, target=alice)

    def grow(first: int, number: int) -> None:
        copies(attempt, number, unique=("correlation_id",), first=first)
        copies(proofing, number, unique=("state_digest", "nonce", "correlation_id"), first=first)
        copies(block, number, unique=(), first=first)
        copies(AuditEvent.objects.get(pk=event.pk), number, unique=(), first=first)
        look_again()

    pages = [
        reverse("console:home"),
        reverse("console:attempts"),
        reverse("console:attempts") + "?text=alice&state=refused&since=2026-11-01&page=3",
        reverse("console:attempt", args=[attempt.pk]),
        reverse("console:reviews"),
        reverse("console:blocks"),
        reverse("console:providers"),
        reverse("console:provider", args=[profile.provider_id]),
        reverse("console:savings"),
        "/admin/accounts/auditevent/",
        "/admin/recovery/recoveryattempt/",
    ]

    def counted() -> dict[str, int]:
        counts = {}
        for page in pages:
            with CaptureQueriesContext(connection) as asked:
                assert client.get(page).status_code == 200, page
            counts[page] = len(asked)
        return counts

    grow(1, FEW)
    client.get(pages[0])  # the first visit writes the session
    few = counted()
    grow(FEW + 1, MANY - FEW)
    assert RecoveryAttempt.objects.count() > MANY
    assert counted() == few
    assert max(few.values()) <= 40
