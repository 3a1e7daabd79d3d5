"""What operators set up in the admin site is in the document of ``manage.py config``, or is named here with why not."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import Group
from django.test import RequestFactory

from accounts.models import AuditEvent, DirectoryGroup, OperatorSignInPolicy, Passkey, PasskeyPolicy, User
from accounts.operators import Operator
from idv.issuer.models import Contract
from idv.verifier.models import IdentityProvider
from recovery_portal.api.models import AppRegistration
from recovery_portal.recovery import configuration
from recovery_portal.recovery.configuration import ConfigRefused
from recovery_portal.recovery.models import IdentityRecord, RecoveryPolicy, RecoveryProfile
from tap.models import TemporaryAccessPass, TemporaryAccessPassPolicy
from tests.fakes.recovery import NOON, make_person

pytestmark = pytest.mark.django_db

BY = Operator(user=None, application="manage.py config")
# Where the admin site's forms are told, by the form's own names for what the document calls otherwise.
PLACES: dict[type[Any], tuple[str, dict[str, str]]] = {
    DirectoryGroup: ("groups", {"display_name": "name"}),
    IdentityProvider: ("providers", {}),
    RecoveryProfile: ("profiles", {}),
    RecoveryPolicy: ("", {}),  # one list of groups, a section by itself: excluded_groups
    TemporaryAccessPassPolicy: ("temporary_access_pass", {}),
    PasskeyPolicy: ("passkeys", {}),
    OperatorSignInPolicy: ("operator_sign_in", {}),
    Contract: ("contracts", {}),
}
# docs/operators.md says the same in words.
NO_SET_UP: dict[type[Any], str] = {
    User: "people, and with them who is an operator, are the directory's matter",
    IdentityRecord: "what is on file about people",
    Group: "a role hands out rights, and a document hands out none: manage.py provision_roles makes the roles",
    AppRegistration: "its id and its secrets are known to one installation alone",
    TemporaryAccessPass: "a secret, for an hour",
}
PEOPLE = {"members"}  # of a group

DOCUMENT = """
version: 1
groups: [{name: Staff}, {name: Executives}]
passkeys:
  state: enabled
  self_service_allowed: false
  restricts_models: true
  enforcement: allow
  aaguids: [EE882879-721C-4913-9775-3DFCCE97072A, 08987058-cadc-4c81-b6e1-30de50dcbe96]
  include_all_users: false
  include_groups: [Staff]
  exclude_groups: [Executives]
contracts:
- name: Employee
  type_name: VerifiedEmployee
  format: jwt_vc_json
  claims:
  - {input: given_name, output: firstName, label: First name, required: true}
  validity_days: 30
