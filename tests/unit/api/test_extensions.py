"""Custom authentication extensions and event listeners: the bodies of the original's reference pages, and bent ones."""

from typing import Any

import pytest

from accounts.models import AuditEvent
from idv.verifier.models import IdentityProvider
from recovery_portal.api.registrations import register
from recovery_portal.kit import clock
from recovery_portal.recovery.models import ClaimExtension, ExtensionListener, RecoveryProfile

from .conftest import Api, AsApp
from .test_rooms import PROFILES, body, configuration, provider

__all__ = ["provider"]
EXTENSIONS, LISTENERS = "identity/customAuthenticationExtensions", "identity/authenticationEventListeners"
NOTHING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def api(as_app: AsApp) -> Api:
    return as_app(
        "CustomAuthenticationExtension.ReadWrite.All", "EventListener.ReadWrite.All", "VerifiedId-Profile.ReadWrite.All"
    )


@pytest.fixture
def app_id(db: None) -> str:
    return str(register(name="HR API", at=clock.now()).pk)


def extension(app_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.onVerifiedIdClaimValidationCustomExtension",
        "displayName": "HR",
        "description": "Asks HR",
        "behaviorOnError": None,
        "endpointConfiguration": {
            "@odata.type": "#microsoft.graph.httpRequestEndpoint",
            "targetUrl": "https://hr.example/validate",
        },
        "authenticationConfiguration": {
            "@odata.type": "#microsoft.graph.azureAdTokenAuthentication",
            "resourceId": f"api://hr.example/{app_id}",
        },
        "clientConfiguration": {"timeoutInMilliseconds": 2000, "maximumRetries": 1},
    } | changes


def listener(extension_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.onVerifiedIdClaimValidationListener",
        "displayName": "HR listener",
        "priority": 500,
        "conditions": {"applications": {"includeAllApplications": False, "includeApplications": [{"appId": NOTHING}]}},
        "handler": {
            "@odata.type": "#microsoft.graph.onVerifiedIdClaimValidationCustomExtensionHandler",
            "customExtension": {"id": extension_id},
            "configuration": {"clientConfiguration": {"timeoutInMilliseconds": 500}, "behaviorOnError": None},
        },
    } | changes


def test_an_extension_from_cradle_to_grave(api: Api, app_id: str) -> None:
    made = api("post", EXTENSIONS, extension(app_id))
    assert made.status_code == 201, made.content
    written = made.json()
    assert written["authenticationConfiguration"] == extension(app_id)["authenticationConfiguration"]
    assert written["clientConfiguration"] == {"timeoutInMilliseconds": 2000, "maximumRetries": 1}
    assert ClaimExtension.objects.get().granted_at is None
    path = f"{EXTENSIONS}/{written['id']}"
    change = {"description": "Other", "clientConfiguration": {"maximumRetries": 0}}
    assert api("patch", path, change).status_code == 204
    read = api("get", path).json()
    assert (read["description"], read["clientConfiguration"]["maximumRetries"]) == ("Other", 0)
    assert len(api("get", EXTENSIONS).json()["value"]) == 1
    assert api("delete", path).status_code == 204
    assert api("get", path).status_code == 404
    activities = AuditEvent.objects.filter(category="Policy").values_list("activity", flat=True)
    assert set(activities) == {f"{verb} custom authentication extension" for verb in ("Add", "Update", "Delete")}


