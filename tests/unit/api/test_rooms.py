"""The rooms' resources, property by property, and what their flows refuse."""

import json
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.api.shapes import stamp
from accounts.models import AuditEvent, DirectoryGroup, User
from idv.verifier.models import IdentityProvider
from recovery_portal.recovery.models import RecoveryPolicy, RecoveryProfile
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tap.models import TemporaryAccessPass
from tests.fakes.accounts import PASSWORD, sign_in_with_password

from .conftest import Api, AsApp, AsPerson

PROFILES = "identity/verifiedId/profiles"
CONFIGURATIONS = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
ADMINISTRATOR = ("UserAuthenticationMethod.ReadWrite.All",)


@pytest.fixture
def provider(db: None) -> IdentityProvider:
    return IdentityProvider.objects.create(
        name="Proofmark", issuer="https://idv.example", client_id="http://portal.test", allowed_vcts=["x"]
    )


@pytest.fixture
def profiles(as_app: AsApp, provider: IdentityProvider) -> Api:
    return as_app("VerifiedId-Profile.ReadWrite.All", "Policy.ReadWrite.AuthenticationMethod")


def body(**changes: Any) -> dict[str, Any]:
    """The create body of the original's reference page, with our provider in it."""
    return {
        "name": "Staff recovery",
        "description": "Employees",
        "state": "enabled",
        "verifierDid": "did:web:portal.test",
        "priority": 1,
        "verifiedIdProfileConfiguration": configuration(),
        "faceCheckConfiguration": {"isEnabled": True, "sourcePhotoClaimName": "portrait"},
        "verifiedIdUsageConfigurations": [{"isEnabledForTestOnly": True, "purpose": "recovery"}],
    } | changes


def configuration(**changes: Any) -> dict[str, Any]:
    return {
        "type": "verifiedIdentity",
        "acceptedIssuer": "did:web:idv.example",
        "claimBindingSource": "directory",
        "claimBindings": [
            {"matchConfidenceLevel": "relaxed", "sourceAttribute": "First name",
             "verifiedIdClaim": "vc.credentialSubject.firstName"},
            {"matchConfidenceLevel": "relaxed", "sourceAttribute": "Last name",
             "verifiedIdClaim": "vc.credentialSubject.lastName"},
        ],
        "claimValidation": {"isEnabled": False, "customExtensionId": ""},
    } | changes  # fmt: skip


def test_a_profile_reads_as_it_was_written(profiles: Api, provider: IdentityProvider) -> None:
    made = profiles("post", PROFILES, body())
    assert made.status_code == 201
    row = RecoveryProfile.objects.get()
    assert made["Location"] == f"/v1.0/{PROFILES}/{row.pk}"
    assert made.json() == {
        "@odata.context": f"http://portal.test/v1.0/$metadata#{PROFILES}/$entity",
        "@odata.type": "#microsoft.graph.verifiedIdProfile",
        "id": str(row.pk),
        "lastModifiedDateTime": stamp(row.modified_at),
        **body(verifiedIdProfileConfiguration=configuration(acceptedIssuer="https://idv.example")),
    }
    assert (row.mode, row.match_confidence, row.provider, row.include_all_users) == (
        "evaluation", "relaxed", provider, False,
    )  # fmt: skip


def test_production_is_a_switch_of_its_own_in_the_audit(profiles: Api) -> None:
    profiles("post", PROFILES, body())
    row = RecoveryProfile.objects.get()
    usage = [{"isEnabledForTestOnly": False, "purpose": "recovery"}]
    patched = profiles("patch", f"{PROFILES}/{row.pk}", {"verifiedIdUsageConfigurations": usage})
    assert (patched.status_code, patched.content) == (204, b"")
    row.refresh_from_db()
    assert (row.mode, row.description, row.priority) == ("production", "Employees", 1)
    event = AuditEvent.objects.get(activity="Account Recovery settings updated")
    assert event.details["mode"] == "evaluation -> production"
    assert event.initiated_by_name.startswith("Program")
    assert profiles("delete", f"{PROFILES}/{row.pk}").status_code == 204
    assert profiles("get", f"{PROFILES}/{row.pk}").json()["error"]["code"] == "resourceNotFound"
    assert AuditEvent.objects.filter(activity="Account Recovery policy deleted").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""}, {"name": None}, {"name": "x" * 121}, {"state": "on"}, {"priority": -1}, {"priority": 2**40},
        {"verifierDid": "did:web:elsewhere"}, {"mobileDriversLicenseConfiguration": {}},
        {"faceCheckConfiguration": {"isEnabled": False, "sourcePhotoClaimName": "portrait"}},
        {"faceCheckConfiguration": {"isEnabled": True, "sourcePhotoClaimName": "selfie"}},
        {"verifiedIdUsageConfigurations": []},
        {"verifiedIdUsageConfigurations": [{"isEnabledForTestOnly": True, "purpose": "onboarding"}]},
        {"verifiedIdProfileConfiguration": configuration(acceptedIssuer="did:web:stranger")},
        {"verifiedIdProfileConfiguration": configuration(claimBindings=[])},
        {"verifiedIdProfileConfiguration": configuration(claimValidation={"isEnabled": True})},
        {"verifiedIdProfileConfiguration": configuration(claimBindings=[
            {"matchConfidenceLevel": level, "sourceAttribute": "First name",
             "verifiedIdClaim": "vc.credentialSubject.firstName"} for level in ("exact", "relaxed")])},
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_is_refused_whole(profiles: Api, changes: dict[str, Any]) -> None:
    assert profiles("post", PROFILES, body(**changes)).status_code == 400
    assert not RecoveryProfile.objects.exists()


