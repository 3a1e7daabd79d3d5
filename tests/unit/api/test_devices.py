"""The device code flow: a code on one device, a person on another."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client

from accounts.models import AuditEvent, User
from recovery_portal.api import devices, registrations
from recovery_portal.api.models import AppRegistration, DeviceAuthorization
from recovery_portal.kit import clock
from tests.fakes.accounts import make_alice, sign_in_with_password

TENANT = django_settings.TENANT_ID


@pytest.fixture
def tool(db: None) -> AppRegistration:
    return make_tool()


def make_tool() -> AppRegistration:
    return registrations.register(name="Shell", delegated_permissions=["User.Read"], at=clock.now())


def start(tool: AppRegistration, **changes: str) -> Any:
    form = {"client_id": str(tool.pk), "scope": "openid User.Read"} | changes
    return Client().post(f"/{TENANT}/oauth2/v2.0/devicecode", form)


def poll(tool: AppRegistration, device_code: str, **changes: str) -> Any:
    form = {"grant_type": devices.GRANT_TYPE, "client_id": str(tool.pk), "device_code": device_code} | changes
    return Client().post(f"/{TENANT}/oauth2/v2.0/token", form)


def type_in(client: Client, code: str, decision: str = "accept") -> Any:
    return client.post("/device/", {"code": code} | ({"decision": decision} if decision else {}))


def test_a_person_allows_what_a_program_on_another_device_asks(
    client: Client, alice: User, tool: AppRegistration
) -> None:
    begun = start(tool).json()
    assert begun["verification_uri"] == "http://portal.test/device/"
    assert begun["user_code"] in begun["message"]
    assert begun["user_code"] not in begun["verification_uri"]
    assert poll(tool, begun["device_code"]).json()["error"] == "authorization_pending"
    assert client.get("/device/")["Location"].startswith("/?next=")
    sign_in_with_password(client, alice)
    page = type_in(client, begun["user_code"].lower().replace("-", " "), decision="")
    assert b"Shell" in page.content
    assert b"User.Read" in page.content
    assert page["Cache-Control"].startswith("max-age=0")
    assert b"may act for you" in type_in(client, begun["user_code"]).content
    granted = poll(tool, begun["device_code"]).json()
    me = client.get("/v1.0/me", headers={"authorization": f"Bearer {granted['access_token']}"})
    assert me.json()["userPrincipalName"] == alice.user_principal_name
    assert granted["id_token"]
    assert poll(tool, begun["device_code"]).json()["error"] == "invalid_grant"  # spent
    event = AuditEvent.objects.get(activity="Consent to application")
    assert (event.initiated_by, event.details["scopes"]) == (alice, "User.Read")
    assert begun["user_code"] not in str(event.details)


def test_whoever_declines_is_believed(client: Client, alice: User, tool: AppRegistration) -> None:
    begun = start(tool).json()
    sign_in_with_password(client, alice)
    assert b"was not allowed" in type_in(client, begun["user_code"], "decline").content
    assert poll(tool, begun["device_code"]).json()["error"] == "access_denied"
    assert type_in(client, begun["user_code"]).status_code == 400  # decided once
    assert not AuditEvent.objects.filter(activity="Consent to application").exists()


def test_who_asks_too_often_waits_longer_each_time(tool: AppRegistration) -> None:
    code = start(tool).json()["device_code"]
    with time_machine.travel(clock.now(), tick=False) as now:
        answers = [poll(tool, code).json()["error"] for _ in range(3)]
        assert answers == ["authorization_pending", "slow_down", "slow_down"]
        assert DeviceAuthorization.objects.get().interval_s == 15
        now.shift(5)
        assert poll(tool, code).json()["error"] == "authorization_pending"  # the wait that was promised before
        now.shift(14)
        assert poll(tool, code).json()["error"] == "slow_down"
        now.shift(6)
        assert poll(tool, code).json()["error"] == "authorization_pending"


def test_after_a_quarter_of_an_hour_both_codes_are_good_for_nothing(
    client: Client, alice: User, tool: AppRegistration
) -> None:
    begun = start(tool).json()
    allowed = start(tool).json()
    with time_machine.travel(clock.now() + timedelta(minutes=14)):
        sign_in_with_password(client, alice)
        type_in(client, allowed["user_code"])
        with time_machine.travel(clock.now() + timedelta(minutes=2)):
            assert type_in(client, begun["user_code"]).status_code == 400
            for device_code in (begun["device_code"], allowed["device_code"]):
                assert poll(tool, device_code).json()["error"] == "expired_token"


def test_codes_are_not_guessed(client: Client, alice: User, tool: AppRegistration) -> None:
    begun = start(tool).json()
    sign_in_with_password(client, alice)
    for _ in range(devices.TRIES_PER_PERSON):
        assert type_in(client, "BBBB-BBBB", "").status_code == 400
    assert type_in(client, begun["user_code"], "").status_code == 429
    assert poll(tool, begun["device_code"]).json()["error"] == "authorization_pending"


@pytest.mark.parametrize("code", ["", " ", "x" * 500, "\x00", "é🙂", "----", "BBBB\u0130BBBB"])
def test_codes_that_are_none_are_a_calm_page(client: Client, alice: User, tool: AppRegistration, code: str) -> None:
    start(tool)
    sign_in_with_password(client, alice)
    answer = type_in(client, code)
    assert answer.status_code == 400
    assert b"<h1>Enter code</h1>" in answer.content


def test_a_device_code_is_good_for_its_own_program_and_sign_in(
    client: Client, alice: User, tool: AppRegistration
) -> None:
    other = registrations.register(name="Other", delegated_permissions=["User.Read"], at=clock.now())
    begun = start(tool).json()
    sign_in_with_password(client, alice)
    type_in(client, begun["user_code"])
    assert poll(other, begun["device_code"]).json()["error"] == "invalid_grant"
    assert poll(tool, begun["user_code"]).json()["error"] == "invalid_grant"
    User.objects.filter(pk=alice.pk).update(session_epoch=7)  # signed out everywhere since
    assert poll(tool, begun["device_code"]).json()["error_codes"] == [50057]
    assert poll(tool, begun["device_code"]).json()["error_codes"] == [70008]  # burned all the same


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"scope": "User.ReadWrite.All"}, "invalid_scope"), ({"scope": ""}, "invalid_scope"),
     ({"client_id": "x"}, "unauthorized_client"), ({"client_id": "\x00"}, "invalid_request")],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused_at_once(
    tool: AppRegistration, changes: dict[str, str], error: str
) -> None:
    answer = start(tool, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert not DeviceAuthorization.objects.exists()


def test_a_program_with_a_secret_must_show_it(client: Client, alice: User, tool: AppRegistration) -> None:
    secret = registrations.add_secret(app=tool, at=clock.now()).secret
    begun = start(tool).json()
    sign_in_with_password(client, alice)
    type_in(client, begun["user_code"])
    assert poll(tool, begun["device_code"]).json()["error"] == "invalid_client"
    assert poll(tool, begun["device_code"], client_secret=secret).status_code == 200


def test_starts_are_limited(tool: AppRegistration, settings: Any) -> None:
    answers = [start(tool).status_code for _ in range(devices.STARTS_PER_MINUTE + 1)]
    assert answers[-2:] == [200, 429]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_that_ask_at_once_one_gets_the_token(client: Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    alice, tool = make_alice(), make_tool()
    begun = start(tool).json()
    sign_in_with_password(client, alice)
    type_in(client, begun["user_code"])

    def ask(_: int) -> int:
        try:
            return int(poll(tool, begun["device_code"]).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == [200] + [400] * 7
