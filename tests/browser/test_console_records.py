"""The pages of records that no story leads to, each opened once."""

from playwright.sync_api import Browser

from recovery_portal.demo.organisation import EMPLOYEES

from .admin_pages import RECORDS
from .inside import OpenHouses, ask
from .looks import Looks
from .test_console_attempts import signed_in

VERA = EMPLOYEES[0].account_name
# One of everything; who asks for an operator has no camera.
ONE_OF_EACH = f"""
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils.timezone import now
from accounts.models import AuditEvent, DirectoryGroup, User
from accounts.operators import Operator
from idv.issuer import flows as issuer
from idv.issuer.models import Contract, IssuedCredential
from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest, ProofingRequest
from recovery_portal.api.models import AppRegistration
from recovery_portal.recovery.flows import assisting, extending
from recovery_portal.recovery.models import (
    AttemptDevice, ClaimExtension, IdentityRecord, RecoveryAttempt, RecoveryPolicy, RecoveryProfile
)
from recovery_portal.verified_id.models import ServiceRequest
from tap import flows as tap
from tap.models import TemporaryAccessPass
at, vera = now(), User.objects.get(user_principal_name={VERA!r})
call_command("provision_roles", verbosity=0)
call_command("request_test_presentation", "--json")
by = Operator(user=None, application="a test")
staff = RecoveryProfile.objects.select_related("provider").get(name="Staff")
RecoveryProfile.objects.filter(pk=staff.pk).update(assistance="twoOperators")
staff.refresh_from_db()
attempt = RecoveryAttempt.begin(user=vera, account_name={VERA!r}, profile=staff, at=at)
device = AttemptDevice.objects.create(attempt=attempt, role="starter", secret_digest=str(attempt.pk), joined_at=at,
                                      browser="Firefox on Windows")
assisting.ask(attempt=attempt, device=device, at=at)
RecoveryProfile.objects.filter(pk=staff.pk).update(assistance="off")
presentation = PresentationRequest.objects.first()
FaceCheck.objects.create(request=presentation, number=1, status="failed", challenge=[], threshold=70, score=12.5,
                         reason_code="below_threshold", created_at=at, expires_at=at, decided_at=at)
ProofingRequest.objects.create(
    provider=staff.provider, correlation_id="looked-at", status="declined", reason_code="document_expired",
    redirect_uri="x", state_digest="looked-at", nonce="looked-at", authorization_url="x", created_at=at, expires_at=at,
)
extension = ClaimExtension.objects.first() or extending.create_extension(
    fields={{"display_name": "Payroll", "target_url": "https://pay.contoso.example/"}}, by=by, at=at, with_listener=True
)
claims = [{{"input": "given_name", "output": "firstName", "label": "First name", "required": True}}]
contract = Contract(name="Looked at", type_name="LookedAt", claims=claims)
issuer.save_contract(contract=contract, by=by, at=at)
IssuedCredential.objects.create(contract=contract, correlation_id="looked-at", status_list=9, status_index=1,
                                notification_digest="x", issued_at=at, expires_at=at)
program = AppRegistration.objects.create(display_name="Looked at", created_at=at)
ServiceRequest.objects.create(app=program, kind="presentation", client_name="Looked at", threshold=70,
                              callback_url="https://x.example/", created_at=at, expires_at=at)
IdentityRecord.objects.get_or_create(user=vera)
tap.issue(user=vera, issued_by=None, at=at)
RecoveryPolicy.objects.get_or_create(pk=1)
def first(model):
    meta = model._meta
    return [meta.app_label + "/" + meta.model_name, str(model._default_manager.first().pk)]
models = (Group, AuditEvent, DirectoryGroup, IdentityProvider, ProofingRequest, PresentationRequest, FaceCheck,
          Contract, IssuedCredential, IdentityRecord, RecoveryPolicy, ServiceRequest, AppRegistration,
          TemporaryAccessPass)
"""
HAVE_LISTS = frozenset(
    {"group", "proofingrequest", "presentationrequest", "facecheck", "contract", "issuedcredential", "identityrecord",
     "servicerequest", "appregistration", "temporaryaccesspass"}
)  # fmt: skip
ARE_ADDED = frozenset(
    {"group", "directorygroup", "identityprovider", "contract", "identityrecord", "appregistration"}
)  # fmt: skip


def test_pages_of_records(houses: OpenHouses, browser: Browser) -> None:
    looks = Looks.asked_for()
    told = "[[first(model) for model in models], str(attempt.pk), str(extension.pk), str(staff.pk), str(program.pk)]"
    records, attempt, extension, profile, program = ask(houses, "portal", told, imports=ONE_OF_EACH)
    page = signed_in(houses, browser)

    def go(path: str, name: str, *, plain: bool = True) -> None:
        page.goto(f"{houses.url('portal')}/admin/{path}")
        looks.take(page, f"admin-{name}", plain=plain)

    go(f"account-recovery/explain/?account={VERA}", "explain", plain=False)
    go("account-recovery/methods/", "methods", plain=False)
    go("account-recovery/assistance/", "assistances", plain=False)
    go(f"account-recovery/assistance/{attempt}/", "assistance", plain=False)
    go(f"account-recovery/extensions/{extension}/change/", "extension-change", plain=False)
    for model, key in records:
        name = model.rpartition("/")[2]
        if name in HAVE_LISTS:
            go(f"{model}/", f"{name}-list")
        if name in ARE_ADDED:
            go(f"{model}/add/", f"{name}-add")
        go(f"{model}/{key}/change/", f"{name}-record")
    go("recovery/recoveryprofile/add/", "profile-add")
    go(f"recovery/recoveryprofile/{profile}/delete/", "profile-delete")
    go(f"recovery/recoveryprofile/{profile}/history/", "profile-history")
    go(f"tap/temporaryaccesspass/{records[-1][1]}/delete/", "pass-delete")
    go(f"api/appregistration/{program}/secret/", "program-secret")
    go("accounts/passkeypolicy/", "passkey-policy")
    go("recovery/", "recovery-index")
    page.context.close()
    looks.finish(RECORDS)