def test_two_profiles_of_one_name_are_a_conflict(profiles: Api) -> None:
    assert profiles("post", PROFILES, body()).status_code == 201
    assert profiles("post", PROFILES, body()).json()["error"]["code"] == "conflict"


def test_the_scope_of_a_profile_is_set_by_groups_and_audited(profiles: Api, alice: User) -> None:
    made = profiles("post", PROFILES, body()).json()["id"]
    staff, never = (DirectoryGroup.objects.create(display_name=name) for name in ("Staff", "Never"))
    target = {"id": str(staff.pk), "targetType": "group", "isRegistrationRequired": False, "verifiedIdProfiles": [made]}
    excluded = {"id": str(never.pk), "targetType": "group"}
    address = f"{CONFIGURATIONS}/VerifiableCredentials"
    change = {
        "@odata.type": "#microsoft.graph.verifiableCredentialsAuthenticationMethodConfiguration",
        "includeTargets": [target], "excludeTargets": [excluded],
    }  # fmt: skip
    assert profiles("patch", address, change).status_code == 204
    assert list(RecoveryProfile.objects.get().include_groups.all()) == [staff]
    assert list(RecoveryPolicy.objects.get().excluded_groups.all()) == [never]
    read = profiles("get", address).json()
    assert (read["includeTargets"], read["state"]) == ([target], "enabled")
    assert [found["id"] for found in read["excludeTargets"]] == [str(never.pk)]
    everybody = target | {"id": "all_users"}
    assert profiles("patch", address, {"includeTargets": [everybody]}).status_code == 204
    row = RecoveryProfile.objects.get()
    assert (row.include_all_users, row.include_groups.count()) == (True, 0)
    for wrong in (
        {"includeTargets": [target | {"id": str(alice.pk)}]}, {"includeTargets": [target | {"id": "x"}]},
        {"includeTargets": [target | {"verifiedIdProfiles": [str(staff.pk)]}]}, {"state": "off"},
        {"excludeTargets": [{"id": "all_users"}]},
    ):  # fmt: skip
        assert profiles("patch", address, wrong).status_code == 400, wrong
    row.refresh_from_db()
    assert row.include_all_users is True


def test_the_pass_policy_is_changed_whole_or_not_at_all(profiles: Api) -> None:
    address = f"{CONFIGURATIONS}/TemporaryAccessPass"
    group = DirectoryGroup.objects.create(display_name="Pilots")
    change = {"maximumLifetimeInMinutes": 600, "isUsableOnce": True,
              "includeTargets": [{"id": str(group.pk), "targetType": "group"}]}  # fmt: skip
    assert profiles("patch", address, change).status_code == 204
    read = profiles("get", address).json()
    assert (read["maximumLifetimeInMinutes"], read["isUsableOnce"]) == (600, True)
    assert [target["id"] for target in read["includeTargets"]] == [str(group.pk)]
    assert AuditEvent.objects.filter(activity="Authentication Methods Policy Update").count() == 1
    for wrong in ({"minimumLifetimeInMinutes": 5}, {"minimumLifetimeInMinutes": 700}, {"defaultLength": 99},
                  {"includeTargets": [{"id": "nobody"}]}, {"maximumLifetimeInMinutes": 10**12}):  # fmt: skip
        assert profiles("patch", address, {"state": "disabled"} | wrong).status_code == 400, wrong
    assert profiles("get", address).json()["state"] == "enabled"
    assert profiles("delete", address).status_code == 204
    read = profiles("get", address).json()
    assert (read["maximumLifetimeInMinutes"], read["includeTargets"][0]["id"]) == (480, "all_users")
    listed = profiles("get", CONFIGURATIONS).json()["value"]
    assert {row["id"] for row in listed} == {"Fido2", "SoftwareOath", "TemporaryAccessPass", "VerifiableCredentials"}


