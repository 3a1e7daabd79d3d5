"""Revocation bites, and an unknown status is never a good one (Token Status List; facts V7, V8)."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.test import Client

from idv.credentials import keys, sd_jwt, status_list
from idv.verifier import trust
from idv.verifier.models import IdentityProvider, PresentationRequest

from .parties import Provider, WalletInHand, post

TYPE = {"Content-Type": status_list.MEDIA_TYPE}


def answer(asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime) -> int:
    opened = wallet.fetch(asked, client, at)
    code: int = post(client, opened.response_uri, wallet.answer(opened, at)).status_code
    asked.refresh_from_db()
    return code


@pytest.mark.parametrize("status", [status_list.INVALID, status_list.SUSPENDED, 3])
def test_v7_a_credential_that_is_not_valid_is_refused(
    asked: PresentationRequest, provider: Provider, wallet: WalletInHand, client: Client, at: datetime, status: int
) -> None:
    provider.statuses.set(7, status)
    assert answer(asked, wallet, client, at) == 400
    assert (asked.status, asked.reason_code) == ("refused", "credential_revoked")


@pytest.mark.parametrize(
    "served",
    [
        httpx.Response(500),
        httpx.Response(404, headers=TYPE),
        httpx.Response(302, headers={"Location": "http://169.254.169.254/"}),
        httpx.Response(200, content=b"x" * 2_000_000, headers=TYPE),
        httpx.Response(200, content=b"{}", headers={"Content-Type": "application/json"}),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("gone"),
    ],
    ids=["500", "404", "302", "huge", "json", "timeout", "gone"],
)
def test_v7_an_unreachable_list_fails_closed_and_the_person_may_try_again(
    asked: PresentationRequest, provider: Provider, wallet: WalletInHand, client: Client, at: datetime, served: Any
) -> None:
    provider.status_answer = served
    assert answer(asked, wallet, client, at) == 400
    assert (asked.status, asked.reason_code) == ("open", "status_list_unreachable")
    provider.status_answer = None
    assert answer(asked, wallet, client, at) == 200
    assert (asked.status, asked.reason_code) == ("answered", "")


@pytest.mark.parametrize(
    "bend",
    [
        lambda p: {"uri": f"{p.origin}/status/2"},
        lambda p: {"key": keys.generate()},
        lambda p: {"key": p.result_key},
        lambda p: {"issuer": "http://other.test"},
        lambda p: {"expires_at": p.at},
        lambda p: {"issued_at": p.at + timedelta(hours=1)},
        lambda p: {"ttl_s": 0},
        lambda p: {"ttl_s": -5},
    ],
    ids=["other list", "stranger's key", "result key", "other issuer", "expired", "future", "ttl 0", "ttl negative"],
)
def test_v7_a_list_that_does_not_verify_fails_closed(
    asked: PresentationRequest, provider: Provider, wallet: WalletInHand, client: Client, at: datetime, bend: Any
) -> None:
    token = provider.status_token(**bend(provider))
    provider.status_answer = httpx.Response(200, content=token.encode(), headers=TYPE)
    assert answer(asked, wallet, client, at) == 400
    assert asked.status == "refused"
    assert asked.claims_sealed is None


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:6379/",
        "https://evil.example/status/1",
        "http://other.test/status/1",
        "http://provider.test:80/status/1",
        "http://provider.test@127.0.0.1/status/1",
    ],
)
def test_v7_ssrf_a_list_elsewhere_is_never_fetched(
    asked: PresentationRequest, provider: Provider, client: Client, at: datetime, uri: str
) -> None:
    other = Provider("http://other.test", at)
    wallet = WalletInHand(provider, status=sd_jwt.StatusReference(idx=7, uri=uri))
    assert answer(asked, wallet, client, at) == 400
    assert asked.claims_sealed is None
    assert "/status/1" not in provider.fetched + other.fetched


def test_v8_a_kept_list_is_used_for_its_ttl_and_no_longer(
    row: IdentityProvider, provider: Provider, at: datetime
) -> None:
    trusted = trust.trusted_issuers(row, at=at)
    source = trust.status_source(row, trusted)
    reference = sd_jwt.StatusReference(idx=7, uri=f"{provider.origin}/status/1")
    provider.status_ttl_s = 30
    assert source.status_of(reference, provider.origin, at) == status_list.VALID
    provider.statuses.set(7, status_list.INVALID)
    assert source.status_of(reference, provider.origin, at + timedelta(seconds=29)) == status_list.VALID
    assert provider.fetched.count("/status/1") == 1
    assert source.status_of(reference, provider.origin, at + timedelta(seconds=31)) == status_list.INVALID


def test_v8_a_kept_list_is_not_used_past_its_exp(row: IdentityProvider, provider: Provider, at: datetime) -> None:
    trusted = trust.trusted_issuers(row, at=at)
    source = trust.status_source(row, trusted)
    reference = sd_jwt.StatusReference(idx=7, uri=f"{provider.origin}/status/1")
    provider.status_ttl_s, provider.status_lifetime = 10**9, timedelta(seconds=5)
    source.status_of(reference, provider.origin, at)
    provider.status_answer = httpx.ConnectError("gone")
    with pytest.raises(status_list.StatusUnavailable):
        source.status_of(reference, provider.origin, at + timedelta(seconds=6))


def test_v8_no_list_is_kept_longer_than_a_minute(
    row: IdentityProvider, provider: Provider, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_for: list[int] = []

    def keep(key: str, value: object, timeout: int | None = None) -> None:
        if key.startswith("verifier:") and timeout is not None:
            kept_for.append(timeout)

    monkeypatch.setattr(cache, "set", keep)
    provider.status_ttl_s = 10**9
    source = trust.status_source(row, trust.trusted_issuers(row, at=at))
    source.status_of(sd_jwt.StatusReference(idx=7, uri=f"{provider.origin}/status/1"), provider.origin, at)
    assert kept_for == [5]
