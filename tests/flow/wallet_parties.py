"""The three parties of the wallet's flow tests, joined by transports that carry the bytes of the wire."""

from __future__ import annotations

import pytest
from django.utils import timezone

from recovery_portal.kit import http
from tests.fakes.foreign_issuer import ForeignIssuer, as_path
from tests.fakes.foreign_verifier import ForeignVerifier
from tests.fakes.holder import Holder


@pytest.fixture
def houses(settings, monkeypatch, db) -> None:
    settings.ROOT_URLCONF = "idv.wallet.urls"
    settings.OUTBOUND_ORIGINS = frozenset({"https://issuer.test", "https://verifier.test", "https://elsewhere.test"})
    monkeypatch.setattr(http, "transports", {})


@pytest.fixture
def issuer(houses) -> ForeignIssuer:
    return join(ForeignIssuer(at=timezone.now()))


@pytest.fixture
def verifier(houses) -> ForeignVerifier:
    return join(ForeignVerifier(at=timezone.now()))


@pytest.fixture
def holder(houses) -> Holder:
    return Holder()


def join(party):
    origin = "https://issuer.test" if isinstance(party, ForeignIssuer) else "https://verifier.test"
    http.transports[origin] = party.transport()
    return party


def receive(holder: Holder, issuer: ForeignIssuer) -> str:
    """From the offer to *Success*."""
    holder.get(as_path(issuer.link_by_value(), "receive"))
    if holder.heading == "Unlock your wallet":
        holder.unlock()
    if holder.heading == "Set up your wallet":
        holder.set_up()
    holder.submit(**({"tx_code": issuer.tx_code} if issuer.tx_code else {}))
    return holder.submit()
