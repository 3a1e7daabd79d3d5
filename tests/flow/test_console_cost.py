"""Every list and dashboard there is asks the same of the database at a hundred rows and at a hundred thousand: the
addresses come from the site itself, so that a new one is counted without anybody's remembering it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.audit import flows as audit
from accounts.models import AuditEvent, DirectoryGroup, User
from idv.issuer.models import Contract, IssuedCredential
from idv.verifier import keys
from idv.verifier.models import FaceCheck, PresentationRequest, ProofingRequest
from recovery_portal.api.models import AppRegistration
from recovery_portal.recovery.machine import Event, State
from recovery_portal.recovery.models import (
    Assistance,
    AttemptDevice,
    AttemptReview,
    ClaimExtension,
    ExtensionCall,
    IdentityRecord,
    Proposal,
    RecoveryAttempt,
    RecoveryBlock,
    RecoveryProfile,
)
from recovery_portal.verified_id.models import ServiceRequest
from tap import flows as tap
from tests.fakes.many import copies, look_again
from tests.fakes.recovery import NOON, Clock, make_person, walk

from .test_admin_permission_matrix import PAGES, STANDARD, addresses, filled

pytestmark = pytest.mark.django_db
FEW, MANY = 100, 100_000
ELSEWHERE = 10_000_000  # numbers of other copies of the same table
NO_LISTS = {
    # Reads the whole directory, and is quick enough at ten thousand people: tests/bench.
    "console:readiness", "console:readiness-csv",
}  # fmt: skip


def test_every_list_and_dashboard_costs_the_same_at_a_hundred_thousand_rows(
    alice: User, profile: RecoveryProfile, clock: Clock
) -> None:
    root = make_person("root@contoso.example", is_staff=True, is_superuser=True, given_name="Root", surname="Operator")
    client = Client()
    client.force_login(root)
    world, grow = _one_of_each(alice, root, profile)
    pages = {
        name: filled(route, world)
        for name, route in addresses().items()
        if name not in NO_LISTS
        and (name in PAGES or ((standard := STANDARD.fullmatch(name)) and standard["op"] == "changelist"))
    }

    searched = "?text=alice&state=refused&reason=document_expired&since=2026-11-01&page=3"
    pages |= {
        "found": pages["console:attempts"] + searched,
        "of a person": f"{pages['console:explain']}?account={alice}",
    }

    def counted() -> dict[str, int]:
        counts = {}
        for name, address in pages.items():
            with CaptureQueriesContext(connection) as asked:
                status = client.get(address).status_code
            if status == 200:  # else nothing to look at: a list that is its form, a door for posts alone
                counts[name] = len(asked)
        return counts

    grow(1, FEW)
    client.get("/admin/")  # the first visit writes the session
    counted()  # and the first visit of a policy its row
    few = counted()
    assert {
        "console:home", "console:attempts", "console:reviews", "console:assistance-queue", "console:blocks",
        "console:safeguards", "console:extensions", "console:extension", "console:methods", "console:providers",
        "console:provider", "console:proposal", "console:assistance", "console:attempt", "console:review",
        "admin:tap_temporaryaccesspass_changelist", "admin:issuer_contract_changelist",
        "admin:verifier_facecheck_changelist",
    } <= few.keys()  # fmt: skip
    grow(FEW + 1, MANY - FEW)
    assert min(model.objects.count() for model in (Assistance, AttemptReview, User, AuditEvent)) > MANY
    assert counted() == few
    assert {name: count for name, count in few.items() if count > 40} == {}


def _one_of_each(alice: User, root: User, profile: RecoveryProfile) -> tuple[dict[str, object], Any]:
    started = {"user": alice, "account_name": alice.user_principal_name, "profile": profile, "at": NOON}
    refused, waiting = RecoveryAttempt.begin(**started), RecoveryAttempt.begin(**started)
    walk(refused, State.REFUSED, at=NOON)
    waiting.apply(Event.ASSISTANCE_ASKED, at=NOON)
    RecoveryAttempt.objects.filter(pk=waiting.pk).update(expires_at=NOON + timedelta(hours=2))
    device = AttemptDevice.objects.create(attempt=waiting, role="starter", secret_digest="x", joined_at=NOON)
    review = AttemptReview.objects.create(
        attempt=refused, status="proposed", proposed_by=root, proposed_at=NOON, justification="Seen."
    )
    help_asked = Assistance.objects.create(attempt=waiting, device=device, operators_needed=1, asked_at=NOON)
    proposal = Proposal.objects.create(
        kind="production", profile=profile, proposed_by=root, proposed_at=NOON, decision="withdrawn", decided_at=NOON
    )
    extension = ClaimExtension.objects.create(
        display_name="HR", target_url="https://hr.example/", resource_id="x", created_at=NOON
    )
    call = ExtensionCall.objects.create(
        extension=extension, extension_name="HR", correlation_id="x", at=NOON, duration_ms=1, tries=1, outcome="passed"
    )
    contract = Contract.objects.create(name="Employee", type_name="VerifiedEmployee", claims=[{"output": "a"}])
    credential = IssuedCredential.objects.create(
        contract=contract, correlation_id="x", status_list=1, status_index=0, notification_digest="x", issued_at=NOON,
        expires_at=NOON,
    )  # fmt: skip
    program = AppRegistration.objects.create(display_name="Script", created_at=NOON)
    service = ServiceRequest.objects.create(
        app=program, kind="presentation", client_name="x", callback_url="https://x.example/", threshold=70,
        created_at=NOON, expires_at=NOON,
    )  # fmt: skip
    proofing = ProofingRequest.objects.create(
        provider=profile.provider, correlation_id="c", status="declined", reason_code="document_expired",
        redirect_uri="x", state_digest="s", nonce="n", authorization_url="x", created_at=NOON, expires_at=NOON,
    )  # fmt: skip
    presentation = PresentationRequest.objects.create(
        provider=profile.provider, signing_key=keys.provision(at=NOON), purpose="x", same_device=True,
        status="expired", reference_digest="r", client_id="x", encryption_key_digest="e", created_at=NOON,
        expires_at=NOON,
    )  # fmt: skip
    check = FaceCheck.objects.create(
        request=presentation, number=1, status="failed", challenge=[], threshold=70, created_at=NOON, expires_at=NOON
    )
    record = IdentityRecord.objects.create(user=alice)
    issued = tap.issue(user=alice, issued_by=None, at=NOON).record
    block = RecoveryBlock.objects.create(
        user=alice, reason="x", blocked_by=root, blocked_at=NOON, lifted_by=root, lifted_at=NOON + timedelta(hours=1)
    )
    event = audit.record(activity="User started account recovery", at=NOON, target=alice)
    group = DirectoryGroup.objects.create(display_name="Staff")
    role = Group.objects.create(name="Role")

    def grow(first: int, number: int) -> None:
        def more(row: models.Model, *, beside: int = 0, **columns: tuple[str, ...]) -> None:
            copies(row, number, first=first + beside, **columns)

        more(alice, unique=("user_principal_name",))
        more(record, pointing=("user_id",))
        more(issued, pointing=("user_id",))
        more(refused, unique=("correlation_id",))
        more(review, pointing=("attempt_id",))
        more(waiting, unique=("correlation_id",), beside=ELSEWHERE)
        more(help_asked, pointing=("attempt_id",), beside=ELSEWHERE)
        for row in (proposal, call, service, block, AuditEvent.objects.get(pk=event.pk)):
            more(row)
        more(credential, numbered=("status_index",))
        more(proofing, unique=("state_digest", "nonce", "correlation_id"))
        more(presentation, unique=("reference_digest", "encryption_key_digest"))
        more(check, pointing=("request_id",))
        if first == 1:  # set up by people, one at a time
            more(contract, unique=("name", "type_name"))
            more(program, unique=("display_name",))
            more(group)
            more(role, unique=("name",))
        look_again()

    world: dict[str, object] = {
        "profile_id": profile.pk, "attempt_id": waiting.pk, "user_id": alice.pk, "provider_id": profile.provider_id,
        "app_id": program.pk, "name": "details", "proposal_id": proposal.pk, "extension_id": extension.pk,
    }  # fmt: skip
    return world, grow
