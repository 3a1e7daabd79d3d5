"""Contracts in the admin site: written, refused, switched off; and credentials revoked."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from idv.issuer import flows
from idv.issuer.models import Contract, IssuedCredential
from recovery_portal.kit import clock
from tests.fakes.accounts import PASSWORD, sign_in_with_password

CLAIMS = [{"input": "given_name", "output": "firstName", "label": "First name", "required": True}]
FORM = {
    "name": "Expert", "type_name": "VerifiedExpert", "format": "jwt_vc_json", "claims": json.dumps(CLAIMS),
    "validity_days": "30", "enabled": "on",
}  # fmt: skip


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    root = User.objects.create_superuser("root@contoso.example", PASSWORD)
    sign_in_with_password(client, root)
    return client


def test_a_contract_is_written_and_its_type_is_then_fixed(operator: Client) -> None:
    offered = operator.get("/admin/issuer/contract/add/").context["adminform"].form["claims"].value()
    assert json.loads(offered) == CLAIMS  # an example to begin with, one claim a line
    assert operator.post("/admin/issuer/contract/add/", FORM | {"claims": offered}).status_code == 302
    contract = Contract.objects.get()
    assert (contract.type_name, contract.claims, contract.validity_days) == ("VerifiedExpert", CLAIMS, 30)
    change = FORM | {"name": "Experts", "type_name": "Another", "format": "dc+sd-jwt", "enabled": ""}
    assert operator.post(f"/admin/issuer/contract/{contract.pk}/change/", change).status_code == 302
    contract.refresh_from_db()
    assert (contract.name, contract.type_name, contract.format) == ("Experts", "VerifiedExpert", "jwt_vc_json")
    assert not contract.enabled
    told = {event.activity: event for event in AuditEvent.objects.filter(service="Verified ID")}
    assert told["Create contract"].details["type_name"] == " -> VerifiedExpert"
    assert told["Update contract"].details == {
        "contract": "VerifiedExpert", "name": "Expert -> Experts", "enabled": "True -> False",
    }  # fmt: skip
    assert told["Update contract"].initiated_by_name == "root@contoso.example"
    assert operator.get(f"/admin/issuer/contract/{contract.pk}/delete/").status_code == 403


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"type_name": "VerifiedIdentity"}, b"belongs to identity verification"),
        ({"type_name": "verified expert"}, b"capital letter"),
        ({"claims": "{"}, b"valid JSON"),
        ({"claims": "[]"}, b"This field is required"),
        ({"claims": json.dumps([{}] * 41)}, b"1 to 40 claims"),
        ({"claims": json.dumps([CLAIMS[0] | {"output": "proofingReference"}])}, b"is no claim of a contract"),
        ({"validity_days": "0"}, b"greater than or equal to 1"),
        ({"format": "mso_mdoc"}, b"not one of the available choices"),
    ],
)
def test_a_contract_that_makes_no_sense_is_not_kept(
    operator: Client, changes: dict[str, str], complaint: bytes
) -> None:
    answer = operator.post("/admin/issuer/contract/add/", FORM | changes)
    assert answer.status_code == 200
    assert complaint in answer.content, answer.context["adminform"].form.errors
    assert not Contract.objects.exists()


def test_a_credential_is_found_by_its_request_and_revoked_for_good(operator: Client) -> None:
    at = clock.now()
    contract = Contract.objects.create(name="Expert", type_name="VerifiedExpert", claims=CLAIMS)
    made = flows.offer(
        contract=contract, claims={"given_name": "Megan"}, pin=None, expires_at=None, correlation_id="request-1", at=at
    )
    row: Any = IssuedCredential.objects.create(
        contract=contract, offer=made.offer, correlation_id="request-1", status_list=1, status_index=7,
        notification_digest="x", issued_at=at, expires_at=at,
    )  # fmt: skip
    assert b"request-1" in operator.get("/admin/issuer/issuedcredential/?q=request-1").content
    form = {"action": "revoke", "_selected_action": str(row.pk)}
    assert b"1 revoked" in operator.post("/admin/issuer/issuedcredential/", form, follow=True).content
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert AuditEvent.objects.get(activity="Revoke credential").details["requestId"] == "request-1"
    assert b"0 revoked" in operator.post("/admin/issuer/issuedcredential/", form, follow=True).content
    assert AuditEvent.objects.filter(activity="Revoke credential").count() == 1
