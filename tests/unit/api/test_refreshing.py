"""Refresh tokens: rotated, and a used one that comes back ends its family."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.flows import end_other_sessions
from accounts.models import AuditEvent, OperatorSignInPolicy, User
from recovery_portal.api import refreshing, registrations
from recovery_portal.api.models import AppRegistration, AuthorizationCode, RefreshToken
from recovery_portal.kit import clock
from tests.fakes.accounts import sign_in_with_password

from .test_tokens import TOKEN, authorize, back, redeem

SCOPES = "openid offline_access User.Read UserAuthenticationMethod.Read"


@pytest.fixture
def tool(db: None) -> AppRegistration:
    return registrations.register(
        name="Tool", delegated_permissions=["User.Read", "UserAuthenticationMethod.Read"],
        redirect_uris=["http://localhost"], at=clock.now(),
    )  # fmt: skip


def consent(client: Client, tool: AppRegistration, scope: str = SCOPES) -> dict[str, Any]:
    code = back(authorize(client, tool, scope=scope))["code"]
    granted: dict[str, Any] = redeem(Client(), tool, code).json()
    return granted


def refresh(tool: AppRegistration, token: str, **changes: Any) -> Any:
    form = {"grant_type": "refresh_token", "client_id": str(tool.pk), "refresh_token": token} | changes
    return Client().post(TOKEN, form)


@pytest.fixture
def granted(client: Client, alice: User, tool: AppRegistration) -> dict[str, Any]:
    sign_in_with_password(client, alice)
    return consent(client, tool)


def me(token: str) -> Any:
    return Client().get("/v1.0/me", headers={"authorization": f"Bearer {token}"})


def test_only_who_asks_to_stay_gets_a_refresh_token(client: Client, alice: User, tool: AppRegistration) -> None:
    sign_in_with_password(client, alice)
    assert "refresh_token" not in consent(client, tool, "openid User.Read")
    assert b"for one hour" in authorize(client, tool, None).content
    page = authorize(client, tool, None, scope=SCOPES)
    assert b"for up to 90 days" in page.content
    token = consent(client, tool)["refresh_token"]
    assert token not in str(RefreshToken.objects.values())
    assert len(RefreshToken.objects.get().digest) == 64


def test_a_refresh_token_is_exchanged_for_the_next(tool: AppRegistration, granted: dict[str, Any]) -> None:
    first = refresh(tool, granted["refresh_token"])
    assert (first.status_code, first["Cache-Control"]) == (200, "no-store")
    assert me(first.json()["access_token"]).json()["userPrincipalName"] == "alice@contoso.example"
    second = refresh(tool, first.json()["refresh_token"], scope="User.Read")
    assert second.json()["scope"] == "User.Read"
    third = refresh(tool, second.json()["refresh_token"], scope="https://graph.microsoft.com/.default offline_access")
    assert set(third.json()["scope"].split()) == {"User.Read", "UserAuthenticationMethod.Read"}
    ends = {row.expires_at for row in RefreshToken.objects.all()}
    assert len(ends) == 1  # no rotation makes it longer


def test_a_used_token_that_comes_back_ends_the_whole_family(
    client: Client, alice: User, tool: AppRegistration, granted: dict[str, Any]
) -> None:
    other = consent(client, tool)["refresh_token"]
    newest = refresh(tool, granted["refresh_token"]).json()["refresh_token"]
    stolen = refresh(tool, granted["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"], stolen.json()["error_codes"]) == (400, "invalid_grant", [70000])
    assert refresh(tool, newest).status_code == 400
    assert refresh(tool, other).status_code == 200  # another consent
    event = AuditEvent.objects.get(activity="Revoke refresh tokens")
    assert event.initiated_by == alice
    refresh(tool, granted["refresh_token"])
    assert AuditEvent.objects.filter(activity="Revoke refresh tokens").count() == 1


def test_a_code_that_comes_twice_takes_back_what_it_got(client: Client, alice: User, tool: AppRegistration) -> None:
    sign_in_with_password(client, alice)
    code = back(authorize(client, tool, scope=SCOPES))["code"]
    token = redeem(Client(), tool, code).json()["refresh_token"]
    assert redeem(Client(), tool, code).status_code == 400
    assert refresh(tool, token).status_code == 400


def test_no_page_of_another_origin_may_read_what_programs_are_told(tool: AppRegistration, granted: Any) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "GET"}
    bearer = {"authorization": f"Bearer {granted['access_token']}"}
    for answer in (
        Client().get("/v1.0/me", headers=asked | bearer),
        Client().options("/v1.0/me", headers=asked),
        Client().post(TOKEN, {"grant_type": "refresh_token"}, headers=asked),
        Client().options(TOKEN, headers=asked),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_holders_at_once_neither_keeps_anything(tool: AppRegistration, granted: dict[str, Any]) -> None:
    def ask(_: int) -> Any:
        try:
            return refresh(tool, granted["refresh_token"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    [won] = [answer for answer in answers if answer.status_code == 200]
    assert refresh(tool, won.json()["refresh_token"]).status_code == 400


def test_what_ends_a_sign_in_ends_its_refresh_tokens(
    alice: User, tool: AppRegistration, granted: dict[str, Any]
) -> None:
    end_other_sessions(user=alice, at=clock.now())
    refused = refresh(tool, granted["refresh_token"])
    assert (refused.json()["error"], refused.json()["error_codes"]) == ("invalid_grant", [50173])


def test_an_operator_who_needs_a_passkey_is_not_acted_for_after_a_password(
    client: Client, alice: User, tool: AppRegistration, granted: dict[str, Any]
) -> None:
    User.objects.update(is_staff=True)
    OperatorSignInPolicy.objects.create(passkey_required=True)
    refused = refresh(tool, granted["refresh_token"])
    assert (refused.json()["error"], refused.json()["error_codes"]) == ("invalid_grant", [50076])


def test_after_a_pass_no_program_stays(client: Client, alice: User, tool: AppRegistration) -> None:
    sign_in_with_password(client, alice)
    code = back(authorize(client, tool, scope=SCOPES))["code"]
    AuthorizationCode.objects.update(signed_in_with="temporaryAccessPass")
    answer = redeem(Client(), tool, code)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()


def test_a_disabled_person_or_program_is_not_refreshed(
    alice: User, tool: AppRegistration, granted: dict[str, Any]
) -> None:
    AppRegistration.objects.update(enabled=False)
    assert refresh(tool, granted["refresh_token"]).json()["error"] == "unauthorized_client"
    AppRegistration.objects.update(enabled=True)
    User.objects.update(account_enabled=False)
    assert refresh(tool, granted["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("token", ["", "x", "é", "x" * 19_000])
def test_tokens_of_nothing_are_refused(tool: AppRegistration, token: str) -> None:
    assert refresh(tool, token).json()["error"] == "invalid_grant"


def test_a_refresh_token_belongs_to_its_program_and_its_scopes(tool: AppRegistration, granted: dict[str, Any]) -> None:
    other = registrations.register(name="Other", delegated_permissions=["User.Read"], at=clock.now())
    assert refresh(other, granted["refresh_token"]).json()["error"] == "invalid_grant"
    AppRegistration.objects.filter(pk=tool.pk).update(
        delegated_permissions=["User.Read", "UserAuthenticationMethod.Read", "User.ReadWrite.All"]
    )
    more = refresh(tool, granted["refresh_token"], scope="User.ReadWrite.All")
    assert more.json()["error"] == "invalid_scope"  # nobody consented to it, and the token is spent
    assert refresh(tool, granted["refresh_token"]).status_code == 400


def test_what_the_program_lost_it_does_not_get_back(tool: AppRegistration, granted: dict[str, Any]) -> None:
    AppRegistration.objects.filter(pk=tool.pk).update(delegated_permissions=["User.Read"])
    assert refresh(tool, granted["refresh_token"]).json()["scope"] == "User.Read"


def test_a_program_with_a_secret_shows_it(client: Client, tool: AppRegistration, granted: dict[str, Any]) -> None:
    secret = registrations.add_secret(app=tool, at=clock.now()).secret
    assert refresh(tool, granted["refresh_token"]).status_code == 401
    assert refresh(tool, granted["refresh_token"], client_secret=secret).status_code == 200


def test_ninety_days_after_the_consent_it_is_over(
    tool: AppRegistration, granted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    later: datetime = clock.now() + refreshing.LIFETIME + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert refresh(tool, granted["refresh_token"]).json()["error"] == "invalid_grant"
