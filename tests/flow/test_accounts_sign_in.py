"""Signing in, through the pages."""

import re
from datetime import timedelta

import pyotp
import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts.models import AuditEvent, Passkey, PasskeyChallenge, User
from recovery_portal.kit import clock
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tests.fakes.accounts import (
    NOON,
    PASSWORD,
    give_app,
    make_alice,
    make_mallory,
    name_account,
    register_passkey,
    request_options,
    sign_in_with_password,
)

pytestmark = pytest.mark.django_db

GENERIC_REFUSAL = "That passkey does not open this account"


@pytest.fixture
def alice() -> User:
    return make_alice()


@pytest.fixture
def authenticator() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


@pytest.fixture
def phone(client: Client, alice: User, authenticator: SoftwareAuthenticator) -> SoftwareAuthenticator:
    """Alice's authenticator with one passkey; the client is signed out again."""
    sign_in_with_password(client, alice)
    assert register_passkey(client, authenticator).status_code == 302
    client.post("/sign-out/")
    return authenticator


def test_the_first_page_asks_for_the_account_name(client: Client) -> None:
    page = client.get("/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "<h1>Sign in</h1>" in html
    assert 'autocomplete="username webauthn"' in html
    assert ">Next</button>" in html
    assert page["Cache-Control"] == "no-store"
    assert "style=" not in html


def test_a_password_signs_in_and_leads_to_my_apps(client: Client, alice: User) -> None:
    assert name_account(client, " ALICE@contoso.example ").url == "/sign-in/password/"
    assert 'autocomplete="current-password"' in client.get("/sign-in/password/").content.decode()
    before = client.session.session_key
    answer = client.post("/sign-in/password/", {"password": PASSWORD})
    assert answer.url == "/apps/"
    assert client.session.session_key != before  # ASVS 7.2.4 (V15)
    assert "My apps" in client.get("/apps/").content.decode()
    alice.refresh_from_db()
    assert alice.last_sign_in_at is not None
    event = AuditEvent.objects.get(activity="User sign-in")
    assert (event.result, event.target, event.details) == ("success", alice, {"method": "password"})


def test_a_passkey_signs_in_after_the_name(client: Client, phone: SoftwareAuthenticator) -> None:
    assert name_account(client, "alice@contoso.example").url == "/sign-in/fido2/"
    answer = client.post("/sign-in/fido2/", {"credential": phone.get(request_options(client))})
    assert answer.url == "/apps/"


def test_a_passkey_from_autofill_signs_in_without_a_name(client: Client, phone: SoftwareAuthenticator) -> None:
    client.get("/")
    answer = client.post("/sign-in/passkey/", {"credential": phone.get(request_options(client))})
    assert answer.url == "/apps/"
    assert client.get("/apps/").status_code == 200


def test_an_app_code_signs_in_once(client: Client, alice: User) -> None:
    with time_machine.travel(NOON, tick=False):
        secret = give_app(alice, at=clock.now() - timedelta(minutes=5))
        code = pyotp.TOTP(secret).at(clock.now())
        name_account(client, alice.user_principal_name)
        assert client.post("/sign-in/softwareOath/", {"code": f"{code[:3]} {code[3:]}"}).url == "/apps/"
        client.post("/sign-out/")
        name_account(client, alice.user_principal_name)
        again = client.post("/sign-in/softwareOath/", {"code": code})
        assert "used already" in again.content.decode()
        assert client.get("/apps/").status_code == 302


def test_other_ways_lists_what_the_user_can_use_and_nothing_else(client: Client, alice: User) -> None:
    give_app(alice, at=clock.now())
    name_account(client, alice.user_principal_name)
    html = client.get("/sign-in/other/").content.decode()
    assert "<h1>Choose a way to sign in</h1>" in html
    assert re.findall(r'href="(/sign-in/[^"]+)"', html) == ["/sign-in/password/", "/sign-in/softwareOath/"]
    assert ">Cancel</a>" in html


def test_a_method_the_user_has_not_leads_to_one_that_they_have(client: Client, alice: User) -> None:
    name_account(client, alice.user_principal_name)
    assert client.get("/sign-in/fido2/").url == "/sign-in/password/"
    # Posted all the same, it is refused as a wrong proof is: the way may have ended while the page was open.
    assert GENERIC_REFUSAL in client.post("/sign-in/fido2/", {"credential": "{}"}).content.decode()
    assert client.get("/sign-in/nonsense/").url == "/sign-in/password/"


def test_the_prompt_needs_a_name_first(client: Client) -> None:
    for url in ("/sign-in/password/", "/sign-in/other/", "/sign-in/confirm/"):
        assert client.get(url).url == "/"


# --- Refusals -------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_refused(client: Client, alice: User) -> None:
    page = sign_in_with_password(client, alice, "wrong")
    assert "The account name or the password is not right." in page.content.decode()
    assert client.get("/apps/").url.startswith("/?next=")
    assert AuditEvent.objects.get(activity="User sign-in").result == "failure"


def test_a_disabled_account_is_refused_as_an_unknown_one(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(account_enabled=False)
    name_account(client, alice.user_principal_name)
    page = client.post("/sign-in/password/", {"password": PASSWORD})
    assert "The account name or the password is not right." in page.content.decode()


def test_disabling_an_account_ends_its_sessions(client: Client, alice: User) -> None:
    sign_in_with_password(client, alice)
    User.objects.filter(pk=alice.pk).update(account_enabled=False)
    assert client.get("/apps/").status_code == 302


def test_an_assertion_is_accepted_once(client: Client, phone: SoftwareAuthenticator) -> None:
    name_account(client, "alice@contoso.example")
    answer = phone.get(request_options(client))
    assert client.post("/sign-in/fido2/", {"credential": answer}).status_code == 302
    client.post("/sign-out/")
    name_account(client, "alice@contoso.example")
    assert GENERIC_REFUSAL in client.post("/sign-in/fido2/", {"credential": answer}).content.decode()
    assert "/apps/" not in client.get("/apps/").url.split("?")[0]


def test_a_challenge_is_spent_even_when_the_answer_is_refused(client: Client, phone: SoftwareAuthenticator) -> None:
    name_account(client, "alice@contoso.example")
    options = request_options(client)
    bad = phone.get(options, origin="https://evil.example")
    assert GENERIC_REFUSAL in client.post("/sign-in/fido2/", {"credential": bad}).content.decode()
    good = phone.get(options)
    assert GENERIC_REFUSAL in client.post("/sign-in/fido2/", {"credential": good}).content.decode()
    assert not PasskeyChallenge.objects.filter(ceremony="signIn", used_at=None).exists()


def test_a_challenge_belongs_to_the_browser_that_asked(client: Client, phone: SoftwareAuthenticator) -> None:
    thief = Client()
    name_account(client, "alice@contoso.example")
    name_account(thief, "alice@contoso.example")
    answer = phone.get(request_options(client))
    assert GENERIC_REFUSAL in thief.post("/sign-in/fido2/", {"credential": answer}).content.decode()


def test_a_challenge_expires(client: Client, phone: SoftwareAuthenticator) -> None:
    name_account(client, "alice@contoso.example")
    answer = phone.get(request_options(client))
    with time_machine.travel(clock.now() + timedelta(minutes=5, seconds=1)):
        assert GENERIC_REFUSAL in client.post("/sign-in/fido2/", {"credential": answer}).content.decode()


def test_a_passkey_of_another_user_does_not_open_the_named_account(
    client: Client, phone: SoftwareAuthenticator, alice: User
) -> None:
    mallory = make_mallory()
    hers = SoftwareAuthenticator()
    other = Client()
    sign_in_with_password(other, mallory)
    register_passkey(other, hers)
    name_account(client, alice.user_principal_name)
    page = client.post("/sign-in/fido2/", {"credential": hers.get(request_options(client))})
    assert GENERIC_REFUSAL in page.content.decode()
    # … nor does it with Alice's user handle written into the answer
    options = request_options(client)
    page = client.post("/sign-in/passkey/", {"credential": hers.get(options, user_handle=alice.pk.bytes)})
    assert GENERIC_REFUSAL in page.content.decode()


def test_a_removed_or_suspended_passkey_does_not_sign_in(client: Client, phone: SoftwareAuthenticator) -> None:
    for field in ("removed_at", "suspended_at"):
        Passkey.objects.update(**{"removed_at": None, "suspended_at": None, field: clock.now()})
        page = client.post("/sign-in/passkey/", {"credential": phone.get(request_options(client))})
        assert GENERIC_REFUSAL in page.content.decode()


def test_a_counter_that_stands_still_is_refused(client: Client, alice: User) -> None:
    key = SoftwareAuthenticator(counts=True, backup_eligible=False, backed_up=False)
    sign_in_with_password(client, alice)
    register_passkey(client, key)
    client.post("/sign-out/")
    assert client.post("/sign-in/passkey/", {"credential": key.get(request_options(client))}).status_code == 302
    client.post("/sign-out/")
    key.credentials[0].sign_count -= 1  # a copy of the key
    page = client.post("/sign-in/passkey/", {"credential": key.get(request_options(client))})
    assert GENERIC_REFUSAL in page.content.decode()
    assert AuditEvent.objects.filter(activity="User sign-in").first().reason == "stale_counter"


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "x" * 40_000, '{"id":"a"}', "[" * 5000])
def test_nonsense_instead_of_an_assertion_is_refused_calmly(client: Client, credential: str) -> None:
    page = client.post("/sign-in/passkey/", {"credential": credential})
    assert page.status_code == 200
    assert GENERIC_REFUSAL in page.content.decode()


