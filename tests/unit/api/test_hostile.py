"""What strangers send. Nothing of it is a 5xx, and everything is answered in the envelope."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from recovery_portal.api import permissions

from .conftest import Api, AsApp
from .test_permissions import OPERATIONS, address

WRITES = [(method, route) for method, route, found in OPERATIONS if method in {"post", "patch"} and not found.own]
BODIES = {
    "not JSON": b"{",
    "empty list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "NaN": b'{"priority": NaN}',
    "huge number": b'{"priority": 1e999}',
    "same name twice": b'{"state": "enabled", "state": "disabled"}',
    "half a surrogate": b'{"name": "\\ud800", "displayName": "\\ud800"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a null character": b'{"name": "\\u0000", "displayName": "\\u0000", "newPassword": "\\u0000"}',
    "deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "deep list": b'{"otherMails":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "large": b'{"description": "' + b"x" * 200_000 + b'"}',
    "unknown property": b'{"isAdmin": true}',
    "wrong types": json.dumps({name: [{"x": [1]}] for name in (
        "name", "displayName", "state", "priority", "lifetimeInMinutes", "isUsableOnce", "startDateTime",
        "accountEnabled", "userPrincipalName", "includeTargets", "verifiedIdProfileConfiguration",
        "publicKeyCredential", "newPassword", "passwordProfile", "otherMails", "surname", "@odata.id",
    )}).encode(),
}  # fmt: skip


@pytest.fixture
def root_app(as_app: AsApp) -> Api:
    return as_app(*permissions.known())


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_nobody_should_send_is_refused(alice: User, root_app: Api, kind: str) -> None:
    for method, route in WRITES:
        answer = getattr(root_app.client, method)(
            f"/v1.0/{address(route, alice)}", data=BODIES[kind], content_type="application/json"
        )
        assert answer.status_code in {400, 404, 413}, f"{method} {route}: {answer.status_code}"
        assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "content_type", ["application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_another_kind_of_body_is_a_415(alice: User, root_app: Api, content_type: str) -> None:
    answer = root_app.client.post("/v1.0/groups", data=b"displayName=x", content_type=content_type)
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupportedMediaType"


@pytest.mark.parametrize(
    "key",
    ["00000000-0000-4000-8000-000000000000", "%00", "%ED%A0%80", "..%2F..", "x" * 3_000, "'; DROP TABLE users;--",
     "<script>", "alice@contoso.example%0d%0aSet-Cookie:x", "🙂", "{id}", "-1"],
)  # fmt: skip
def test_keys_of_nothing_are_a_404(root_app: Api, key: str) -> None:
    for path in (
        f"users/{key}", f"users/{key}/authentication/methods", f"groups/{key}", f"identity/verifiedId/profiles/{key}",
        f"auditLogs/directoryAudits/{key}", f"auditLogs/signIns/{key}",
        f"policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{key}", f"nothing/{key}",
    ):  # fmt: skip
        answer = root_app("get", path)
        assert answer.status_code == 404, path
        assert "<script>" not in answer.json()["error"]["message"] or "json" in answer["Content-Type"]
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "post"])
def test_methods_that_are_not_served_are_refused_in_the_envelope(root_app: Api, method: str) -> None:
    answer = root_app(method, "auditLogs/directoryAudits")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "methodNotAllowed")


def test_the_ids_that_support_asks_for_are_on_every_answer(root_app: Api, client: Client) -> None:
    asked = "1f7a2c9e-0000-4000-8000-123456789abc"
    answer = root_app("get", "nothing", headers={"client-request-id": asked})
    inner = answer.json()["error"]["innerError"]
    assert answer["client-request-id"] == inner["client-request-id"] == asked
    assert answer["request-id"] == inner["request-id"] != asked
    odd = client.get("/v1.0/users", headers={"client-request-id": "x" * 500})
    assert odd["client-request-id"] == odd["request-id"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_NAMES = sorted({name for _, _, found in OPERATIONS if found.body is not None for name in found.body().fields})


@pytest.mark.slow
@pytest.mark.django_db
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=5), which=st.sampled_from(WRITES))
def test_no_body_of_known_names_and_any_values_is_a_server_error(
    alice: User, root_app: Api, settings: Any, body: dict[str, Any], which: tuple[str, str]
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 100_000
    method, route = which
    answer = getattr(root_app.client, method)(
        f"/v1.0/{address(route, alice)}", data=json.dumps(body), content_type="application/json"
    )
    assert answer.status_code < 500
