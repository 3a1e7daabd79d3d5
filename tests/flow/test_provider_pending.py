"""A wallet that is promised the credential while the decision is pending: deferred until somebody says yes or no."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from idv.credentials import sd_jwt
from idv.provider.flows import offers, reviewing, wallets
from idv.provider.machine import State
from idv.provider.models import CredentialOffer, DeferredIssuance, IssuedCredential, ProofingSession
from tests.fakes.wire_wallet import CLIENT_ID, REDIRECT_URI, FullWallet
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_code_flow import browser_of, consented, to_consent
from tests.flow.test_provider_issuer import proofing  # noqa: F401
from tests.flow.test_provider_wire import refused


@pytest.fixture
def waiting(portal, proofing):  # noqa: F811
    """Somebody whose photos are being looked at."""
    call_command(
        "register_wallet", "--client-id", CLIENT_ID, "--name", "Independent Wallet", "--redirect-uri", REDIRECT_URI,
        stdout=StringIO(),
    )  # fmt: skip
    ProofingSession.objects.update(state=State.IN_REVIEW)
    proofing.refresh_from_db()
    return proofing


@pytest.fixture
def wallet(waiting):
    """One that was promised the credential, has asked for it, and was told to come again."""
    wallet = FullWallet(is_bound=True)
    home = consented(wallet, browser_of(waiting))
    assert wallet.redeem_code(home["code"]).status_code == 200
    answer = wallet.credential()
    assert answer.status_code == 202, answer.content
    wallet.transaction_id = answer.json()["transaction_id"]
    assert wallet.deferred(wallet.transaction_id).status_code == 202
    assert not IssuedCredential.objects.exists()
    return wallet


def decide(proofing, accepted):  # noqa: F811
    reviewing.conclude(proofing=proofing, accepted=accepted, reason="seen", by="olga", at=timezone.now())


def test_who_is_accepted_finds_it_ready(wallet, waiting):
    decide(waiting, accepted=True)
    answer = wallet.deferred(wallet.transaction_id)
    assert answer.status_code == 200, answer.content
    assert sd_jwt.read(answer.json()["credentials"][0]["credential"])["fullName"] == "Alice Archer"
    waiting.refresh_from_db()
    assert waiting.state == "issued"
    assert list(waiting.events.order_by("id").values_list("event", flat=True))[-2:] == ["offerMade", "credentialIssued"]
    assert refused(wallet.deferred(wallet.transaction_id), "invalid_transaction_id")


def test_who_is_declined_is_told_so(wallet, waiting):
    decide(waiting, accepted=False)
    assert refused(wallet.deferred(wallet.transaction_id), "credential_request_denied")
    assert not IssuedCredential.objects.exists()


def test_photos_that_must_be_taken_again_are_no_decision(wallet, waiting):
    ProofingSession.objects.update(state=State.SELFIE_TIPS)
    assert wallet.deferred(wallet.transaction_id).status_code == 202


@pytest.mark.parametrize("end", ["expired", "cancelled", "time"])
def test_a_proofing_that_ends_undecided_gives_nothing(wallet, waiting, end):
    if end == "time":
        ProofingSession.objects.update(expires_at=timezone.now())
    else:
        ProofingSession.objects.update(state=end)
    assert refused(wallet.deferred(wallet.transaction_id), "credential_request_denied")
    assert not IssuedCredential.objects.exists()


def test_it_is_given_once_whoever_asks_first(wallet, waiting):
    """The person adds it by the page meanwhile: the promise is kept to one of the two."""
    decide(waiting, accepted=True)
    waiting.refresh_from_db()
    offers.offer_credential(proofing=waiting, at=timezone.now())
    shown = offers.current_offer(proofing=waiting, at=timezone.now())
    other = FullWallet()
    assert other.redeem(shown).status_code == 200
    assert other.credential().status_code == 200
    assert refused(wallet.deferred(wallet.transaction_id), "credential_request_denied")
    assert IssuedCredential.objects.count() == 1


def test_a_decision_between_consent_and_token_is_no_hindrance(waiting):
    wallet = FullWallet()
    home = consented(wallet, browser_of(waiting))
    decide(waiting, accepted=True)
    assert wallet.redeem_code(home["code"]).status_code == 200
    assert wallet.credential().status_code == 200
    assert not DeferredIssuance.objects.exists()


def test_a_bound_token_outlasts_a_review(wallet, waiting):
    later = timezone.now() + timedelta(minutes=20)
    ProofingSession.objects.update(expires_at=later + timedelta(minutes=5))
    decide(waiting, accepted=True)
    with time_machine.travel(later):
        assert wallet.deferred(wallet.transaction_id).status_code == 200


@pytest.mark.parametrize("state", [State.SELFIE, State.DOCUMENT_PHOTOS, State.DECLINED, State.ISSUED])
def test_nothing_is_promised_before_the_photos_are_in_or_after_a_no(waiting, state):
    ProofingSession.objects.update(state=state)
    answer = to_consent(FullWallet(), browser_of(waiting))
    assert answer.status_code == 302
    assert "error=access_denied" in answer["Location"]
    assert not CredentialOffer.objects.exists()
    assert state not in wallets.READY
