"""Several requests in one: each is asked as it would be alone, and none gains anything by the company."""

import base64
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from accounts.models import DirectoryGroup, User

from .conftest import Api, AsApp, AsPerson


def ask(api: Api, *requests: dict[str, Any]) -> Any:
    return api("POST", "$batch", {"requests": list(requests)})


def one(name: str, url: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"id": name, "method": method, "url": url, **more}


def answers(api: Api, *requests: dict[str, Any]) -> dict[str, Any]:
    answer = ask(api, *requests)
    assert answer.status_code == 200, answer.content
    return {said["id"]: said for said in answer.json()["responses"]}


@pytest.fixture
def directory(as_app: AsApp, alice: User) -> Api:
    return as_app("User.Read.All", "Group.ReadWrite.All")


def test_each_request_is_answered_as_it_would_be_alone(directory: Api, alice: User) -> None:
    told = answers(
        directory,
        one("1", f"/users/{alice.user_principal_name}?$select=displayName"),
        one("2", "users?$filter=startswith(displayName,'Al')&$top=1", headers={"ConsistencyLevel": "eventual"}),
        one("3", "/users/nobody%40contoso.example"),
        one("4", "/nothing/here"),
        one("5", "/groups/$count", headers={"ConsistencyLevel": "eventual"}),
        one("6", f"{settings.PORTAL_BASE_URL}/v1.0/users?$top=1"),
        one("7", "/policies/authenticationMethodsPolicy"),
    )
    alone = directory("GET", f"users/{alice.user_principal_name}?$select=displayName")
    assert told["1"]["status"] == 200
    assert told["1"]["body"] == alone.json()
    assert told["1"]["headers"]["Content-Type"] == alone["Content-Type"]
    assert told["2"]["body"]["value"][0]["displayName"] == alice.display_name
    assert (told["3"]["status"], told["4"]["status"]) == (404, 404)
    assert (
        told["3"]["body"]["error"]["code"] == directory("GET", "users/nobody@contoso.example").json()["error"]["code"]
    )
    assert base64.b64decode(told["5"]["body"]) == b"0"
    assert told["6"]["status"] == 200
    assert (told["7"]["status"], told["7"]["body"]["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_what_depends_on_another_waits_for_it_and_fails_with_it(directory: Api) -> None:
    group = {"displayName": "Staff", "mailEnabled": False, "mailNickname": "staff", "securityEnabled": True}
    sent = {"headers": {"Content-Type": "application/json"}, "body": group}
    told = answers(
        directory,
        one("last", "/groups?$filter=displayName eq 'Staff'", dependsOn=["make"]),
        one("make", "/groups", "POST", **sent),
        one("wrong", "/groups", "POST", headers={"Content-Type": "application/json"}, body={"displayNam": "x"}),
        # As the SDK for Python spells it.
        one("after", "/groups", depends_on=["wrong"]),
        one("after that", "/groups", dependsOn=["after"]),
    )
    assert list(told) == ["last", "make", "wrong", "after", "after that"]
    assert told["make"]["status"] == 201
    assert told["make"]["headers"]["Location"]
    assert [found["displayName"] for found in told["last"]["body"]["value"]] == ["Staff"]
    assert (told["wrong"]["status"], told["after"]["status"], told["after that"]["status"]) == (400, 424, 424)
    assert DirectoryGroup.objects.count() == 1


def test_a_body_may_come_as_base64_and_names_its_type(directory: Api, alice: User) -> None:
    text = b'{"displayName":"A","mailEnabled":false,"mailNickname":"a","securityEnabled":true}'
    typed = {"headers": {"content-type": "application/json"}}
    told = answers(
        directory,
        one("typed", "/groups", "POST", **typed, body=base64.b64encode(text).decode()),
        one("untyped", "/groups", "POST", body={"displayName": "B"}),
    )
    assert (told["typed"]["status"], told["untyped"]["status"]) == (201, 400)
    member = {"@odata.id": f"{settings.PORTAL_BASE_URL}/v1.0/directoryObjects/{alice.pk}"}
    added = answers(
        directory, one("1", f"/groups/{told['typed']['body']['id']}/members/$ref", "POST", **typed, body=member)
    )["1"]
    assert added["status"] == 204
    assert "body" not in added


@pytest.mark.parametrize(
    "requests",
    [
        None, [], {}, "x", [None], [one("1", "/users")] * 2, [one(str(n), "/users") for n in range(21)],
        [one("", "/users")], [one("x" * 65, "/users")], [{"id": 1, "method": "GET", "url": "/users"}],
        [one("1", "")], [one("1", "/us\ners")], [one("1", "/\u00e9")], [{"id": "1", "url": "/users"}],
        [one("1", "/users", "TRACE")], [one("1", "/users", "OPTIONS")], [one("1", "/users", "")],
        [one("1", "/users", dependsOn=["2"])], [one("1", "/users", dependsOn="1")], [one("1", "/users", dependsOn=[1])],
        [one("1", "/users", dependsOn=["1"])],
        [one("1", "/users", dependsOn=["2"]), one("2", "/users", dependsOn=["1"])],
        [one("1", "/users", headers=["a"])], [one("1", "/users", headers={"prefer": "a\r\nb"})],
        [one("1", "/users", headers={"prefer": 1})],
        [one("1", "/users", body=5)], [one("1", "/users", body="no base64")],
    ],
)  # fmt: skip
def test_a_batch_that_cannot_be_carried_out_is_refused_whole(directory: Api, requests: Any) -> None:
    answer = directory("POST", "$batch", {"requests": requests})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "url",
    [
        "$batch",
        "/$batch",
        "/$BATCH/",
        "https://elsewhere.example/v1.0/users",
        "//elsewhere.example/users",
        "/beta/users",
    ],
)
def test_no_request_leads_out_of_its_batch(directory: Api, url: str) -> None:
    assert answers(directory, one("1", url, "POST"))["1"]["status"] in {400, 404}
    elsewhere = f"{settings.PORTAL_BASE_URL}/beta/users"
    assert answers(directory, one("1", elsewhere))["1"]["status"] == 400
    for address in ("/../admin/", "../device/", "/%2e%2e/admin/", "/..%2fadmin%2f"):
        assert answers(directory, one("1", address))["1"]["status"] == 404


@pytest.mark.parametrize("url", ["%24batch", "/%24batch", "/%24%62atch", "/v1.0/%24batch", "/%24BATCH/"])
def test_a_batch_in_a_batch_is_refused_however_it_is_written(directory: Api, url: str) -> None:
    inner = {"headers": {"Content-Type": "application/json"}, "body": {"requests": [one("1", "/users")]}}
    for address in (url, f"{settings.PORTAL_BASE_URL}/v1.0/%24batch"):
        told = answers(directory, one("1", address, "POST", **inner))["1"]
        assert (told["status"], told["body"]["error"]["message"]) == (400, "A batch cannot contain a batch.")


def test_a_request_says_nothing_of_who_asks(directory: Api, as_app: AsApp) -> None:
    nobody = as_app()
    stolen = {"Authorization": f"Bearer {directory.token}", "X-Forwarded-For": "192.0.2.1", "Host": "elsewhere.example"}
    assert answers(nobody, one("1", "/users", headers=stolen))["1"]["status"] == 403
    stranger = Api("nonsense")
    assert ask(stranger, one("1", "/users")).status_code == 401


def test_me_is_who_signed_in(as_person: AsPerson, alice: User) -> None:
    told = answers(as_person(alice, "User.Read"), one("1", "/me"))
    assert told["1"]["body"]["id"] == str(alice.pk)


@override_settings(API_REQUESTS_PER_MINUTE=4)
def test_every_request_counts_for_itself(directory: Api) -> None:
    told = answers(directory, *(one(str(n), "/users") for n in range(5)))
    assert [told[str(n)]["status"] for n in range(5)] == [200, 200, 200, 429, 429]
    assert int(told["4"]["headers"]["Retry-After"]) > 0
    assert ask(directory, one("1", "/users")).status_code == 429


def test_beta_has_its_own(as_app: AsApp, alice: User) -> None:
    beta = as_app("User.Read.All", version="beta")
    assert answers(beta, one("1", "/users"))["1"]["status"] == 200
    assert beta("GET", "$batch").status_code == 405
