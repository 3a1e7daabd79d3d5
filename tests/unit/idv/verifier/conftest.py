from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from idv.verifier import flows
from idv.verifier.models import IdentityProvider, PresentationRequest
from recovery_portal.kit import clock, http

from .parties import Provider, WalletInHand, post

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The moment of the test, for flows by argument and for doors by the one clock."""
    monkeypatch.setattr(clock, "now", lambda: AT)
    return AT


@pytest.fixture
def provider(at: datetime, settings: Any) -> Iterator[Provider]:
    settings.OUTBOUND_ORIGINS = frozenset({"http://provider.test", "http://other.test"})
    kept = dict(http.transports)
    yield Provider("http://provider.test", at)
    http.transports.clear()
    http.transports.update(kept)


@pytest.fixture
def row(provider: Provider, db: None) -> IdentityProvider:
    return provider.row()


@pytest.fixture
def wallet(provider: Provider) -> WalletInHand:
    return WalletInHand(provider)


@pytest.fixture
def asked(row: IdentityProvider, at: datetime) -> PresentationRequest:
    """A cross-device request of an attempt."""
    return flows.request_presentation(
        provider=row,
        proofing_reference="proofing-1",
        purpose="Recover your account",
        account_hint="a•••@fabrikam.example",
        same_device=False,
        at=at,
        correlation_id="attempt-1",
    )


@pytest.fixture
def asked_here(row: IdentityProvider, at: datetime) -> PresentationRequest:
    """A same-device request of another attempt."""
    return flows.request_presentation(
        provider=row,
        proofing_reference="proofing-1",
        purpose="Recover your account",
        account_hint="a•••@fabrikam.example",
        same_device=True,
        at=at,
        correlation_id="attempt-2",
        return_path="/recover/presented/",
    )


@pytest.fixture
def answered(asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime) -> PresentationRequest:
    opened = wallet.fetch(asked, client, at)
    assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 200
    asked.refresh_from_db()
    return asked


@pytest.fixture
def collected(answered: PresentationRequest, at: datetime) -> PresentationRequest:
    flows.collect(request=answered, response_code=None, at=at)
    return answered
