"""Security info: what a signed-in person does with their methods, and what a thief of a session cannot."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import flows
from accounts.models import AuditEvent, AuthenticatorApp, Passkey, User
from accounts.signals import authenticator_registered
from recovery_portal import settings as product
from recovery_portal.kit import clock
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tests.fakes.accounts import (
    NOON,
    PASSWORD,
    make_alice,
    make_mallory,
    name_account,
    register_passkey,
    request_options,
    sign_in_with_password,
)

pytestmark = pytest.mark.django_db(transaction=False)


@pytest.fixture
def alice() -> User:
    return make_alice()


@pytest.fixture
def signed_in(client: Client, alice: User) -> Client:
    sign_in_with_password(client, alice)
    return client


@pytest.fixture
def registered() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(sender: object, *, signal: object, **kwargs: Any) -> None:
        heard.append(kwargs)

    authenticator_registered.connect(hear)
    yield heard
    authenticator_registered.disconnect(hear)


def row_url(client: Client, verb: str) -> str:
    html = client.get("/security-info/").content.decode()
    found = re.search(rf'href="(/security-info/[^"]+/{verb}/)"', html)
    assert found
    return found[1]


def test_adding_a_passkey_walks_the_pages_of_the_original(
    signed_in: Client, alice: User, registered: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    info = signed_in.get("/security-info/").content.decode()
    assert "<h1>Security info</h1>" in info
    assert "+ Add sign-in method" in info
    assert "Passkey" in signed_in.get("/security-info/add/").content.decode()
    page = signed_in.get("/security-info/add/passkey/").content.decode()
    assert "Sign in faster with your face, fingerprint, or PIN" in page
    assert "Let&#x27;s name your passkey" in page or "Let's name your passkey" in page
    before = signed_in.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        answer = register_passkey(signed_in, SoftwareAuthenticator(), "  My\tphone ")
    done = signed_in.get(answer.url).content.decode()
    assert "Passkey created" in done
    assert ">Done</a>" in done
    assert signed_in.session.session_key != before  # V15
    passkey = Passkey.objects.get()
    assert (passkey.name, passkey.user, passkey.kind) == ("My phone", alice, "synced")
    event = AuditEvent.objects.get(activity="User registered security information")
    assert (event.result, event.target) == ("success", alice)
    assert [m.to for m in mail.outbox] == [["alice@contoso.example"], ["alice@home.example"]]
    assert "My phone" in mail.outbox[0].body
    assert "UTC" in mail.outbox[0].body
    assert registered == [{"user": alice, "kind": "fido2", "at": passkey.created_at}]
    assert "Add a second one" in signed_in.get("/security-info/").content.decode()  # B8


def test_registration_options_say_what_we_need(signed_in: Client, alice: User) -> None:
    register_passkey(signed_in, SoftwareAuthenticator())
    options = signed_in.post("/security-info/add/passkey/options/").json()
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["attestation"] == "none"
    assert len(options["excludeCredentials"]) == 1  # F2
    assert {p["alg"] for p in options["pubKeyCredParams"]} == {-7, -8, -257}
    assert "alice" not in options["user"]["id"].lower()


@pytest.mark.parametrize(
    ("flags", "changes"),
    [
        ({"user_verified": False}, {}),
        ({"user_present": False}, {}),
        ({"backup_eligible": False, "backed_up": True}, {}),
        ({}, {"origin": "https://evil.example"}),
        ({}, {"client_data": {"crossOrigin": True}}),
        ({}, {"client_data": {"topOrigin": "https://evil.example"}}),
        ({}, {"client_data": {"type": "webauthn.get"}}),
        ({}, {"client_data": {"challenge": "AAAA"}}),
        ({}, {"credential_id": b"x" * 1024}),
    ],
)
def test_a_registration_that_does_not_hold_is_refused(
    signed_in: Client, flags: dict[str, bool], changes: dict[str, Any]
) -> None:
    page = register_passkey(signed_in, SoftwareAuthenticator(**flags), **changes)
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert not Passkey.objects.exists()


def test_a_registration_is_accepted_once_and_only_from_the_person_that_asked(signed_in: Client) -> None:
    options = signed_in.post("/security-info/add/passkey/options/").json()
    answer = SoftwareAuthenticator().create(options)
    other = Client()
    sign_in_with_password(other, make_mallory())
    assert other.post("/security-info/add/passkey/", {"credential": answer, "name": "x"}).status_code == 200
    assert signed_in.post("/security-info/add/passkey/", {"credential": answer, "name": "x"}).status_code == 302
    assert signed_in.post("/security-info/add/passkey/", {"credential": answer, "name": "x"}).status_code == 200
    assert Passkey.objects.count() == 1


def test_a_credential_id_that_is_on_file_is_refused_for_everybody(signed_in: Client) -> None:
    register_passkey(signed_in, SoftwareAuthenticator(), credential_id=b"the same id for two")
    Passkey.objects.update(removed_at=clock.now())  # not even after it was removed
    other = Client()
    sign_in_with_password(other, make_mallory())
    page = register_passkey(other, SoftwareAuthenticator(), credential_id=b"the same id for two")
    assert "registered already" in page.content.decode()
    assert Passkey.objects.count() == 1


def test_adding_an_authenticator_app(signed_in: Client, alice: User) -> None:
    html = signed_in.get("/security-info/add/authenticator-app/").content.decode()
    assert "<svg" in html
    assert 'autocomplete="one-time-code"' in html
    found = re.search(r'id="app-key"[^>]*>([A-Z2-7 ]+)<', html)
    assert found
    secret = found[1].replace(" ", "")
    wrong = signed_in.post("/security-info/add/authenticator-app/", {"code": "000000x", "name": "Phone"})
    assert "not the code the app shows" in wrong.content.decode()
    assert secret in wrong.content.decode().replace(" ", "")  # the same secret again: the app has scanned it
    right = {"code": pyotp.TOTP(secret).at(clock.now()), "name": "Phone"}
    assert signed_in.post("/security-info/add/authenticator-app/", right).status_code == 302
    app = AuthenticatorApp.objects.get()
    assert secret.encode() not in bytes(app.secret_sealed)
    assert secret not in str(dict(signed_in.session))


def test_renaming(signed_in: Client) -> None:
    register_passkey(signed_in, SoftwareAuthenticator())
    url = row_url(signed_in, "rename")
    assert signed_in.post(url, {"name": " Work <b>key</b> "}).status_code == 302
    assert Passkey.objects.get().name == "Work <b>key</b>"
    assert "Work &lt;b&gt;key" in signed_in.get("/security-info/").content.decode()
    assert "Enter a name" in signed_in.post(url, {"name": "\u200b "}).content.decode()


def test_deleting_keeps_the_record(signed_in: Client) -> None:
    """SP 800-63B-4 §4.1 (B6)"""
    register_passkey(signed_in, SoftwareAuthenticator())
    url = row_url(signed_in, "delete")
    assert "My phone" in signed_in.get(url).content.decode()
    assert signed_in.post(url).status_code == 302
    assert Passkey.objects.get().removed_at is not None
    assert "My phone" not in signed_in.get("/security-info/", follow=True).content.decode().split("Sign-in methods")[1]
    assert AuditEvent.objects.filter(activity="User deleted security info").count() == 1
    assert signed_in.post(url).status_code == 404


def test_the_last_usable_method_cannot_be_deleted(client: Client) -> None:
    alice = make_alice()
    sign_in_with_password(client, alice)
    register_passkey(client, SoftwareAuthenticator())
    flows.suspend_methods(user=alice, at=clock.now(), keep={"fido2"})
    page = client.post(row_url(client, "delete"), follow=True).content.decode()
    assert "This is the only way you can sign in." in page
    assert Passkey.objects.get().removed_at is None


def test_nobody_reaches_the_methods_of_others(signed_in: Client) -> None:
    other = Client()
    sign_in_with_password(other, make_mallory())
    register_passkey(other, SoftwareAuthenticator())
    key = Passkey.objects.get()
    for verb in ("rename", "delete"):
        url = f"/security-info/fido2/{key.pk}/{verb}/"
        assert signed_in.get(url).status_code == signed_in.post(url, {"name": "mine"}).status_code == 404
    key.refresh_from_db()
    assert (key.name, key.removed_at) == ("My phone", None)
    assert signed_in.get("/security-info/password/password/delete/").status_code == 200
    assert signed_in.post("/security-info/password/password/delete/").status_code == 404


def test_changing_factors_needs_a_fresh_sign_in(client: Client, alice: User) -> None:
    """ASVS 7.5.1 (V17)"""
    with time_machine.travel(NOON, tick=False) as now:
        sign_in_with_password(client, alice)
        register_passkey(client, SoftwareAuthenticator())
        delete = row_url(client, "delete")
        now.shift(timedelta(minutes=10, seconds=1))
        guarded = (
            "/security-info/add/", "/security-info/add/passkey/", "/security-info/add/authenticator-app/",
            "/security-info/password/", delete, delete.replace("delete", "rename"),
        )  # fmt: skip
        for url in guarded:
            assert client.get(url).url == "/sign-in/confirm/"
        assert client.post(delete).url == client.post("/security-info/add/passkey/options/").url == "/sign-in/confirm/"
        assert Passkey.objects.get().removed_at is None
        assert client.get("/sign-in/confirm/").url == "/sign-in/fido2/"
        client.get("/security-info/password/")
        assert client.post("/sign-in/password/", {"password": PASSWORD}).url == "/security-info/password/"
        assert client.get("/security-info/password/").status_code == 200


def test_changing_the_password_ends_other_sessions_and_tells_everybody(
    signed_in: Client, alice: User, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    elsewhere = Client()
    sign_in_with_password(elsewhere, alice)
    new = "purple monkeys eat dishwashers"
    bad = signed_in.post("/security-info/password/", {"new_password": "password1234", "repeated": "password1234"})
    assert 'class="error"' in bad.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in.post("/security-info/password/", {"new_password": new, "repeated": new})
    assert answer.url == "/security-info/"
    assert signed_in.get("/security-info/").status_code == 200
    assert elsewhere.get("/security-info/").status_code == 302
    assert len(mail.outbox) == 2
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert alice.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")  # V33


def test_sign_out_everywhere_ends_every_session(signed_in: Client, alice: User) -> None:
    elsewhere = Client()
    sign_in_with_password(elsewhere, alice)
    answer = signed_in.post("/sign-out/everywhere/")
    assert "Clear-Site-Data" in answer
    for browser in (signed_in, elsewhere):
        assert browser.get("/security-info/").status_code == 302


# --- The gate -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bound(client: Client, alice: User, settings: Settings) -> Client:
    """Alice signed in with a method that obliges to register another."""
    settings.AUTHENTICATION_METHODS = [
        "tests.fakes.accounts.WordOfTheDay",
        *(m for m in settings.AUTHENTICATION_METHODS if m.startswith("accounts.")),
    ]
    name_account(client, alice.user_principal_name)
    client.get("/", {"next": "/apps/"})
    assert client.post("/sign-in/wordOfTheDay/", {"password": "sesame"}).url == "/security-info/"
    return client


def test_the_gate_cannot_be_left_before_a_method_is_registered(bound: Client, alice: User) -> None:
    for url in (
        "/", "/apps/", "/admin/", "/admin/accounts/user/", "/sign-in/password/", "/sign-in/other/", "/sign-in/confirm/",
        "/security-info/password/", f"/security-info/fido2/{alice.pk}/delete/",
    ):  # fmt: skip
        assert bound.get(url).url == "/security-info/", url
    for url in ("/sign-in/password/", "/security-info/password/", "/"):
        assert bound.post(url, {"password": PASSWORD, "account_name": "x"}).url == "/security-info/", url
    page = bound.get("/security-info/").content.decode()
    assert "Add a sign-in method now, ideally a passkey." in page
    assert "data-countdown" in page


def test_registering_opens_the_gate(bound: Client) -> None:
    register_passkey(bound, SoftwareAuthenticator())
    assert bound.get("/apps/").status_code == 200


def test_the_gate_closes_at_its_deadline(client: Client, request: pytest.FixtureRequest) -> None:
    with time_machine.travel(NOON, tick=False) as now:
        bound: Client = request.getfixturevalue("bound")
        now.shift(timedelta(minutes=9, seconds=59))
        assert bound.get("/security-info/").status_code == 200
        now.shift(timedelta(seconds=1))
        assert bound.post("/security-info/add/passkey/options/").url == "/"
        assert bound.get("/security-info/").url.startswith("/?next=")
        assert "time to add a sign-in method has run out" in bound.get("/").content.decode()


def test_the_way_out_of_the_gate_is_signing_out(bound: Client) -> None:
    assert bound.post("/sign-out/").url == "/"
    assert bound.get("/").status_code == 200


def test_suspended_methods_are_shown_and_useless(client: Client, alice: User) -> None:
    sign_in_with_password(client, alice)
    key = SoftwareAuthenticator()
    register_passkey(client, key)
    at: datetime = clock.now()
    assert flows.suspend_methods(user=alice, at=at) == 2
    assert client.get("/security-info/").content.decode().count(">Suspended<") == 2
    client.post("/sign-out/")
    answer = client.post("/sign-in/passkey/", {"credential": key.get(request_options(client))})
    assert answer.status_code == 200
    assert client.get("/apps/").status_code == 302
    assert AuditEvent.objects.filter(activity="Authentication methods suspended").count() == 1
