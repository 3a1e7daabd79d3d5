"""Operators of the provider: in by a link from the shell, once; credentials revoked and suspended with a reason."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from idv.credentials import jose, sd_jwt
from idv.credentials.status_list import StatusList
from idv.provider import policy
from idv.provider.flows import housekeeping, operating
from idv.provider.models import IssuedCredential, OperatorLink, StatusChange
from tests.fakes.wire_wallet import FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401

pytestmark = pytest.mark.usefixtures("portal")
LIST = "/admin/provider/issuedcredential/"


def link(name="olga@provider.test"):
    out = StringIO()
    call_command("operator_link", name, "--json", stdout=out)
    return json.loads(out.getvalue())["link"].removeprefix("http://provider.test")


@pytest.fixture
def operator():
    client = Client()
    assert client.post(link()).status_code == 302
    return client


def issued():
    """The rows of one verification's credentials."""
    wallet = FullWallet()
    assert wallet.redeem(offer_for_test()).status_code == 200
    answer = wallet.credential()
    assert answer.status_code == 200, answer.content
    reference = sd_jwt.read(answer.json()["credentials"][0]["credential"])["proofingReference"]
    return list(IssuedCredential.objects.filter(proofing_reference=reference))


def published(record):
    payload = jose.peek(Client().get(f"/status/{record.status_list_id}").content.decode()).payload
    return StatusList.decoded(payload["status_list"]["lst"], payload["status_list"]["bits"]).get(record.status_index)


def ask(operator, action, rows, **more):
    return operator.post(LIST, {"action": action, "_selected_action": [str(row.pk) for row in rows], **more})


def test_a_link_signs_in_once_and_looking_at_it_uses_nothing_up():
    address = link()
    assert "olga@provider.test" in Client().get(address).content.decode()
    first, second = Client(), Client()
    assert first.post(address)["Location"] == "/admin/"
    assert first.get("/admin/").status_code == 200
    assert second.post(address).status_code == 400
    assert second.get("/admin/").status_code == 302


def test_signing_in_changes_the_session_key():
    client = Client()
    session = client.session  # planted by somebody who knows its key
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    client.post(link())
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != session.session_key
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("token", ["x", "0" * 500, "%00", "%F0%9F%94%91"])
def test_a_guessed_link_opens_nothing(token):
    assert Client().get(f"/operator/{token}/").status_code == 400
    assert Client().post(f"/operator/{token}/").status_code == 400


@pytest.mark.parametrize("name", ["Olga@provider.test", "\uff2flga@provider.test", "OLGA@PROVIDER.TEST"])
def test_a_name_written_otherwise_is_the_same_operator(name):
    """Names are stored in one form: looked up in another, the operator would be made a second time, which fails."""
    assert Client().post(link()).status_code == 302
    assert Client().post(link(name)).status_code == 302
    assert get_user_model().objects.count() == 1


def test_a_name_that_nobody_can_have_is_refused():
    token = operating.make_link(name="\u200b", at=timezone.now())
    assert Client().post(f"/operator/{token}/").status_code == 400


def test_a_link_grows_stale_and_is_swept():
    at = timezone.now() - policy.OPERATOR_LINK_LIFETIME - timedelta(seconds=1)
    token = operating.make_link(name="olga@provider.test", at=at)
    assert Client().post(f"/operator/{token}/").status_code == 400
    call_command("operator_link", "another@provider.test", stdout=StringIO())
    housekeeping.purge(at=timezone.now())
    assert OperatorLink.objects.count() == 1


def test_an_operator_who_was_shut_out_stays_out(operator):
    get_user_model().objects.update(is_staff=False)
    assert Client().post(link()).status_code == 400
    assert operator.get("/admin/").status_code == 302


def test_the_secret_of_a_link_is_not_kept():
    token = link().split("/")[2]
    assert not OperatorLink.objects.filter(token_digest=token).exists()


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 151])
def test_a_name_that_is_none_gets_no_link(name):
    with pytest.raises(CommandError):
        call_command("operator_link", name)


def test_a_stranger_is_told_how_operators_come_in_and_has_no_password_field():
    answer = Client().get("/admin/login/")
    assert answer.status_code == 403
    assert b"password" not in answer.content.lower()
    assert Client().get(LIST).status_code == 302
    assert Client().post("/admin/login/", {"username": "olga", "password": "x"}).status_code == 403


def test_suspended_resumed_and_revoked_with_the_reason_and_the_name_on_record(operator):
    [record] = issued()
    for action, status in (("suspend", 2), ("resume", 0), ("revoke", 1)):
        page = ask(operator, action, [record])
        assert page.status_code == 200
        assert 'name="reason"' in page.content.decode()
        record.refresh_from_db()
        answer = ask(operator, action, [record], confirmed="1", reason=f"why {action}")
        assert answer.status_code == 302
        record.refresh_from_db()
        assert (record.status, record.status_reason, published(record)) == (status, f"why {action}", status)
    assert list(StatusChange.objects.values_list("status", "reason", "by").order_by("at")) == [
        (2, "why suspend", "olga@provider.test"),
        (0, "why resume", "olga@provider.test"),
        (1, "why revoke", "olga@provider.test"),
    ]


def test_what_is_revoked_stays_revoked(operator):
    [record] = issued()
    ask(operator, "revoke", [record], confirmed="1", reason="phone stolen")
    for action in ("resume", "suspend"):
        answer = operator.post(
            LIST, {"action": action, "_selected_action": str(record.pk), "confirmed": "1", "reason": "oh"}, follow=True
        )
        assert "what is revoked stays revoked" in answer.content.decode()
    assert published(record) == 1
    assert StatusChange.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_without_a_reason_nothing_changes(operator, reason):
    [record] = issued()
    assert ask(operator, "revoke", [record], confirmed="1", reason=reason).status_code == 200
    assert published(record) == 0
    assert not StatusChange.objects.exists()


def test_the_shell_leaves_the_same_record():
    [record] = issued()
    call_command("revoke_credential", record.proofing_reference, "--reason", "lost", "--suspend", stdout=StringIO())
    change = StatusChange.objects.get()
    assert (change.status, change.reason, change.by, change.credentials) == (2, "lost", "shell", 1)
    with pytest.raises(CommandError):
        call_command("revoke_credential", record.proofing_reference, "--reason", " ")


def test_records_are_read_and_never_edited(operator):
    [record] = issued()
    ask(operator, "suspend", [record], confirmed="1", reason="phone lost")
    change = StatusChange.objects.get()
    for address in (f"{LIST}{record.pk}/change/", f"/admin/provider/statuschange/{change.pk}/change/"):
        assert operator.get(address).status_code == 200
        assert operator.post(address, {"status": "0"}).status_code == 403
    for address in (f"{LIST}add/", f"{LIST}{record.pk}/delete/", "/admin/provider/statuschange/add/"):
        assert operator.get(address).status_code == 403


def test_the_list_asks_the_same_of_the_database_whatever_its_length(operator):
    issued()
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    for _ in range(3):
        issued()
    with CaptureQueriesContext(connection) as many:
        assert operator.get(LIST).status_code == 200
    assert len(many) == len(few)


def test_another_sites_form_changes_nothing(operator):
    [record] = issued()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert ask(strict, "revoke", [record], confirmed="1", reason="because").status_code == 403
    assert published(record) == 0