"""
ONE_MODEL = "08987058-cadc-4c81-b6e1-30de50dcbe96"
CLAIMS = "[{input: a, output: b, label: c, required: true}]"


def bring(text: str, *, dry_run: bool = False) -> list[str]:
    changes = configuration.apply(configuration.load(text), by=BY, at=NOON, dry_run=dry_run)
    return [str(change) for change in changes]


def test_whatever_can_be_set_in_the_admin_site_is_in_the_document_or_named_as_no_set_up() -> None:
    request = RequestFactory().get("/admin/")
    request.user = make_person("root@contoso.example", is_staff=True, is_superuser=True)
    bring(DOCUMENT)
    IdentityProvider.objects.create(name="P", issuer="https://p.example", client_id="c", allowed_vcts=["v"])
    RecoveryProfile.objects.create(name="P", provider=IdentityProvider.objects.get())
    told = configuration.export()
    admin.autodiscover()  # the site does so when its addresses are first asked for
    assert NO_SET_UP.keys() | PLACES.keys() <= admin.site._registry.keys()
    for model, page in admin.site._registry.items():
        if not (page.has_add_permission(request) or page.has_change_permission(request)) or model in NO_SET_UP:
            continue
        assert model in PLACES, f"{model.__name__} can be set and is neither in the document nor named as no set-up"
        place, names = PLACES[model]
        shown = set(flatten_fieldsets(page.get_fieldsets(request))) - set(page.get_readonly_fields(request)) - PEOPLE
        entry = told[place] if place else told
        entry = entry[0] if isinstance(entry, list) else entry
        missing = {names.get(name, name) for name in shown} - entry.keys()
        assert not missing, f"{model.__name__}: {missing}"


def test_passkey_policy_and_contracts_go_out_and_in_without_loss() -> None:
    assert bring(DOCUMENT)
    policy = PasskeyPolicy.objects.get()
    assert policy.aaguids == [ONE_MODEL, "ee882879-721c-4913-9775-3dfcce97072a"]  # as every other door keeps them
    assert [group.display_name for group in policy.exclude_groups.all()] == ["Executives"]
    contract = Contract.objects.get()
    assert (contract.type_name, contract.format, contract.validity_days) == ("VerifiedEmployee", "jwt_vc_json", 30)
    events = AuditEvent.objects.count()
    assert bring(DOCUMENT) == []
    written = configuration.dump(configuration.export())
    assert bring(written) == []
    assert AuditEvent.objects.count() == events
    Contract.objects.all().delete()
    PasskeyPolicy.objects.all().delete()
    assert "+ contracts Employee" in bring(written, dry_run=True)
    assert not Contract.objects.exists()
    assert not PasskeyPolicy.objects.exists()
    bring(written)
    assert configuration.dump(configuration.export()) == written


def test_what_the_document_changes_is_audited_with_before_and_after() -> None:
    bring(DOCUMENT)
    made = AuditEvent.objects.get(activity="Create contract")
    assert (made.service, made.initiated_by_name) == ("Verified ID", "manage.py config")
    assert made.details["contract"] == "VerifiedEmployee"
    bring("version: 1\ncontracts: [{name: Employee, validity_days: 31}]\npasskeys: {self_service_allowed: true}")
    assert AuditEvent.objects.get(activity="Update contract").details["validity_days"] == "30 -> 31"
    changes = AuditEvent.objects.filter(activity="Authentication Methods Policy Update")
    details = {"policy": "Fido2", "self_service_allowed": "False -> True"}
    assert details in [change.details for change in changes]


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("passkeys: {aaguids: [nothing]}", "invalid", "aaguids"),
        ("passkeys: {aaguids: nothing}", "wrong_type", "is not a list"),
        ("passkeys: {aaguids: [5]}", "wrong_type", "is not a text"),
        ("passkeys: {aaguid: []}", "unknown_key", "did you mean aaguids?"),
        ("passkeys: {state: perhaps}", "invalid", "state"),
        ("passkeys: {exclude_groups: [Nobody]}", "unknown_name", "there is no group Nobody"),
        ("contracts: [{name: X}]", "invalid", "claims is missing"),
        ("contracts: [{name: X, type_name: Expert, claims: []}]", "invalid", "claims"),
        ("contracts: [{name: X, type_name: Expert, claims: [a]}]", "invalid", "claims"),
        (
            f"contracts: [{{name: X, type_name: VerifiedIdentity, claims: {CLAIMS}}}]",
            "invalid",
            "identity verification",
        ),
        (f"contracts: [{{name: X, type_name: Expert, format: mdoc, claims: {CLAIMS}}}]", "invalid", "format"),
        (f"contracts: [{{name: X, type_name: VerifiedEmployee, claims: {CLAIMS}}}]", "invalid", "type_name"),
        ("contracts: [{name: Employee, type_name: VerifiedExpert}]", "invalid", "cannot be changed"),
        ("contracts: [{name: Employee, format: dc+sd-jwt}]", "invalid", "cannot be changed"),
        ("contracts: [{name: Employee, validity_days: 0}]", "invalid", "validity_days"),
        ("contracts: [{name: Employee, validity_days: 9999999999999999999}]", "invalid", "validity_days"),
    ],
)
def test_what_makes_no_sense_is_refused_with_where_it_stands(text: str, code: str, told: str) -> None:
    bring(DOCUMENT)
    before = configuration.export()
    with pytest.raises(ConfigRefused) as refused:
        bring(f"version: 1\n{text}")
    assert refused.value.code == code
    assert told in refused.value.reason
    assert configuration.export() == before


def test_a_document_cannot_narrow_passkeys_while_operators_depend_on_them() -> None:
    root = make_person("root@contoso.example", is_staff=True, is_superuser=True)
    Passkey.objects.create(
        user=root, name="Key", credential_id=b"1", public_key=b"1", sign_count=0, created_at=NOON,
        backup_eligible=False, backed_up=False,
    )  # fmt: skip
    bring("version: 1\noperator_sign_in: {passkey_required: true}")
    with pytest.raises(ConfigRefused, match="could lock them out"):
        bring("version: 1\npasskeys: {state: disabled}")
    # Both at once: what operators need is given up first, whatever the order of the document.
    assert bring("version: 1\npasskeys: {state: disabled}\noperator_sign_in: {passkey_required: false}")
