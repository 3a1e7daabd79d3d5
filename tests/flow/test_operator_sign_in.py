"""Where operators must sign in with a passkey no other door to administration is open, and nobody is locked out."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import operator_sign_in
from accounts.errors import NotPermitted
from accounts.models import AuditEvent, OperatorSignInPolicy, User
from accounts.operators import Operator
from recovery_portal.kit import clock
from recovery_portal.recovery import configuration
from recovery_portal.recovery.configuration import ConfigRefused
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tap import flows as tap
from tests.fakes.accounts import NOON, register_passkey, request_options, sign_in_with_password

pytestmark = pytest.mark.django_db

PASSWORD = "operator's long password"
POLICY = "/admin/accounts/operatorsigninpolicy/1/change/"


@pytest.fixture
def bob() -> User:
    return User.objects.create_superuser("bob@contoso.example", PASSWORD)


@pytest.fixture
def key(bob: User) -> SoftwareAuthenticator:
    """Bob's passkey, registered on a page."""
    authenticator = SoftwareAuthenticator()
    client = Client()
    sign_in_with_password(client, bob, PASSWORD)
    assert register_passkey(client, authenticator).status_code == 302
    return authenticator


def by_password(user: User) -> Client:
    client = Client()
    sign_in_with_password(client, user, PASSWORD)
    return client


def by_passkey(key: SoftwareAuthenticator) -> Client:
    client = Client()
    answer = client.post("/sign-in/passkey/", {"credential": key.get(request_options(client))})
    assert answer.status_code == 302
    return client


def demand() -> None:
    OperatorSignInPolicy.objects.update_or_create(pk=1, defaults={"passkey_required": True})


def every_admin_address() -> Iterator[str]:
    """Every address under /admin/ that takes no argument, and the patterns of those that do, filled with nonsense."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield route

    for route in walk(get_resolver().url_patterns, "/"):
        if route.startswith("/admin/") and "(?P" not in route:
            filled = route
            while "<" in filled:
                before, _, rest = filled.partition("<")
                kind, _, after = rest.partition(">")
                filled = before + ("00000000-0000-4000-8000-000000000000" if "uuid" in kind else "1") + after
            yield filled


def test_without_the_requirement_a_password_opens_administration(bob: User) -> None:
    assert by_password(bob).get("/admin/").status_code == 200


def test_with_it_every_admin_page_wants_the_passkey(bob: User, key: SoftwareAuthenticator) -> None:
    demand()
    client, addresses = by_password(bob), list(every_admin_address())
    assert len(addresses) > 60
    assert "/admin/account-recovery/attempts/" in addresses
    for address in addresses:
        for ask in (client.get, client.post):
            answer = ask(address)
            assert answer.status_code in {302, 404, 405}, (address, answer.status_code)
            if answer.status_code == 302 and address != "/admin/logout/":
                assert "login" in answer.url or answer.url == reverse("accounts:operator_passkey"), (
                    address,
                    answer.url,
                )
    landed = by_password(bob).get("/admin/", follow=True)
    assert landed.request["PATH_INFO"] == reverse("accounts:operator_passkey")
    assert by_passkey(key).get("/admin/").status_code == 200


def test_the_page_leads_to_the_passkey_and_back(bob: User, key: SoftwareAuthenticator) -> None:
    demand()
    client = by_password(bob)
    asked = client.post(reverse("accounts:operator_passkey"))
    assert asked.url == "/sign-in/fido2/"
    answer = client.post(asked.url, {"credential": key.get(request_options(client))})
    assert answer.url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_session_from_before_the_record_counts_as_none(bob: User, key: SoftwareAuthenticator) -> None:
    client = by_passkey(key)
    demand()
    session = client.session
    del session["signed_in_with"]
    session.save()
    assert client.get("/admin/").status_code == 302


def test_no_program_is_let_in_to_act_for_an_operator_by_a_password(bob: User, key: SoftwareAuthenticator) -> None:
    demand()
    address = reverse("api-authorize", args=["00000000-0000-4000-8000-000000000000"])
    assert by_password(bob).get(address).url == reverse("accounts:operator_passkey")
    assert by_passkey(key).get(address).status_code != 302
    for ask in (by_password(bob).get, by_password(bob).post):
        assert ask(reverse("api-device")).url == reverse("accounts:operator_passkey")
    assert by_passkey(key).get(reverse("api-device")).status_code == 200


def test_people_who_are_no_operators_notice_nothing(bob: User) -> None:
    demand()
    alice = User.objects.create_user("alice@contoso.example", PASSWORD)
    client = by_password(alice)
    assert client.get("/security-info/").status_code == 200
    assert register_passkey(client, SoftwareAuthenticator()).status_code == 302


def test_a_password_makes_no_further_passkey(bob: User, key: SoftwareAuthenticator) -> None:
    """Else whoever has an operator's password would make a passkey, and with it come in."""
    demand()
    client = by_password(bob)
    for method in (client.get, client.post):
        assert method("/security-info/add/passkey/").url == reverse("accounts:operator_passkey")
    assert client.post("/security-info/add/passkey/options/").status_code == 302
    assert bob.passkeys.count() == 1
    assert register_passkey(by_passkey(key), SoftwareAuthenticator()).status_code == 302
    assert bob.passkeys.count() == 2


