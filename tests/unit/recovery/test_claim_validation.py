"""What an extension is sent, byte for byte, and what becomes of everything that it may answer."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from recovery_portal.recovery.claim_validation import (
    Account,
    CallFailed,
    Event,
    ExtensionError,
    body,
    judge,
    resource_of,
)
from recovery_portal.recovery.claim_validation.answer import MAX_BYTES

JSON = {"content-type": "application/json; charset=utf-8"}
TYPE = "microsoft.graph.verifiedIdClaimValidation"
EVENT = Event(
    tenant_id="11111111-1111-4111-8111-111111111111",
    app_id="22222222-2222-4222-8222-222222222222",
    app_object_id="33333333-3333-4333-8333-333333333333",
    app_name="App",
    listener_id="44444444-4444-4444-8444-444444444444",
    extension_id="55555555-5555-4555-8555-555555555555",
    correlation_id="66666666-6666-4666-8666-666666666666",
    client_ip="203.0.113.9",
    locale="en-us",
    account=Account(
        id="77777777-7777-4777-8777-777777777777",
        user_principal_name="ana@fabrikam.example",
        given_name="Ana",
        surname="Silva",
        mail="ana@fabrikam.example",
        user_type="Member",
        created_at=datetime(2024, 1, 1, tzinfo=UTC),
        employee_id="E042",
    ),
    claims={"firstName": "Ana", "lastName": "Sílva", "documentNumber": "X1"},
)
SENT = (
    '{"type":"microsoft.graph.authenticationEvent.verifiedIdClaimValidation",'
    '"source":"/tenants/11111111-1111-4111-8111-111111111111/applications/22222222-2222-4222-8222-222222222222",'
    '"data":{"@odata.type":"microsoft.graph.onVerifiedIdClaimValidationCalloutData",'
    '"tenantId":"11111111-1111-4111-8111-111111111111",'
    '"authenticationEventListenerId":"44444444-4444-4444-8444-444444444444",'
    '"customAuthenticationExtensionId":"55555555-5555-4555-8555-555555555555",'
    '"authenticationContext":{"correlationId":"66666666-6666-4666-8666-666666666666","protocol":"OAUTH2",'
    '"client":{"clientIp":"203.0.113.9","locale":"en-us","market":"en-us"},'
    '"clientServicePrincipal":{"id":"33333333-3333-4333-8333-333333333333",'
    '"appId":"22222222-2222-4222-8222-222222222222","displayName":"App"},'
    '"resourceServicePrincipal":null,'
    '"user":{"id":"77777777-7777-4777-8777-777777777777","userPrincipalName":"ana@fabrikam.example",'
    '"givenName":"Ana","surname":"Silva","mail":"ana@fabrikam.example","onPremisesSamAccountName":null,'
    '"userType":"Member","createdDateTime":"2024-01-01T00:00:00"}},'
    '"verifiedIdClaimsContext":{"identities":[{"issuer":"fabrikam.example",'
    '"issuerAssignedId":"ana@fabrikam.example","signInType":"userPrincipalName"}],'
    '"additionalInfo":{"employeeId":"E042"},'
    '"claims":{"firstName":"Ana","lastName":"Sílva","documentNumber":"X1","documentId":"X1"}}}}'
)


def test_the_event_byte_for_byte() -> None:
    assert body(EVENT) == SENT.encode()


def answer(*actions: Any, **data: Any) -> bytes:
    kind = "microsoft.graph.onVerifiedIdClaimValidationResponseData"
    return json.dumps({"data": {"@odata.type": kind, "actions": list(actions), **data}}).encode()


def failed(names: Any) -> dict[str, Any]:
    return {"@odata.type": f"{TYPE}.failed", "failedClaims": names}


PASS = {"@odata.type": f"{TYPE}.pass"}


def test_one_pass_is_a_yes() -> None:
    assert judge(200, JSON, answer(PASS), sent=["dateOfBirth"]).passed
    assert judge(200, {"content-type": "application/json"}, answer({"@odata.type": f"#{TYPE}.pass"}), sent=[]).passed


def test_failed_claims_are_named_and_what_is_no_name_of_a_claim_is_not_kept() -> None:
    found = judge(
        200, JSON, answer(failed(["dateOfBirth", "1990-01-15", "Silva", "employeeNotFound"])), sent=["dateOfBirth"]
    )
    assert not found.passed
    assert found.failed_claims == ("dateOfBirth", "other", "employeeNotFound")


E = ExtensionError


@pytest.mark.parametrize(
    ("status", "headers", "content", "error"),
    [
        (201, JSON, answer(PASS), E.InvalidHTTPStatus),
        (204, JSON, b"", E.InvalidHTTPStatus),
        (429, JSON, answer(PASS), E.InvalidHTTPStatus),
        (500, JSON, answer(PASS), E.InvalidHTTPStatus),
        (200, {}, answer(PASS), E.InvalidResponseContentType),
        (200, {"content-type": "text/html"}, answer(PASS), E.InvalidResponseContentType),
        (200, {"content-type": "application/jsonp"}, answer(PASS), E.InvalidResponseContentType),
        (200, JSON, b" \r\n", E.EmptyResponse),
        (200, JSON, b"{" + b" " * MAX_BYTES + b"}", E.ResponseSizeExceeded),
        (200, JSON, b"\xff\xfe", E.InvalidResponseBody),
        (200, JSON, b"[]", E.InvalidResponseBody),
        (200, JSON, b"[" * 5000, E.InvalidResponseBody),
        (200, JSON, b'{"data":null}', E.InvalidResponseBody),
        (200, JSON, b'{"data":{"actions":[]},"data":{}}', E.InvalidResponseBody),
        (200, JSON, b'{"data":{"actions":[]}}', E.InvalidResponseApiSchemaVersion),
        (200, JSON, answer(), E.InvalidNumberOfActions),
        (200, JSON, answer(PASS, PASS), E.InvalidNumberOfActions),
        (200, JSON, answer(PASS, failed(["x"])), E.InvalidNumberOfActions),
        (200, JSON, answer("pass"), E.InvalidActionType),
        (200, JSON, answer({"@odata.type": f"{TYPE}.PASS"}), E.InvalidActionType),
        (200, JSON, answer({"@odata.type": ["pass"]}), E.InvalidActionType),
        (200, JSON, answer(failed(None)), E.NullClaimsResponse),
        (200, JSON, answer({"@odata.type": f"{TYPE}.failed"}), E.NullClaimsResponse),
        (200, JSON, answer(failed([None])), E.NullOrEmptyClaimKeyNotSupported),
        (200, JSON, answer(failed([" "])), E.NullOrEmptyClaimKeyNotSupported),
        (200, JSON, answer(failed(["x" * 129])), E.ResponseClaimsSizeExceeded),
        (200, JSON, answer(failed(["x"] * 51)), E.ResponseClaimsSizeExceeded),
    ],
)
def test_whatever_is_not_a_clear_answer_is_an_error(
    status: int, headers: dict[str, str], content: bytes, error: ExtensionError
) -> None:
    with pytest.raises(CallFailed) as caught:
        judge(status, headers, content, sent=[])
    assert caught.value.error is error


def test_a_failed_action_that_names_nothing_is_a_no() -> None:
    assert judge(200, JSON, answer(failed([])), sent=[]).passed is False


def test_every_number_of_the_original_has_its_name() -> None:
    assert [error.value for error in E] == [n for n in range(1003000, 1003028) if n != 1003013]
    assert E.TimedOut.title == "1003005 CustomExtensionTimedOut"
    assert E.EventHandlerUnexpectedError.title == "1003000 EventHandlerUnexpectedError"


APP = "99999999-9999-4999-8999-999999999999"


@pytest.mark.parametrize(
    ("resource_id", "url", "is_on_host"),
    [
        (f"api://hr.fabrikam.example/{APP}", "https://hr.fabrikam.example/validate", True),
        (f"api://HR.fabrikam.example/{APP}", "https://hr.FABRIKAM.example/validate", True),
        (f"api://localhost/{APP}", "http://localhost:7071/", True),
        (f"api://localhost:7071/{APP}", "http://localhost:7071/", True),
        (f"api://hr.fabrikam.example/{APP}", "https://hr.fabrikam.example.evil.example/", False),
        (f"api://hr.fabrikam.example/{APP}", "https://hr.fabrikam.example@evil.example/", False),
        (f"api://hr.fabrikam.example/{APP}", "https://[::1", False),
    ],
)
def test_a_resource_id_stands_on_its_targets_host(resource_id: str, url: str, is_on_host: bool) -> None:
    found = resource_of(resource_id, url)
    assert found is not None
    assert (str(found[0]), found[1]) == (APP, is_on_host)


@pytest.mark.parametrize(
    "resource_id", ["", APP, f"https://x/{APP}", f"api:///{APP}", "api://x/not-an-id", f"api://x/{APP}\n"]
)
def test_a_malformed_resource_id(resource_id: str) -> None:
    assert resource_of(resource_id, "https://x/") is None
