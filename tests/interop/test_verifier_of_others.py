"""Our wallet before a verifier nobody here wrote: polaris-oid4vp's HTTP server, over a real socket."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone
from polaris_oid4vp.serve import serve
from polaris_oid4vp.verifier import Verifier

from idv.credentials import certificates
from idv.wallet.models import SharingRecord
from recovery_portal.demo.servers import free_port
from tests.fakes.foreign_issuer import VCT, ForeignIssuer
from tests.fakes.holder import Holder
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import receive


class Polaris:
    """The verifier, its server, and what it made of the last answer."""

    def __init__(self, issuer: ForeignIssuer) -> None:
        at = timezone.now() - timedelta(minutes=1)
        authority = certificates.development_ca("Polaris CA", at)
        key = certificates.issue_leaf(authority, name="Polaris", at=at, dns_names=["localhost"])
        self.origin = f"http://localhost:{free_port()}"
        self.verifier = Verifier(
            client_cert_pem=key.chain_pems()[0].encode(),
            client_key_pem=key.private_pem().encode(),
            request_uri=f"{self.origin}/request.jwt",
            response_uri=f"{self.origin}/response",
            issuer_jwks=[issuer.key.jwks_entry()],
            vct_values=[VCT],
            claims=["firstName"],
        )
        self.verdicts: list[Any] = []
        self.server = serve(
            self.verifier,
            host="127.0.0.1",
            port=int(self.origin.rpartition(":")[2]),
            on_verdict=lambda *seen: self.verdicts.append(seen[-1]),
        )

    def link(self, method: str, **changes: Any) -> str:
        _, request_object = self.verifier.new_request(**changes)
        body = request_object.split(".")[1]
        state = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["state"]
        request_uri = quote(f"{self.origin}/request.jwt?state={state}", safe="")
        return f"/present?client_id={quote(self.verifier.client_id)}&request_uri={request_uri}" + (
            "&request_uri_method=post" if method == "post" else ""
        )


@pytest.fixture
def polaris(issuer: ForeignIssuer, settings: Any) -> Iterator[Polaris]:
    running = Polaris(issuer)
    settings.OUTBOUND_ORIGINS = settings.OUTBOUND_ORIGINS | {running.origin}
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.mark.parametrize("method", ["get", "post"])
def test_it_believes_what_our_wallet_shares(
    holder: Holder, issuer: ForeignIssuer, polaris: Polaris, method: str
) -> None:
    receive(holder, issuer)
    holder.get(polaris.link(method))
    assert holder.heading == "Share your Verified ID?", holder.text
    assert "localhost" in holder.text
    holder.submit(answer="share")
    assert holder.heading == "Success"
    [verdict] = polaris.verdicts
    assert verdict.authentic, verdict
    assert verdict.claims["firstName"] == "Alice"
    assert "lastName" not in verdict.claims


def test_it_hears_our_wallets_no(holder: Holder, issuer: ForeignIssuer, polaris: Polaris) -> None:
    receive(holder, issuer)
    holder.get(polaris.link("get"))
    holder.submit(answer="decline")
    [verdict] = polaris.verdicts
    assert verdict.wallet_error["error"] == "access_denied"
    assert SharingRecord.objects.get().answer == "declined"
