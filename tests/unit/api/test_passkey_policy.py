"""The Fido2 configuration: what is changed by the API is held to by everybody who registers or uses a passkey."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, DirectoryGroup, OperatorSignInPolicy, Passkey, PasskeyPolicy, User
from recovery_portal.kit import clock
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tests.fakes.accounts import sign_in_with_password

from .conftest import Api, AsApp

ADDRESS = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2"
PERMISSIONS = ("Policy.ReadWrite.AuthenticationMethod", "UserAuthMethod-Passkey.ReadWrite.All")
AAGUID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def api(as_app: AsApp) -> Api:
    return as_app(*PERMISSIONS)


def provision(api: Api, user: User) -> Any:
    base = f"users/{user.pk}/authentication/fido2Methods"
    options = api("get", f"{base}/creationOptions")
    if options.status_code != 200:
        return options
    made = json.loads(SoftwareAuthenticator().create(options.json()["publicKey"]))
    response = {name: made["response"][name] for name in ("clientDataJSON", "attestationObject")}
    credential = {"id": made["id"], "clientExtensionResults": {}, "response": response}
    return api("post", base, {"displayName": "Key", "publicKeyCredential": credential})


def test_the_policy_is_read_changed_and_audited(api: Api) -> None:
    assert api("get", ADDRESS).json()["isSelfServiceRegistrationAllowed"] is True
    group = DirectoryGroup.objects.create(display_name="Pilots")
    change = {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration", "state": "enabled",
        "isSelfServiceRegistrationAllowed": False, "isAttestationEnforced": False,
        "keyRestrictions": {"isEnforced": True, "enforcementType": "allow", "aaGuids": [AAGUID.upper(), AAGUID]},
        "includeTargets": [{"id": str(group.pk), "targetType": "group", "isRegistrationRequired": False}],
        "excludeTargets": [{"id": str(group.pk), "targetType": "group"}],
    }  # fmt: skip
    assert api("patch", ADDRESS, change).status_code == 204
    read = api("get", ADDRESS).json()
    assert read["keyRestrictions"] == {"isEnforced": True, "enforcementType": "allow", "aaGuids": [AAGUID]}
    assert read["isSelfServiceRegistrationAllowed"] is False
    assert [target["id"] for target in read["includeTargets"]] == [str(group.pk)]
    assert [target["id"] for target in read["excludeTargets"]] == [str(group.pk)]
    event = AuditEvent.objects.get(activity="Authentication Methods Policy Update")
    assert event.details["self_service_allowed"] == "True -> False"
    assert PasskeyPolicy.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"isAttestationEnforced": True}, {"state": "off"}, {"keyRestrictions": {"aaGuids": ["x"]}},
     {"keyRestrictions": {"enforcementType": "maybe"}}, {"keyRestrictions": []}, {"includeTargets": [{"id": "x"}]},
     {"excludeTargets": [{"id": "all_users"}]}, {"include_all_users": False}, {"aaguids": []},
     {"includeTargets": [{"id": "all_users", "isRegistrationRequired": True}]}],
)  # fmt: skip
def test_a_change_that_makes_no_sense_changes_nothing(api: Api, wrong: dict[str, Any]) -> None:
    assert api("patch", ADDRESS, {"isSelfServiceRegistrationAllowed": False} | wrong).status_code == 400
    assert api("get", ADDRESS).json()["isSelfServiceRegistrationAllowed"] is True


@pytest.mark.parametrize(
    "change",
    [{"state": "disabled"}, {"isSelfServiceRegistrationAllowed": False}, {"includeTargets": []},
     {"keyRestrictions": {"isEnforced": True, "enforcementType": "block", "aaGuids": [AAGUID]}},
     {"keyRestrictions": {"isEnforced": True, "enforcementType": "allow", "aaGuids": []}}],
)  # fmt: skip
def test_a_passkey_that_the_policy_does_not_want_is_not_registered(alice: User, api: Api, change: Any) -> None:
    assert provision(api, alice).status_code == 201
    api("patch", ADDRESS, change)
    assert provision(api, alice).status_code == 400
    assert Passkey.objects.count() == 1


def test_who_is_excluded_has_none_and_who_is_included_has(alice: User, mallory: User, api: Api) -> None:
    pilots, never = (DirectoryGroup.objects.create(display_name=name) for name in ("Pilots", "Never"))
    pilots.members.set([alice, mallory])
    never.members.set([mallory])
    target = {"targetType": "group"}
    api("patch", ADDRESS, {"includeTargets": [target | {"id": str(pilots.pk)}],
                           "excludeTargets": [target | {"id": str(never.pk)}]})  # fmt: skip
    assert provision(api, alice).status_code == 201
    assert provision(api, mallory).status_code == 400


def test_a_policy_that_turns_against_a_passkey_ends_its_use(alice: User, api: Api, client: Client) -> None:
    browser, key = Client(), SoftwareAuthenticator()
    sign_in_with_password(browser, alice)
    options = browser.post("/security-info/add/passkey/options/").json()
    browser.post("/security-info/add/passkey/", {"credential": key.create(options), "name": "Key"})

    def sign_in() -> bool:
        client.post("/", {"account_name": alice.user_principal_name})
        asked = client.post("/sign-in/passkey/options/").json()
        answer = client.post("/sign-in/fido2/", {"credential": key.get(asked)})
        client.post("/sign-out/")
        return bool(answer.status_code == 302)

    assert sign_in()
    api("patch", ADDRESS, {"state": "disabled"})
    assert not sign_in()
    api("patch", ADDRESS, {"state": "enabled"})
    assert sign_in()


def test_operators_who_need_a_passkey_are_not_locked_out(api: Api) -> None:
    OperatorSignInPolicy.objects.create(passkey_required=True)
    for change in ({"state": "disabled"}, {"includeTargets": []}, {"keyRestrictions": {"isEnforced": True}}):
        assert api("patch", ADDRESS, change).status_code == 400
    assert api("get", ADDRESS).json()["state"] == "enabled"
    assert api("patch", ADDRESS, {"isSelfServiceRegistrationAllowed": False}).status_code == 204


def test_the_policy_of_all_methods_takes_back_what_it_told_and_nothing_else(api: Api) -> None:
    address = "policies/authenticationMethodsPolicy"
    told = api("get", address).json()
    same = {name: value for name, value in told.items() if name != "authenticationMethodConfigurations"}
    assert api("patch", address, same).status_code == 204
    campaign = {"authenticationMethodsRegistrationCampaign": {"state": "enabled"}}
    for wrong in ({"policyMigrationState": "preMigration"}, {"displayName": "x"}, {"reconfirmationInDays": 1},
                  {"registrationEnforcement": campaign}):  # fmt: skip
        assert api("patch", address, wrong).status_code == 400, wrong


# --- options with a time of the caller's, and secrets of tokens -------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "status"), [("5", 200), ("10", 200), ("43200", 200), ("4", 400), ("43201", 400), ("x", 400), ("٥", 400),
                            ("-5", 400), ("9" * 400, 400)],
)  # fmt: skip
def test_a_challenge_lives_as_long_as_was_asked(alice: User, api: Api, minutes: str, status: int) -> None:
    base = f"users/{alice.pk}/authentication/fido2Methods"
    answer = api("get", f"{base}/creationOptions(challengeTimeoutInMinutes={minutes})")
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("query", "minutes"), [("?challengeTimeoutInMinutes=30", 30), ("?@m=30", 5), ("?@t=30", 30), ("", 5)]
)
def test_the_time_may_be_named_by_an_alias_as_the_sdk_does(alice: User, api: Api, query: str, minutes: int) -> None:
    alias = "@t" if "@" in query else "@challengeTimeoutInMinutes"
    base = f"users/{alice.pk}/authentication/fido2Methods"
    told = api("get", f"{base}/creationOptions(challengeTimeoutInMinutes={alias}){query}").json()
    ends = datetime.fromisoformat(told["challengeTimeoutDateTime"])
    assert 0 <= (clock.now() + timedelta(minutes=minutes) - ends).total_seconds() < 60


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_a_secret_of_a_token_is_kept_and_never_told(alice: User, as_app: AsApp) -> None:
    api = as_app("UserAuthMethod-SoftwareOATH.ReadWrite.All")
    base = f"users/{alice.pk}/authentication/softwareOathMethods"
    made = api("post", base, {"secretKey": SECRET})
    assert (made.status_code, made.json()["secretKey"]) == (201, None)
    assert SECRET not in made.content.decode()
    assert not AuditEvent.objects.filter(details__icontains=SECRET).exists()
    row = alice.authenticator_apps.get()
    assert SECRET.encode() not in bytes(row.secret_sealed)
    assert [found["id"] for found in api("get", base).json()["value"]] == [made.json()["id"]]
    for wrong in ("", "1", "JBSWY3DP", "!" * 32, "é" * 32, "A" * 199):
        assert api("post", base, {"secretKey": wrong}).status_code == 400
    for _ in range(4):
        assert api("post", base, {"secretKey": SECRET}).status_code == 201
    assert api("post", base, {"secretKey": SECRET}).status_code == 400  # five are as many as one account holds


def test_users_and_groups_are_counted(alice: User, as_app: AsApp) -> None:
    DirectoryGroup.objects.create(display_name="Staff")
    DirectoryGroup.objects.create(display_name="Pilots")
    api = as_app("Directory.Read.All")
    assert api("get", "groups/$count").content == b"2"
    assert api("get", "groups/$count", query_params={"$filter": "displayName eq 'Staff'"}).content == b"1"
    assert api("get", "users/$count").content == b"1"
