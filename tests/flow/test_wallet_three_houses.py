"""Our wallet at our own issuer and verifier, over the wire: by the code flow, with bound tokens, in both formats."""

import html
import io
import json
import re
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from idv.provider import credential, demo_faces, portraits
from idv.provider.flows import offers
from idv.provider.models import AccessToken, IssuedCredential
from idv.verifier import flows
from idv.verifier.models import IdentityProvider, PresentationRequest
from idv.wallet.models import HeldCredential, IncomingLink
from recovery_portal.kit import http
from recovery_portal.testing.in_process import HouseTransport
from tests.fakes.holder import Holder
from tests.flow.provider_house import house  # noqa: F401

CONFIGURATIONS = {"dc+sd-jwt": "VerifiedIdentity", "jwt_vc_json": "VerifiedIdentityJwt"}


@pytest.fixture
def houses(house, monkeypatch):  # noqa: F811
    for name in ("portal", "provider", "wallet"):
        monkeypatch.setitem(http.transports, f"http://{name}.test", HouseTransport())
    call_command("register_provider", name="Proofmark", issuer="http://provider.test", stdout=io.StringIO())
    flows.check_provider(provider=IdentityProvider.objects.get(), at=timezone.now())
    call_command(
        "register_wallet", "--client-id", "http://wallet.test", "--name", "Pocket Wallet",
        "--redirect-uri", "http://wallet.test/authorized", stdout=io.StringIO(),
    )  # fmt: skip


@pytest.fixture
def holder(houses):
    holder = Holder()
    holder.client = Client(headers={"host": "wallet.test"})
    holder.set_up()
    return holder


def link_on(page):
    (found,) = re.findall(r'class="button button--primary" href="(http[^"]+)"', page)
    return html.unescape(found)


def receive(holder, credential_format, **changes):
    subject = credential.Subject(
        "Vera", "Specimen", "1990-01-01", "X", "passport", "TEST00000", "2090-01-01", "UTO", "UTO",
        portraits.for_credential(demo_faces.portrait("vera")),
    )  # fmt: skip
    shown = offers.offer_for_test(
        subject=subject, at=timezone.now(), configuration_id=CONFIGURATIONS[credential_format], **changes
    )
    holder.get("/receive?" + urlencode({"credential_offer_uri": shown.offer_uri}))
    holder.submit(**({"tx_code": shown.tx_code} if shown.tx_code else {}))
    return holder.submit()


def consented(url):
    """The person's browser at the provider: opens the request, agrees, and is sent back."""
    browser = Client(headers={"host": "provider.test"})
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == "http://provider.test"
    assert browser.get(f"{parts.path}?{parts.query}").status_code == 200
    page = browser.post("/authorize/wallet", {"answer": "accept"}).content.decode()
    (home,) = re.findall(r'id="wallet-home" href="([^"]+)"', page)
    parts = urlsplit(html.unescape(home))
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize("credential_format", list(CONFIGURATIONS))
def test_a_verified_id_comes_by_the_code_flow_and_is_presented(holder, credential_format):
    receive(holder, credential_format, by_code_flow=True)
    assert holder.heading == "Continue at the issuer", holder.text
    holder.get(consented(link_on(holder.page)))
    assert holder.heading == "Success"
    assert (HeldCredential.objects.get().format, AccessToken.objects.get().dpop_jkt != "") == (credential_format, True)
    printed = io.StringIO()
    call_command("request_test_presentation", "--json", "--format", credential_format, stdout=printed)
    holder.get("/present?" + urlsplit(json.loads(printed.getvalue())["request"]).query)
    assert holder.heading == "Share your Verified ID?", holder.text
    holder.submit(answer="share")
    assert holder.heading == "Success"
    assert PresentationRequest.objects.get().status == "answered"


def test_a_pre_authorized_code_gives_a_bound_token_too(holder):
    receive(holder, "jwt_vc_json")
    assert holder.heading == "Success"
    assert AccessToken.objects.get().dpop_jkt
    assert IssuedCredential.objects.filter(notification_event="credential_accepted").exists()


def test_a_deferred_credential_is_collected_with_the_bound_token(holder):
    receive(holder, "dc+sd-jwt", ready_after_s=0)
    assert "waiting" in holder.path
    IncomingLink.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        holder.get(holder.path)
    assert holder.heading == "Success"
