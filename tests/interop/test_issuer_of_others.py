"""What the issuer offers besides the plain road, used by a TypeScript wallet that nobody here wrote."""

import json
from collections.abc import Callable

import httpx
import pytest

from recovery_portal.demo.houses import Houses

from .conftest import TypeScriptWallet, printed_at_once

Offer = Callable[..., dict[str, str]]


def test_a_wallet_binds_its_token_to_a_key(typescript_wallet: TypeScriptWallet, offer: Offer) -> None:
    received = typescript_wallet("receive", **offer(), bound=True)
    assert received.get("copies") == 1, received
    assert received["token_type"] == "DPoP"


def test_a_wallet_takes_a_batch_of_eight_with_a_bound_token(typescript_wallet: TypeScriptWallet, offer: Offer) -> None:
    received = typescript_wallet("receive", **offer(), copies=8, bound=True)
    assert received.get("copies") == 8, received


@pytest.mark.parametrize("bound", [False, True])
def test_a_wallet_waits_for_a_deferred_credential(
    typescript_wallet: TypeScriptWallet, offer: Offer, bound: bool
) -> None:
    received = typescript_wallet("receive", **offer("--deferred", "1"), bound=bound)
    assert received.get("copies") == 1, received
    assert received["asked"] >= 2


def test_a_wallet_is_told_when_nothing_will_be_issued(typescript_wallet: TypeScriptWallet, offer: Offer) -> None:
    assert "failed" in typescript_wallet("receive", **offer("--denied"))


def test_every_answer_is_dated(houses: Houses) -> None:
    base = houses.url("provider")
    with httpx.Client(base_url=base, trust_env=False) as client:
        answers = [client.get("/.well-known/openid-credential-issuer"), client.post("/nonce"), client.post("/token")]
    assert all(answer.headers["date"] for answer in answers)
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert answers[0].json()["credential_issuer"] == base


def test_an_offer_is_made_at_once_and_printed_as_json_alone(houses: Houses) -> None:
    printed = printed_at_once(houses, "provider", "issue_test_offer", "--json")
    assert set(json.loads(printed)) == {"offer", "tx_code"}
    assert printed.count("\n") == 1
