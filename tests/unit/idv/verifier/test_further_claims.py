"""A caller whose rules compare more asks for more; nobody else does, and nothing else is ever asked for."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from idv.verifier import flows
from idv.verifier.models import IdentityProvider, PresentationRequest

from .parties import WalletInHand, post


def ask(row: IdentityProvider, at: datetime, *names: str) -> PresentationRequest:
    return flows.request_presentation(
        provider=row,
        proofing_reference="proofing-1",
        purpose="Recover your account",
        account_hint="",
        same_device=False,
        further_claims=names,
        at=at,
    )


def collect(request: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime, **bent: Any) -> Any:
    opened = wallet.fetch(request, client, at)
    answer = post(client, opened.response_uri, wallet.answer(opened, at, **bent))
    return answer, opened


def test_it_is_asked_for_presented_and_handed_on(
    row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
) -> None:
    request = ask(row, at, "dateOfBirth")
    answer, opened = collect(request, wallet, client, at)
    assert answer.status_code == 200
    assert ["dateOfBirth"] in [claim["path"] for claim in opened.dcql_query["credentials"][0]["claims"]]
    assert flows.collect(request=request, response_code=None, at=at).claims["dateOfBirth"] == "1974-08-12"


def test_an_answer_that_leaves_it_out_is_refused(
    row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
) -> None:
    request = ask(row, at, "dateOfBirth")
    names = ["firstName", "lastName", "portrait", "proofingReference"]
    assert collect(request, wallet, client, at, disclose=names)[0].status_code == 400
    request.refresh_from_db()
    assert request.reason_code == "claims_missing"


def test_what_was_not_asked_for_is_not_kept(
    row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
) -> None:
    request = ask(row, at)
    names = ["firstName", "lastName", "portrait", "proofingReference", "dateOfBirth"]
    assert collect(request, wallet, client, at, disclose=names)[0].status_code == 200
    assert "dateOfBirth" not in flows.collect(request=request, response_code=None, at=at).claims


def test_only_claims_on_the_list_can_be_asked_for(row: IdentityProvider, at: datetime) -> None:
    with pytest.raises(ValueError, match="religion"):
        ask(row, at, "religion")
