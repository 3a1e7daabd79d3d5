"""What programs have issued and ask for, in the wallet that comes with the portal: over the wire, in both forms."""

from typing import Any

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from django.urls import get_urlconf, set_urlconf

from idv.issuer.models import Contract
from idv.wallet.models import HeldCredential
from recovery_portal.kit import http
from recovery_portal.testing.in_process import connection_kept
from tests.fakes.foreign_issuer import as_path
from tests.fakes.holder import Holder

from .conftest import APP, Hands, House


class Portal(httpx.BaseTransport):
    """The portal behind its origin, while the wallet is the site of the test."""

    def __init__(self) -> None:
        self._wsgi = httpx.WSGITransport(app=WSGIHandler())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        before = get_urlconf()
        try:
            with override_settings(ROOT_URLCONF="recovery_portal.urls"), connection_kept():
                set_urlconf(None)
                answer = self._wsgi.handle_request(request)
                answer.read()
        finally:
            set_urlconf(before)
        return answer


@pytest.fixture
def holder(house: House, hands: Hands, settings: Any) -> Holder:
    settings.OUTBOUND_ORIGINS = frozenset({"http://portal.test", "http://provider.test", APP})
    http.transports["http://portal.test"] = Portal()
    return Holder()


def in_the_wallet(settings: Any, holder: Holder, link: str, door: str) -> Holder:
    settings.ROOT_URLCONF = "idv.wallet.urls"
    set_urlconf(None)
    holder.get(as_path(link, door))
    return holder


@pytest.mark.parametrize("form", ["dc+sd-jwt", "jwt_vc_json"])
def test_the_wallet_beside_it_receives_and_presents_it(
    house: House, holder: Holder, hands: Hands, settings: Any, form: str
) -> None:
    Contract.objects.update(format=form)
    url = house.ask().json()["url"]
    in_the_wallet(settings, holder, url, "receive").set_up()
    assert "Contoso" in holder.text
    holder.submit(tx_code="3141")
    holder.submit()
    assert holder.heading == "Success", holder.text
    assert HeldCredential.objects.get().issuer in {"http://portal.test", "did:web:portal.test"}
    assert house.program.events == ["request_retrieved", "issuance_successful"]
    settings.ROOT_URLCONF = "recovery_portal.urls"
    set_urlconf(None)
    wanted = {"type": "VerifiedCredentialExpert", "acceptedIssuers": ["did:web:portal.test"]}
    url = house.program.ask(requestedCredentials=[wanted]).json()["url"]
    in_the_wallet(settings, holder, url, "present")
    assert "Share your Verified ID?" in holder.text
    holder.submit(answer="share")
    told = house.program.told[-1]
    assert told["requestStatus"] == "presentation_verified"
    assert told["verifiedCredentialsData"][0]["claims"] == {"firstName": "Megan", "lastName": "Bowen"}