def test_a_pass_issued_here_opens_the_door_it_says(alice: User, as_app: AsApp, client: Client) -> None:
    api = as_app(*ADMINISTRATOR)
    path = f"users/{alice.user_principal_name}/authentication/temporaryAccessPassMethods"
    first = api("post", path, {"lifetimeInMinutes": 60, "isUsableOnce": True}).json()
    made = api("post", path, {}).json()
    assert made.items() >= {"lifetimeInMinutes": 60, "isUsableOnce": False, "isUsable": True}.items()
    assert TemporaryAccessPass.objects.get().pk.hex == made["id"].replace("-", "")
    assert api("get", f"{path}/{first['id']}").status_code == 404  # replaced
    client.post("/", {"account_name": alice.user_principal_name})
    answer = client.post("/sign-in/temporaryAccessPass/", {"passcode": made["temporaryAccessPass"]})
    assert answer.status_code == 302
    later = api("post", path, {"startDateTime": "2031-01-01T00:00:00Z"})
    assert later.status_code == 400
    guest = User.objects.create_user("eve_home.example#EXT#@contoso.example", user_type="Guest")
    refused = api("post", f"users/{guest.pk}/authentication/temporaryAccessPassMethods", {})
    assert "external guest" in refused.json()["error"]["message"]


def test_a_passkey_is_provisioned_by_who_was_asked_and_nobody_else(alice: User, mallory: User, as_app: AsApp) -> None:
    api, other = as_app(*ADMINISTRATOR), as_app(*ADMINISTRATOR)
    base = f"users/{alice.pk}/authentication/fido2Methods"

    def answer() -> dict[str, Any]:
        options = api("get", f"{base}/creationOptions()").json()["publicKey"]
        made = json.loads(SoftwareAuthenticator().create(options))
        return {"displayName": "Key", "publicKeyCredential": {
            "id": made["id"], "clientExtensionResults": {},
            "response": {name: made["response"][name] for name in ("clientDataJSON", "attestationObject")},
        }}  # fmt: skip

    assert other("post", base, answer()).status_code == 400
    assert api("post", base.replace(str(alice.pk), str(mallory.pk)), answer()).status_code == 400
    good = answer()
    made = api("post", base, good)
    assert (made.status_code, made.json()["displayName"], made.json()["passkeyType"]) == (201, "Key", "synced")
    assert api("post", base, good).status_code == 400  # its challenge is spent
    event = AuditEvent.objects.get(activity="Admin registered security info")
    assert (event.target, event.initiated_by) == (alice, None)
    assert api("delete", f"{base}/{made.json()['id']}").status_code == 204
    assert api("get", base).json()["value"] == []
    assert AuditEvent.objects.filter(activity="Admin deleted security info").exists()


