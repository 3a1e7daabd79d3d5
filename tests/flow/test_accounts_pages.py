"""What every page of accounts has in common: its headers, nothing inline, labels that browsers understand."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts import urls
from recovery_portal.testing.authenticator import SoftwareAuthenticator
from tests.fakes.accounts import make_alice, name_account, register_passkey, sign_in_with_password

pytestmark = pytest.mark.django_db

# Every address of the room (V10): a new one is added here on purpose.
OPEN = {"sign_in", "other_ways", "confirm", "prompt"}
SIGNED_IN = {
    "apps", "security_info", "add_method", "add_passkey", "add_authenticator_app", "method_added", "change_password",
    "rename_method", "remove_method", "operator_passkey",
}  # fmt: skip
POST_ONLY = {"discovered_passkey", "passkey_options", "sign_out", "sign_out_everywhere", "add_passkey_options"}


def address(name: str, row_id: str = "x") -> str:
    arguments = {
        "prompt": ["password"],
        "method_added": ["passkey"],
        "rename_method": ["fido2", row_id],
        "remove_method": ["fido2", row_id],
    }
    return reverse(f"accounts:{name}", args=arguments.get(name, []))


def test_the_inventory_of_addresses_is_complete() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == OPEN | SIGNED_IN | POST_ONLY


def test_every_page_is_private_strict_and_has_nothing_inline(client: Client) -> None:
    alice = make_alice()
    sign_in_with_password(client, alice)
    register_passkey(client, SoftwareAuthenticator())
    row_id = str(alice.passkeys.get().pk)
    stranger = Client()
    name_account(stranger, alice.user_principal_name)
    for browser, names in ((stranger, OPEN), (client, SIGNED_IN)):
        for name in names:
            page = browser.get(address(name, row_id), follow=True)
            html = page.content.decode()
            assert page.status_code == 200, name
            assert page["Cache-Control"] == "no-store", name
            assert "'unsafe" not in page["Content-Security-Policy"], name
            assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html), name
            assert html.count("<h1") >= 1, name
            for field in re.findall(r"<input[^>]+>", html):
                typed = not re.search(r'type="(hidden|file)"', field)
                assert not typed or "autocomplete=" in field, (name, field)


@pytest.mark.parametrize("name", sorted(SIGNED_IN | {"add_passkey_options", "sign_out_everywhere"}))
def test_strangers_are_sent_to_the_first_page(client: Client, name: str) -> None:
    answer = client.post(address(name)) if name in POST_ONLY else client.get(address(name))
    assert answer.status_code == 302
    assert answer.url.startswith("/?next=")


@pytest.mark.parametrize("name", sorted(POST_ONLY))
def test_what_changes_something_is_only_posted_and_only_from_our_pages(name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.get(address(name)).status_code == 405
    assert client.post(address(name)).status_code == 403
