"""Signing in with a pass, through the pages."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import AuditEvent, User
from recovery_portal.kit import clock
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tap import flows
from tap.models import PasscodeThrottle, TemporaryAccessPass
from tap.queries import get_policy
from tests.fakes.accounts import NOON, make_alice, name_account, register_passkey

pytestmark = pytest.mark.django_db

PROMPT = "/sign-in/temporaryAccessPass/"
MINUTE = timedelta(minutes=1)
REFUSED = "That did not work."


@pytest.fixture
def alice() -> User:
    return make_alice()


def give_pass(user: User, **how: object) -> str:
    return flows.issue(user=user, issued_by=None, at=clock.now(), **how).passcode  # type: ignore[arg-type]


def sign_in(client: Client, user: User, passcode: str) -> None:
    name_account(client, user.user_principal_name)
    assert client.post(PROMPT, {"passcode": passcode}).url == "/security-info/"


def test_who_has_a_pass_is_asked_for_it_first(client: Client, alice: User) -> None:
    give_pass(alice)
    assert name_account(client, alice.user_principal_name).url == PROMPT
    page = client.get(PROMPT)
    html = page.content.decode()
    assert "<h1>Enter Temporary Access Pass</h1>" in html
    assert ">Sign in</button>" in html
    assert "Show Temporary Access Pass" in html
    assert 'autocomplete="one-time-code"' in html
    assert "style=" not in html
    assert "no-store" in page["Cache-Control"]


def test_a_pass_leads_to_security_info_and_nowhere_else(client: Client, alice: User) -> None:
    """Facts 1.8 step 18."""
    sign_in(client, alice, give_pass(alice))
    for url in ("/apps/", "/admin/", "/security-info/method/password/password/rename/", "/recover/"):
        answer = client.get(url)
        assert answer.status_code in {302, 404}, url
        if answer.status_code == 302:
            assert answer.url == "/security-info/", url
    html = client.get("/security-info/").content.decode()
    assert "Temporary Access Pass" in html
    assert "expires" in html
    assert "Add a sign-in method now" in html


def test_the_session_id_changes_and_the_pass_is_in_no_session(client: Client, alice: User) -> None:
    """V15."""
    passcode = give_pass(alice)
    name_account(client, alice.user_principal_name)
    before = client.session.session_key
    client.post(PROMPT, {"passcode": passcode})
    assert client.session.session_key != before
    assert passcode not in "".join(str(s.get_decoded()) for s in Session.objects.all())


def test_a_one_time_pass_opens_one_session_and_gives_it_ten_minutes(client: Client, alice: User) -> None:
    with time_machine.travel(NOON, tick=False) as now:
        passcode = give_pass(alice, is_usable_once=True)
        sign_in(client, alice, passcode)
        second = Client()
        name_account(second, alice.user_principal_name)
        assert REFUSED in second.post(PROMPT, {"passcode": passcode}).content.decode()
        now.shift(10 * MINUTE - timedelta(seconds=1))
        assert client.get("/security-info/").status_code == 200
        now.shift(timedelta(seconds=1))
        assert client.get("/security-info/").url == "/"
        assert client.get("/apps/").status_code == 302
    assert AuditEvent.objects.filter(activity="User sign-in", reason="AADSTS130505").count() == 1


def test_a_session_opened_with_a_pass_ends_with_the_pass_even_after_registering(client: Client, alice: User) -> None:
    """B14."""
    with time_machine.travel(NOON, tick=False) as now:
        sign_in(client, alice, give_pass(alice))
        assert register_passkey(client, SoftwareAuthenticator()).status_code == 302
        assert client.get("/apps/").status_code == 200
        now.shift(59 * MINUTE)
        assert client.get("/apps/").status_code == 200
        now.shift(MINUTE)
        assert client.get("/apps/").status_code == 302


def test_a_wrong_pass_gets_one_calm_sentence_whatever_the_cause(client: Client, alice: User) -> None:
    """V12: wrong, expired, not yet valid, blocked, missing, unknown account: one page, told apart by operators only."""
    with time_machine.travel(NOON, tick=False) as now:
        pages, numbers = [], []

        def try_with(name: str, passcode: str) -> None:
            name_account(client, name)
            answer = client.post(PROMPT, {"passcode": passcode})
            assert answer.status_code == 200
            pages.append(answer.content.decode().replace(name, "NAME"))
            numbers.append(AuditEvent.objects.filter(activity="User sign-in").order_by("at").last().reason)
            now.shift(timedelta(seconds=1))

        try_with("nobody@contoso.example", "whatever")
        try_with(alice.user_principal_name, "whatever")
        passcode = give_pass(alice, start_at=clock.now() + 5 * MINUTE)
        try_with(alice.user_principal_name, "whatever")
        try_with(alice.user_principal_name, passcode)
        policy = get_policy()
        policy.state = "disabled"
        policy.save()
        now.shift(10 * MINUTE)
        try_with(alice.user_principal_name, passcode)
        now.shift(120 * MINUTE)
        try_with(alice.user_principal_name, passcode)
    assert all(REFUSED in page for page in pages)
    assert len({_without_csrf(page) for page in pages}) == 1
    assert numbers == [f"AADSTS13050{digit}" for digit in "773324"]


def _without_csrf(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_wrong_tries_are_counted_across_browsers_and_addresses(alice: User) -> None:
    """B10: what the door refuses stays counted, and the lock holds for the right passcode too."""
    passcode = give_pass(alice)
    for number in range(10):
        stranger = Client(REMOTE_ADDR=f"192.0.2.{number}")
        name_account(stranger, alice.user_principal_name)
        stranger.post(PROMPT, {"passcode": "wrong"})
    assert PasscodeThrottle.objects.get(user=alice).failures == 10
    owner = Client(REMOTE_ADDR="192.0.2.99")
    name_account(owner, alice.user_principal_name)
    assert REFUSED in owner.post(PROMPT, {"passcode": passcode}).content.decode()
    assert AuditEvent.objects.filter(reason="AADSTS50053").exists()
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert owner.post(PROMPT, {"passcode": passcode}).url == "/security-info/"


def test_a_pass_does_not_open_a_disabled_account(client: Client, alice: User) -> None:
    passcode = give_pass(alice)
    alice.account_enabled = False
    alice.save()
    name_account(client, alice.user_principal_name)
    assert REFUSED in client.post(PROMPT, {"passcode": passcode}).content.decode()


def test_the_person_can_delete_their_pass_once_another_method_is_there(client: Client, alice: User) -> None:
    sign_in(client, alice, give_pass(alice))
    record = TemporaryAccessPass.objects.get(user=alice)
    register_passkey(client, SoftwareAuthenticator())
    url = f"/security-info/temporaryAccessPass/{record.pk}/delete/"
    html = client.get("/security-info/").content.decode()
    found = [part for part in html.split('"') if str(record.pk) in part]
    assert found, html
    url = found[0]
    assert client.post(url).status_code == 302
    assert not TemporaryAccessPass.objects.exists()
    assert client.get("/apps/").status_code == 200
    assert AuditEvent.objects.filter(activity="User deleted security info").exists()