def test_a_password_deletes_no_passkey_to_make_a_first(bob: User, key: SoftwareAuthenticator) -> None:
    demand()
    address = reverse("accounts:remove_method", args=["fido2", bob.passkeys.get().pk])
    client = by_password(bob)
    for method in (client.get, client.post):
        assert method(address).url == reverse("accounts:operator_passkey")
    assert bob.passkeys.usable().count() == 1
    assert by_passkey(key).get(address).status_code == 200


def test_who_has_none_makes_the_first_and_a_pass_leads_back_in(bob: User, key: SoftwareAuthenticator) -> None:
    demand()
    carol = User.objects.create_user("carol@contoso.example", PASSWORD, is_staff=True)
    assert register_passkey(by_password(carol), SoftwareAuthenticator()).status_code == 302
    passcode = tap.issue(user=bob, issued_by=None, at=clock.now()).passcode
    client = Client()
    client.post("/", {"account_name": "bob@contoso.example"})
    client.post("/sign-in/temporaryAccessPass/", {"passcode": passcode})
    assert client.get("/admin/").url == "/security-info/"
    assert register_passkey(client, SoftwareAuthenticator()).status_code == 302
    assert client.get("/admin/", follow=True).request["PATH_INFO"] == reverse("accounts:operator_passkey")


class TestSwitching:
    def test_who_signed_in_with_a_passkey_may_switch_it_on(self, bob: User, key: SoftwareAuthenticator) -> None:
        client = by_passkey(key)
        assert client.get("/admin/accounts/operatorsigninpolicy/").url == POLICY
        client.post(POLICY, {"passkey_required": "on"})
        assert operator_sign_in.is_passkey_required()
        event = AuditEvent.objects.get(activity="Operator sign-in policy updated")
        assert event.details == {"passkeyRequired": "false -> true"}
        client.post(POLICY, {})
        assert not operator_sign_in.is_passkey_required()

    def test_who_has_no_passkey_cannot_lock_themselves_out(self, bob: User) -> None:
        page = by_password(bob).post(POLICY, {"passkey_required": "on"}, follow=True)
        assert page.status_code in {200, 404}
        client = by_password(bob)
        client.get("/admin/accounts/operatorsigninpolicy/")
        page = client.post(POLICY, {"passkey_required": "on"}, follow=True)
        assert "Register a passkey" in page.content.decode()
        assert not operator_sign_in.is_passkey_required()

    def test_having_one_is_not_enough_it_must_have_opened_this_session(
        self, bob: User, key: SoftwareAuthenticator
    ) -> None:
        client = by_password(bob)
        client.get("/admin/accounts/operatorsigninpolicy/")
        client.post(POLICY, {"passkey_required": "on"})
        assert not operator_sign_in.is_passkey_required()

    def test_a_suspended_passkey_does_not_count(self, bob: User, key: SoftwareAuthenticator) -> None:
        bob.passkeys.update(suspended_at=NOON)
        with pytest.raises(NotPermitted, match="passkey_missing"):
            operator_sign_in.require_passkey(required=True, by=Operator(user=bob), signed_in_with="fido2", at=NOON)

    def test_who_may_only_look_does_not_switch(self, bob: User, key: SoftwareAuthenticator) -> None:
        operator_sign_in.require_passkey(required=True, by=Operator(user=bob), signed_in_with="fido2", at=NOON)
        carol = User.objects.create_user("carol@contoso.example", PASSWORD, is_staff=True)
        carol.user_permissions.add(Permission.objects.get(codename="view_operatorsigninpolicy"))
        carols = SoftwareAuthenticator()
        register_passkey(by_password(carol), carols)
        client = by_passkey(carols)
        assert client.get(POLICY).status_code == 200
        assert client.post(POLICY, {}).status_code == 403
        assert operator_sign_in.is_passkey_required()

    def test_by_configuration_it_needs_somebody_with_every_right_who_has_one(
        self, bob: User, settings: Any, tmp_path: Any
    ) -> None:
        text = "version: 1\noperator_sign_in: {passkey_required: true}"
        by = Operator(user=None, application="manage.py config")
        with pytest.raises(ConfigRefused, match="Register a passkey"):
            configuration.apply(configuration.load(text), by=by, at=NOON)
        register_passkey(by_password(bob), SoftwareAuthenticator())
        assert configuration.apply(configuration.load(text), by=by, at=NOON)
        # From the shell there is always a way back.
        (tmp_path / "off.yaml").write_text("version: 1\noperator_sign_in: {passkey_required: false}")
        call_command("config", "import", str(tmp_path / "off.yaml"), stdout=io.StringIO())
        assert by_password(bob).get("/admin/").status_code == 200
