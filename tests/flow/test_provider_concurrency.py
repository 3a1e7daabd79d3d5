"""Two at once: of everything that may be used once, exactly one wins. Real threads on a real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from idv.face import cards
from idv.provider.flows import deciding, offers, steps
from idv.provider.machine import State
from idv.provider.models import (
    AccessToken,
    IssuedCredential,
    ProofingDecision,
    ProofingSession,
    ProviderKey,
    RelyingParty,
)
from recovery_portal.kit.images import AcceptedImage
from tests.fakes.proofing import Browser, Portal, WireWallet, arrive, document_card
from tests.fakes.wire_wallet import CLIENT_ID, REDIRECT_URI, FullWallet, home_of, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_issuer import proofing, shown, token, wallet  # noqa: F401
from tests.flow.test_provider_skip_ahead import at_state
from tests.flow.test_provider_wire import declined_code

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
TOGETHER = 4


def at_once(act: Callable[[int], object]) -> list[object]:
    """Run ``act`` in several threads that start together; what each returned or raised."""
    gate = Barrier(TOGETHER)

    def run(number: int) -> object:
        try:
            gate.wait()
            return act(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(run, range(TOGETHER)))


def statuses(answers: list[object]) -> list[int]:
    return sorted(getattr(answer, "status_code", 500) for answer in answers)


def test_i1_one_pre_authorized_code_redeemed_at_once(wallet, shown):  # noqa: F811
    offer = wallet.offer(shown.offer_uri)
    answers = at_once(lambda _: WireWallet().token(offer, shown.tx_code))
    assert statuses(answers) == [200, 400, 400, 400]
    assert AccessToken.objects.count() == 1


def test_guessing_at_once_gives_no_more_than_five_tries(wallet, shown):  # noqa: F811
    offer = wallet.offer(shown.offer_uri)
    wrong = "000000" if shown.tx_code != "000000" else "111111"
    for _ in range(3):
        assert set(statuses(at_once(lambda _: WireWallet().token(offer, wrong)))) == {400}
    assert wallet.token(offer, shown.tx_code).status_code == 400


def test_i2_one_nonce_used_at_once(wallet, token):  # noqa: F811
    proof = wallet.proof(wallet.nonce())
    answers = at_once(lambda _: WireWallet().ask(token, [proof]))
    assert statuses(answers) == [200, 400, 400, 400]
    assert IssuedCredential.objects.count() == 1


def test_one_offer_asked_at_once_with_different_nonces(wallet, token):  # noqa: F811
    proofs = [wallet.proof(wallet.nonce()) for _ in range(TOGETHER)]
    answers = at_once(lambda n: WireWallet().ask(token, [proofs[n]]))
    assert statuses(answers) == [200, 400, 400, 400]
    assert IssuedCredential.objects.count() == 1


def test_one_authorization_code_exchanged_at_once(portal):  # noqa: F811
    code = declined_code(portal)
    answers = at_once(lambda _: Portal(key=portal.key, verifier=portal.verifier).redeem(code))
    assert statuses(answers) == [200, 400, 400, 400]


def test_one_pushed_request_replayed_at_once(portal):  # noqa: F811
    form = portal.form()
    answers = at_once(lambda _: Portal(key=portal.key).post("/par", form))
    assert statuses(answers) == [201, 401, 401, 401]


def test_one_request_uri_opened_at_once(portal):  # noqa: F811
    path = portal.authorize_path()
    answers = at_once(lambda _: Browser().go(path))
    assert statuses(answers) == [200, 400, 400, 400]
    assert ProofingSession.objects.count() == 1


def test_one_hand_off_taken_by_several_phones_at_once(portal):  # noqa: F811
    link = arrive(portal).hand_over_link()
    answers = at_once(lambda _: Browser().send(link))
    assert statuses(answers) == [200, 404, 404, 404]


def test_one_round_decided_at_once(portal):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), State.SELFIE)  # noqa: F811
    at = timezone.now()
    for key, image in {"front": document_card()}.items():
        proofing.photos.create(
            purpose="document", key=key, sealed=proofing.seal(image, purpose=f"photo-{key}"), taken_at=at
        )
    for pose in proofing.challenge:
        face = AcceptedImage(cards.write({"person": "alice", "pose": pose}), 1, 1)
        sealed = proofing.seal(face.jpeg, purpose=f"photo-{pose}")
        proofing.photos.create(purpose="selfie", key=pose, sealed=sealed, taken_at=at)
    ProofingSession.objects.update(state=State.CHECKING, round=1, enqueued_at=at)
    answers = at_once(lambda _: deciding.decide(proofing_id=proofing.pk, round=1, at=timezone.now()))
    assert sorted(answers) == ["", "", "", "verified"]
    assert ProofingDecision.objects.count() == 1


def test_one_page_of_a_step_sent_from_several_tabs_at_once(portal):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), State.DETAILS)  # noqa: F811

    def send(_: int) -> str:
        mine = steps.get_proofing(proofing.pk, at=timezone.now())
        steps.give_details(proofing=mine, applicant=steps.Applicant("A", "a@b.example"), at=timezone.now())
        return "ok"

    outcomes = [type(outcome).__name__ for outcome in at_once(send)]
    assert sorted(outcomes)[-1] == "str"
    assert outcomes.count("str") == 1
    assert proofing.consents.count() == 2


def test_the_page_opened_in_several_tabs_shows_one_offer(proofing):  # noqa: F811
    shown = at_once(lambda _: offers.current_offer(proofing=proofing, at=timezone.now()).offer_uri)  # noqa: F811
    assert len(set(shown)) == 1


def test_processes_that_start_together_agree_on_their_keys(portal):  # noqa: F811
    answers = at_once(lambda _: Browser().client.get("/jwks").json())
    assert ProviderKey.objects.count() == 3
    kids = {tuple(sorted(entry["kid"] for entry in answer["keys"])) for answer in answers}
    assert len(kids) == 1


def test_one_deferred_credential_collected_at_once(portal):  # noqa: F811
    holder = FullWallet()
    holder.redeem(offer_for_test(ready_after_s=0))
    transaction_id = holder.credential().json()["transaction_id"]
    answers = at_once(lambda _: _same_token(holder).deferred(transaction_id))
    assert statuses(answers) == [200, 400, 400, 400]
    assert IssuedCredential.objects.count() == 1


def test_one_dpop_proof_shown_at_once(portal):  # noqa: F811
    holder = FullWallet(is_bound=True)
    holder.redeem(offer_for_test())
    headers = {"authorization": f"DPoP {holder.access_token}", "dpop": holder.dpop_proof("/notification")}
    body = '{"notification_id": "x", "event": "credential_accepted"}'
    answers = at_once(
        lambda _: WireWallet().client.post("/notification", body, content_type="application/json", headers=headers)
    )
    assert statuses(answers) == [400, 401, 401, 401], "one comes through to the question itself"


def test_one_wallets_code_redeemed_at_once(portal):  # noqa: F811
    call_command(
        "register_wallet", "--client-id", CLIENT_ID, "--name", "W", "--redirect-uri", REDIRECT_URI, stdout=StringIO()
    )
    holder, browser = FullWallet(), Browser()
    state = offer_for_test(by_code_flow=True).offer_uri.rpartition("/")[2]
    query = {"client_id": CLIENT_ID, "request_uri": holder.push(issuer_state=state).json()["request_uri"]}
    browser.client.get("/authorize", query)
    code = home_of(browser.client.post("/authorize/wallet", {"answer": "accept"}))["code"]

    def redeem(_):
        other = FullWallet()
        other.code_verifier = holder.code_verifier
        return other.redeem_code(code)

    assert statuses(at_once(redeem)) == [200, 400, 400, 400]
    # Whoever came second may have been a thief: the token is taken back, or was not there yet to be taken.
    assert AccessToken.objects.count() <= 1


def _same_token(holder):
    twin = FullWallet()
    twin.access_token = holder.access_token
    return twin
