"""Two at once, with real threads and real row locks: exactly one wins."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from idv.protocol import presentation
from idv.verifier import flows, signals
from idv.verifier import keys as verifier_keys
from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest, ProofingRequest, VerifierKey
from recovery_portal.kit.errors import DomainError

from .parties import CALLBACK, Provider, WalletInHand

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads that start together; each result is what it returned or the refusal it raised."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[index] = act()
        except DomainError as refused:
            results[index] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i, act)) for i, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def refusals(results: list[Any]) -> int:
    return sum(isinstance(result, DomainError) for result in results)


@pytest.fixture
def row(provider: Provider, transactional_db: None) -> IdentityProvider:
    return provider.row()


def opened(request: PresentationRequest, at: datetime) -> presentation.PresentationRequest:
    reference = presentation.parse_request_link(request.authorization_request_uri).request_uri.rpartition("/")[2]
    from .parties import anchor_of

    return presentation.open_request(
        flows.serve_request(reference=reference, wallet_nonce=None, at=at),
        expected_client_id=request.client_id,
        authorities=[anchor_of(request)],
        at=at,
    )


def ask(row: IdentityProvider, at: datetime, **changes: Any) -> PresentationRequest:
    members: dict[str, Any] = {
        "provider": row,
        "proofing_reference": None,
        "purpose": "Test",
        "account_hint": "",
        "same_device": False,
        "at": at,
    }
    return flows.request_presentation(**(members | changes))


def test_s5_two_wallets_answer_one_request_and_one_wins(
    row: IdentityProvider, provider: Provider, at: datetime
) -> None:
    asked = ask(row, at)
    request = opened(asked, at)
    reference = request.response_uri.rpartition("/")[2]
    forms = [
        WalletInHand(provider, claims={"lastName": name}).answer(request, at) for name in ("Eriksson", "Lindqvist") * 4
    ]
    heard: list[Any] = []

    def listen(request: PresentationRequest, **_: Any) -> None:
        heard.append(request.pk)

    signals.presentation_answered.connect(listen)
    try:
        results = at_once(
            *(lambda form=form: flows.receive_answer(reference=reference, form=form, at=at) for form in forms)
        )
    finally:
        signals.presentation_answered.disconnect(listen)
    assert refusals(results) == len(forms) - 1
    assert len(heard) == 1
    asked.refresh_from_db()
    assert asked.status == "answered"


def test_one_answer_is_collected_once(row: IdentityProvider, provider: Provider, at: datetime) -> None:
    asked = ask(row, at, same_device=True, return_path="/recover/presented/")
    request = opened(asked, at)
    answer = flows.receive_answer(
        reference=request.response_uri.rpartition("/")[2], form=WalletInHand(provider).answer(request, at), at=at
    )
    assert answer.redirect_uri is not None
    code = answer.redirect_uri.partition("response_code=")[2]
    results = at_once(
        *(
            lambda: flows.collect(request=PresentationRequest.objects.get(pk=asked.pk), response_code=code, at=at)
            for _ in range(6)
        )
    )
    assert refusals(results) == 5


def test_one_state_is_burned_once(row: IdentityProvider, provider: Provider, at: datetime) -> None:
    sent = flows.start_proofing(provider=row, correlation_id="attempt-1", redirect_uri=CALLBACK, at=at)
    state = provider.pushed[-1]["state"]
    results = at_once(
        *(
            lambda: flows.finish_proofing(
                proofing=ProofingRequest.objects.select_related("provider").get(pk=sent.pk),
                code="code-1",
                issuer=provider.origin,
                state=state,
                at=at,
            )
            for _ in range(6)
        )
    )
    assert refusals(results) == 5
    assert len(provider.exchanged) == 1


def test_one_attempt_has_one_waiting_request(row: IdentityProvider, at: datetime) -> None:
    verifier_keys.provision(at=at)
    at_once(*(lambda: ask(row, at, correlation_id="attempt-1") for _ in range(4)))
    assert PresentationRequest.objects.filter(correlation_id="attempt-1", status="open").count() == 1


def test_one_key_is_made_however_many_processes_start(transactional_db: None, at: datetime) -> None:
    results = at_once(*(lambda: verifier_keys.provision(at=at).kid for _ in range(6)))
    assert len(set(results)) == 1
    assert VerifierKey.objects.count() == 1


def test_two_tabs_begin_one_face_check(row: IdentityProvider, provider: Provider, at: datetime) -> None:
    asked = ask(row, at)
    request = opened(asked, at)
    flows.receive_answer(
        reference=request.response_uri.rpartition("/")[2], form=WalletInHand(provider).answer(request, at), at=at
    )
    flows.collect(request=asked, response_code=None, at=at)
    results = at_once(
        *(
            lambda: flows.begin_face_check(request=PresentationRequest.objects.get(pk=asked.pk), threshold=70, at=at).pk
            for _ in range(6)
        )
    )
    assert len(set(results)) == 1
    assert FaceCheck.objects.count() == 1