def test_sign_in_leads_nowhere_outside(client: Client, alice: User) -> None:
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        client.get("/", {"next": target})
        assert sign_in_with_password(client, alice).url == "/apps/"
        assert client.get("/", {"next": target}).url == "/apps/"
        client.post("/sign-out/")
    client.get("/", {"next": "/security-info/"})
    assert sign_in_with_password(client, alice).url == "/security-info/"


def test_signing_out_empties_the_browser(client: Client, alice: User) -> None:
    sign_in_with_password(client, alice)
    old = client.session.session_key
    answer = client.post("/sign-out/")
    assert '"storage"' in answer["Clear-Site-Data"]
    assert client.get("/apps/").status_code == 302
    assert client.session.session_key != old
    assert client.get("/sign-out/").status_code == 405


def test_a_session_ends_after_an_hour_of_silence_and_after_half_a_day(client: Client, alice: User) -> None:
    with time_machine.travel(NOON, tick=False) as now:
        sign_in_with_password(client, alice)
        now.shift(timedelta(minutes=59))
        assert client.get("/apps/").status_code == 200
        now.shift(timedelta(minutes=61))
        assert client.get("/apps/").url == "/"
        sign_in_with_password(client, alice)
        for _ in range(13):
            now.shift(timedelta(minutes=56))
            last = client.get("/apps/")
        assert last.status_code == 302


def test_no_mail_for_a_mere_sign_in(client: Client, alice: User) -> None:
    sign_in_with_password(client, alice)
    assert mail.outbox == []
