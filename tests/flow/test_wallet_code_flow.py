"""Receiving a Verified ID from an issuer that asks the person on its own page, and binds its tokens to a key."""

import html
import re
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from idv.wallet.models import HeldCredential, IncomingLink
from recovery_portal.kit import http
from tests.fakes.foreign_code_issuer import CLIENT_ID, STATE, CodeIssuer
from tests.fakes.foreign_issuer import URL, as_path
from tests.fakes.holder import Holder
from tests.flow.wallet_parties import *  # noqa: F403


@pytest.fixture
def issuer(houses):
    party = CodeIssuer(at=timezone.now())
    http.transports["https://issuer.test"] = party.transport()
    return party


def leave(holder, issuer):
    """From the offer to the link that leads to the issuer's own page."""
    if holder.get("/") and holder.heading == "Set up your wallet":
        holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    holder.submit()
    return go(holder)


def go(holder):
    holder.submit()
    assert holder.heading == "Continue at the issuer", holder.text
    (url,) = re.findall(r'class="button button--primary" href="([^"]+)"', holder.page)
    return html.unescape(url)


@pytest.mark.parametrize("binds", [False, True])
@pytest.mark.parametrize("has_scope", [False, True])
@pytest.mark.parametrize("pushes", [False, True])
def test_the_person_consents_at_the_issuer_and_comes_back_with_a_verified_id(holder, issuer, pushes, has_scope, binds):
    issuer.pushes, issuer.has_scope, issuer.binds = pushes, has_scope, binds
    url = leave(holder, issuer)
    assert "issuer.test" in holder.text
    holder.get(issuer.consented(url))
    assert holder.heading == "Success"
    assert HeldCredential.objects.get().issuer == URL
    assert issuer.asked["client_id"] == CLIENT_ID
    assert issuer.asked["issuer_state"] == STATE
    assert ("scope" in issuer.asked) == has_scope
    assert ("authorization_details" in issuer.asked) == (not has_scope)
    assert ("dpop_jkt" in issuer.asked) == binds
    assert len({proof.jkt for proof in issuer.proofs}) == (1 if binds else 0)
    assert issuer.notifications == [{"notification_id": "n-1", "event": "credential_accepted"}]


def test_a_server_that_wants_a_nonce_is_given_it_once(holder, issuer):
    issuer.nonces_wanted = 1000
    holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    holder.submit()
    holder.submit()
    assert holder.heading == "The issuer said no"
    assert issuer.calls.count("par") == 2


def test_the_issuer_wants_a_nonce_at_the_last_step_only_and_is_not_asked_for_ever(holder, issuer):
    url = leave(holder, issuer)
    issuer.nonces_wanted = 1000
    issuer.dpop_nonces["/tenant/token"] = ["x"] * 1000
    holder.get(issuer.consented(url))
    assert holder.heading == "The issuer said no"
    assert issuer.calls.count("credential") == 2
    assert not HeldCredential.objects.exists()


def test_deleting_proves_the_key_too(holder, issuer):
    holder.get(issuer.consented(leave(holder, issuer)))
    holder.post(f"/verified-ids/{HeldCredential.objects.get().pk}/delete/")
    assert issuer.notifications[-1]["event"] == "credential_deleted"


def test_a_wallet_that_locked_itself_meanwhile_goes_on_after_the_pin(holder, issuer):
    url = leave(holder, issuer)
    holder.lock()
    holder.get(issuer.consented(url))
    assert holder.heading == "Unlock your wallet"
    assert "token" not in issuer.calls
    holder.unlock()
    assert holder.heading == "Success"


def test_who_waits_for_a_deferred_credential_waits_with_the_bound_token(holder, issuer):
    issuer.deferrals = 1
    issuer._deferred = lambda request: issuer._bearing(request, super(CodeIssuer, issuer)._deferred)
    holder.get(issuer.consented(leave(holder, issuer)))
    assert "waiting" in holder.path
    IncomingLink.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    holder.client.get(holder.path)
    assert issuer.calls.count("credential") == 2  # one for the DPoP nonce


def refused(holder, heading):
    assert holder.status == 400
    assert holder.heading == heading
    assert not HeldCredential.objects.exists()


def test_an_answer_in_another_browser_redeems_nothing(holder, issuer):
    back = issuer.consented(leave(holder, issuer))
    other = Holder()
    other.set_up()
    other.get(back)
    refused(other, "This answer belongs to nothing here")
    assert "token" not in issuer.calls
    holder.get(back)
    assert holder.heading == "Success"


def test_an_answer_that_nobody_asked_for_redeems_nothing(holder, issuer):
    """What an attacker's page would do to put a credential of the attacker's into somebody's wallet."""
    holder.set_up()
    holder.get("/authorized?code=of-the-attacker&state=guess")
    refused(holder, "This answer belongs to nothing here")
    assert "token" not in issuer.calls