def test_a_reset_password_is_told_once_and_ends_every_session(
    alice: User, as_app: AsApp, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    sign_in_with_password(client, alice)
    reset = f"users/{alice.pk}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword"
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_app(*ADMINISTRATOR)("post", reset, {})
    made = answer.json()["newPassword"]
    assert (answer.status_code, len(made)) == (202, 24)
    alice.refresh_from_db()
    assert alice.check_password(made)
    assert not alice.check_password(PASSWORD)
    assert client.get("/security-info/").status_code == 302
    assert {letter.to[0] for letter in mail.outbox} >= {"alice@contoso.example", "alice@home.example"}
    assert not any(made in letter.body for letter in mail.outbox)
    assert as_app(*ADMINISTRATOR)("post", reset, {"newPassword": "short"}).status_code == 400
    assert as_app(*ADMINISTRATOR)("post", reset.replace("28c1", "38c1"), {}).status_code == 404


def test_people_are_made_changed_and_never_twice(as_app: AsApp) -> None:
    api = as_app("Directory.ReadWrite.All")
    new = {
        "accountEnabled": True,
        "displayName": "Ida",
        "mailNickname": "ida",
        "userPrincipalName": "Ida@Contoso.example",
        "passwordProfile": {"password": "a-password-of-some-length", "forceChangePasswordNextSignIn": False},
    }
    made = api("post", "users", new)
    assert (made.status_code, made.json()["userPrincipalName"]) == (201, "ida@contoso.example")
    assert "assword" not in made.content.decode()
    assert api("post", "users", new).status_code == 400
    assert api("post", "users", new | {"userPrincipalName": "no-at-sign"}).status_code == 400
    ida = f"users/{made.json()['id']}"
    assert api("patch", ida, {"givenName": "Ida", "surname": None, "accountEnabled": False}).status_code == 204
    assert api("get", ida).json()["accountEnabled"] is False
    event = AuditEvent.objects.get(activity="Update user")
    assert event.details == {"changed": "account_enabled, given_name"}
    assert api("patch", ida, {"is_staff": True}).status_code == 400
    assert api("patch", ida, {"isStaff": True}).status_code == 400


def test_what_somebody_signed_in_with_and_failed_with_is_in_the_log(alice: User, as_app: AsApp, client: Client) -> None:
    sign_in_with_password(client, alice, "wrong")
    sign_in_with_password(client, alice)
    api = as_app("AuditLog.Read.All")
    rows = api("get", "auditLogs/signIns").json()["value"]
    assert [row["status"]["errorCode"] for row in rows] == [0, 50126]
    assert rows[0]["userPrincipalName"] == alice.user_principal_name
    good = api("get", "auditLogs/signIns", query_params={"$filter": "status/errorCode eq 0"}).json()["value"]
    assert [row["id"] for row in good] == [rows[0]["id"]]
    assert api("get", f"auditLogs/signIns/{rows[1]['id']}").json()["status"]["errorCode"] == 50126
    assert api("get", f"auditLogs/directoryAudits/{rows[1]['id']}").status_code == 404


def test_a_person_reads_their_own_methods(alice: User, as_person: AsPerson) -> None:
    api = as_person(alice, "UserAuthenticationMethod.Read", "User.Read")
    kinds = {row["@odata.type"] for row in api("get", "me/authentication/methods").json()["value"]}
    assert kinds == {"#microsoft.graph.passwordAuthenticationMethod"}
    for segment in ("passwordMethods", "fido2Methods", "softwareOathMethods", "temporaryAccessPassMethods"):
        assert api("get", f"me/authentication/{segment}").status_code == 200


def test_phones_and_a_mail_address_are_kept_one_of_each_kind(
    alice: User, as_app: AsApp, django_capture_on_commit_callbacks: Any
) -> None:
    api = as_app(*ADMINISTRATOR)
    base = f"users/{alice.pk}/authentication"
    phone = {"phoneNumber": "+1 2065550100", "phoneType": "mobile"}
    alternate = {"phoneNumber": "+44 2070000000x12", "phoneType": "alternateMobile"}
    assert api("post", f"{base}/phoneMethods", alternate).status_code == 400  # a mobile phone comes first
    made = api("post", f"{base}/phoneMethods", phone).json()
    assert made["id"] == "3179e48a-750b-4051-897c-87b9720928f7"
    assert made.items() >= (phone | {"smsSignInState": "notAllowedByPolicy"}).items()
    assert api("post", f"{base}/phoneMethods", phone).status_code == 400
    assert api("post", f"{base}/phoneMethods", alternate).status_code == 201
    one = f"{base}/phoneMethods/{made['id']}"
    assert api("delete", one).status_code == 400  # the alternate one would be alone
    assert api("patch", one, {"phoneNumber": "+1 2065550199"}).status_code == 204
    assert api("get", one).json()["phoneNumber"] == "+1 2065550199"
    with django_capture_on_commit_callbacks(execute=True):
        mailed = api("post", f"{base}/emailMethods", {"emailAddress": "alice@elsewhere.example"})
    assert mailed.json()["id"] == "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"
    assert {letter.to[0] for letter in mail.outbox} >= {"alice@contoso.example", "alice@elsewhere.example"}
    mail.outbox.clear()
    email = f"{base}/emailMethods/{mailed.json()['id']}"
    with django_capture_on_commit_callbacks(execute=True):
        assert api("patch", email, {"emailAddress": "alice@new.example"}).status_code == 204
    assert api("get", email).json()["emailAddress"] == "alice@new.example"
    kinds = {
        row["@odata.type"].removeprefix("#microsoft.graph.") for row in api("get", f"{base}/methods").json()["value"]
    }
    assert kinds == {"passwordAuthenticationMethod", "phoneAuthenticationMethod", "emailAuthenticationMethod"}
    assert api("get", email.replace("emailMethods", "phoneMethods")).status_code == 404
    assert api("delete", email.replace("emailMethods", "phoneMethods")).status_code == 404
    assert api("delete", email).status_code == 204
    assert api("delete", email).status_code == 404
    assert AuditEvent.objects.filter(activity="Admin updated security info").count() == 2
    assert not AuditEvent.objects.filter(details__icontains="2065550199").exists()


@pytest.mark.parametrize(
    "number",
    ["", "2065550100", "+1", "+0 12345678", "+1 20655x", "+1 2065550100; drop", "+١ ٢٣٤٥٦٧٨٩", "+1 " + "2" * 40],
)
def test_a_number_that_nobody_can_call_is_refused(alice: User, as_app: AsApp, number: str) -> None:
    body = {"phoneNumber": number, "phoneType": "office"}
    assert as_app(*ADMINISTRATOR)("post", f"users/{alice.pk}/authentication/phoneMethods", body).status_code == 400


def test_a_group_is_put_in_scope_changed_and_taken_out_by_its_own_address(profiles: Api) -> None:
    first, second = (
        profiles("post", PROFILES, body(name=name, priority=number)).json()["id"]
        for number, name in enumerate(("One", "Two"), 3)
    )
    staff, pilots = (DirectoryGroup.objects.create(display_name=name) for name in ("Staff", "Pilots"))
    base = f"{CONFIGURATIONS}/VerifiableCredentials/includeTargets"
    target = {
        "id": str(staff.pk),
        "targetType": "group",
        "isRegistrationRequired": False,
        "verifiedIdProfiles": [first],
    }
    assert profiles("post", base, target).status_code == 201
    assert profiles("post", base, target).status_code == 409
    assert profiles("post", base, target | {"id": str(pilots.pk)}).status_code == 201
    one = f"{base}/{staff.pk}"
    assert profiles("get", one).json()["verifiedIdProfiles"] == [first]
    changed = profiles("patch", one, {"verifiedIdProfiles": [second]})
    assert (changed.status_code, changed.json()["verifiedIdProfiles"]) == (200, [second])
    assert {row["id"] for row in profiles("get", base).json()["value"]} == {str(staff.pk), str(pilots.pk)}
    for wrong in ({"verifiedIdProfiles": [str(staff.pk)]}, {"verifiedIdProfiles": "x"}, {"profiles": []}):
        assert profiles("patch", one, wrong).status_code == 400
    assert profiles("get", one).json()["verifiedIdProfiles"] == [second]
    assert profiles("delete", one).status_code == 204
    for method, data in (("get", None), ("patch", {}), ("delete", None)):
        assert profiles(method, one, data).status_code == 404
    everybody = target | {"id": "all_users"}
    assert profiles("post", base, everybody).json()["id"] == "all_users"
    assert RecoveryProfile.objects.get(pk=first).include_all_users is True
    assert profiles("delete", f"{base}/all_users").status_code == 204
    assert list(RecoveryProfile.objects.get(pk=first).include_groups.all()) == [pilots]


def test_beta_says_by_which_method_a_profile_verifies(as_app: AsApp, provider: IdentityProvider) -> None:
    api = as_app("VerifiedId-Profile.ReadWrite.All", version="beta")
    for method in ("identityVerificationPartner", "notConfigured", None):
        wanted = configuration() | {"methodType": method}
        answer = api("post", PROFILES, body(name=str(method), verifiedIdProfileConfiguration=wanted))
        assert answer.status_code == 201
    for method in ("verifiedEmployee", "tenantCustomCredential", "x"):
        wanted = configuration() | {"methodType": method}
        assert api("post", PROFILES, body(name="No", verifiedIdProfileConfiguration=wanted)).status_code == 400
    told = api("get", PROFILES).json()["value"][0]["verifiedIdProfileConfiguration"]
    assert told["methodType"] == "identityVerificationPartner"
    first = as_app("VerifiedId-Profile.Read.All")("get", PROFILES).json()["value"][0]
    assert "methodType" not in first["verifiedIdProfileConfiguration"]


def test_a_person_finds_their_own_pass_by_its_id_and_nobody_elses(
    alice: User, mallory: User, as_app: AsApp, as_person: AsPerson
) -> None:
    made = as_app(*ADMINISTRATOR)("post", f"users/{alice.pk}/authentication/temporaryAccessPassMethods", {}).json()
    address = f"me/authentication/temporaryAccessPassMethods/{made['id']}"
    mine = as_person(alice, "UserAuthenticationMethod.Read")("get", address)
    assert (mine.status_code, mine.json()["temporaryAccessPass"]) == (200, None)
    assert as_person(mallory, "UserAuthenticationMethod.Read")("get", address).status_code == 404