@pytest.mark.parametrize(
    "changes",
    [
        {"@odata.type": "#microsoft.graph.onTokenIssuanceStartCustomExtension"},
        {"@odata.type": 7},
        {"behaviorOnError": {"@odata.type": "x"}},
        {"behaviorOnError": "ignore"},
        {"clientConfiguration": {"timeoutInMilliseconds": 60_000}},
        {"clientConfiguration": {"maximumRetries": 9}},
        {"endpointConfiguration": {"targetUrl": "http://hr.example/"}},
        {"endpointConfiguration": {"targetUrl": "https://elsewhere.example/"}},
        {"endpointConfiguration": []},
        {"authenticationConfiguration": {"resourceId": f"api://hr.example/{NOTHING}"}},
        {"authenticationConfiguration": {"resourceId": "nonsense"}},
        {"displayName": ""},
        {"surprise": 1},
    ],
)
def test_a_bent_extension_is_refused(api: Api, app_id: str, changes: dict[str, Any]) -> None:
    assert api("post", EXTENSIONS, extension(app_id, **changes)).status_code == 400
    assert not ClaimExtension.objects.exists()


def test_names_are_taken_once(api: Api, app_id: str) -> None:
    assert api("post", EXTENSIONS, extension(app_id)).status_code == 201
    assert api("post", EXTENSIONS, extension(app_id)).status_code == 409


def test_a_listener_from_cradle_to_grave(api: Api, app_id: str) -> None:
    extension_id = api("post", EXTENSIONS, extension(app_id)).json()["id"]
    made = api("post", LISTENERS, listener(extension_id))
    assert made.status_code == 201, made.content
    assert made.json()["conditions"] == listener(extension_id)["conditions"]
    assert made.json()["handler"]["configuration"]["clientConfiguration"]["timeoutInMilliseconds"] == 500
    path = f"{LISTENERS}/{made.json()['id']}"
    assert (
        api(
            "patch", path, {"priority": 1, "conditions": {"applications": {"includeAllApplications": True}}}
        ).status_code
        == 204
    )
    assert api("get", path).json()["priority"] == 1
    assert ExtensionListener.objects.get().include_all_applications
    assert len(api("get", LISTENERS).json()["value"]) == 1
    assert api("delete", path).status_code == 204
    assert api("get", path).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"@odata.type": "#microsoft.graph.onTokenIssuanceStartListener"},
        {"handler": {"customExtension": {"id": NOTHING}}},
        {"handler": {"customExtension": {"id": "x"}}},
        {"priority": -1},
        {"conditions": {"applications": {"includeApplications": [7]}}},
    ],
)
def test_a_bent_listener_is_refused(api: Api, app_id: str, changes: dict[str, Any]) -> None:
    extension_id = api("post", EXTENSIONS, extension(app_id)).json()["id"]
    assert api("post", LISTENERS, listener(extension_id, **changes)).status_code == 400


def test_a_profile_names_its_extension(api: Api, app_id: str, provider: IdentityProvider) -> None:
    extension_id = api("post", EXTENSIONS, extension(app_id)).json()["id"]
    validation = {"isEnabled": True, "customExtensionId": extension_id}
    asked = body(verifiedIdProfileConfiguration=configuration(claimValidation=validation))
    made = api("post", PROFILES, asked)
    assert made.status_code == 201, made.content
    assert made.json()["verifiedIdProfileConfiguration"]["claimValidation"] == validation
    assert RecoveryProfile.objects.get().claim_validation_enabled
    assert api("delete", f"{EXTENSIONS}/{extension_id}").status_code == 400
    path = f"{PROFILES}/{made.json()['id']}"
    half = configuration(claimValidation={"customExtensionId": ""})
    assert api("patch", path, {"verifiedIdProfileConfiguration": half}).status_code == 400
    off = configuration(claimValidation={"isEnabled": False, "customExtensionId": ""})
    assert api("patch", path, {"verifiedIdProfileConfiguration": off}).status_code == 204
    assert api("delete", f"{EXTENSIONS}/{extension_id}").status_code == 204


@pytest.mark.parametrize("named", ["", None, NOTHING, "x"])
def test_validation_by_nobody_cannot_be_enabled(api: Api, provider: IdentityProvider, named: Any) -> None:
    validation = {"isEnabled": True, "customExtensionId": named}
    asked = body(verifiedIdProfileConfiguration=configuration(claimValidation=validation))
    assert api("post", PROFILES, asked).status_code == 400