def test_an_answer_is_taken_once(holder, issuer):
    back = issuer.consented(leave(holder, issuer))
    holder.get(back)
    holder.get(back)
    assert holder.heading == "This answer belongs to nothing here"
    assert issuer.redeemed == ["code-1"]
    assert HeldCredential.objects.count() == 1


def test_a_link_that_is_being_answered_in_another_tab_is_answered_once(holder, issuer):
    back = issuer.consented(leave(holder, issuer))
    IncomingLink.objects.update(claimed_at=timezone.now())
    holder.get(back)
    refused(holder, "This was already answered")
    assert "token" not in issuer.calls


@pytest.mark.parametrize("iss", ["https://elsewhere.test", "https://issuer.test", "", None])
def test_an_answer_of_another_server_is_not_taken_to_this_one(holder, issuer, iss):
    holder.get(issuer.consented(leave(holder, issuer), iss=iss))
    refused(holder, "The answer came from somebody else")
    assert "token" not in issuer.calls


def test_an_issuer_that_says_nothing_of_iss_may_leave_it_out_but_not_name_another(holder, issuer):
    issuer.names_itself = False
    holder.get(issuer.consented(leave(holder, issuer), iss="https://elsewhere.test"))
    refused(holder, "The answer came from somebody else")
    holder.get(issuer.consented(leave(holder, issuer)))
    assert holder.heading == "Success"


def test_who_declines_there_may_try_once_more(holder, issuer):
    holder.get(issuer.consented(leave(holder, issuer), code=None, error="access_denied"))
    refused(holder, "The issuer did not agree")
    (again,) = re.findall(r'href="(/add/[^"]+)"', holder.page)
    holder.get(again)
    holder.submit()
    holder.get(issuer.consented(go(holder)))
    assert holder.heading == "Success"


@pytest.mark.parametrize(
    ("back", "heading"),
    [
        ("code=code-1", "This answer belongs to nothing here"),
        ("", "This answer belongs to nothing here"),
        ("state=%FF", "This answer belongs to nothing here"),
        ("state={state}&state={state}&code=code-1", "This answer belongs to nothing here"),
        ("state={state}&iss={iss}", "The issuer's answer cannot be used"),
        ("state={state}&iss={iss}&code=guess", "The code was not accepted"),
        ("state={state}&iss={iss}&code=" + "x" * 3000, "The issuer's answer cannot be used"),
        ("state={state}&iss={iss}&error=%3Cscript%3E", "The issuer did not agree"),
    ],
)
def test_whatever_comes_back_the_page_stays_calm(holder, issuer, back, heading):
    leave(holder, issuer)
    holder.get("/authorized?" + back.format(state=issuer.asked["state"], iss=URL))
    refused(holder, heading)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": None},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "http://elsewhere.test/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://issuer.test@elsewhere.test/authorize"},
    ],
    ids=str,
)
def test_a_server_that_does_not_protect_the_code_is_not_used(holder, issuer, changes):
    issuer.server_changes = changes
    holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    if holder.status == 200:
        holder.submit()
        holder.submit()
    assert holder.status == 400
    assert issuer.asked == {}


def test_a_token_that_should_be_bound_and_is_not_is_not_used(holder, issuer):
    issuer.token_type = "Bearer"
    holder.get(issuer.consented(leave(holder, issuer)))
    refused(holder, "This wallet cannot do that")
    assert "credential" not in issuer.calls


def test_a_wallet_that_the_issuer_does_not_know_says_so(holder, issuer):
    issuer.faults["par"] = httpx.Response(401, json={"error": "invalid_client"})
    holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    holder.submit()
    holder.submit()
    refused(holder, "The issuer does not know this wallet")


def test_a_server_elsewhere_is_told_for_whom_the_token_is(holder, issuer):
    issuer.server_url = "https://elsewhere.test"
    http.transports["https://elsewhere.test"] = httpx.MockTransport(issuer._server_metadata)
    issuer.has_scope = False
    leave(holder, issuer)
    assert issuer.asked["resource"] == URL
    assert f'"locations":["{URL}"]' in issuer.asked["authorization_details"]


def test_an_offer_cannot_bring_in_a_server_of_its_own(holder, issuer):
    holder.set_up()
    link = issuer.link_by_value().replace("issuer_state", "authorization_server")
    holder.get(as_path(link, "receive"))
    refused(holder, "The issuer's answer cannot be used")


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"request_uri": 7}', b'{"request_uri": ""}', b"[" * 100_000])
def test_a_push_that_is_answered_with_rubbish_leads_nowhere(holder, issuer, answer):
    issuer.faults["par"] = httpx.Response(201, content=answer)
    holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    holder.submit()
    holder.submit()
    refused(holder, "The issuer's answer cannot be used")


def test_the_way_out_is_known_to_the_session_that_asked_alone(holder, issuer):
    leave(holder, issuer)
    path = holder.path
    other = Holder()
    other.set_up()
    other.get(path)
    assert other.heading != "Continue at the issuer"
