"""Presenting to a verifier that is not ours: consent, sharing, declining, and requests that are not what they say."""

from datetime import timedelta

import httpx
import pytest
import time_machine

from idv.wallet.models import HeldCredential, SharingRecord
from tests.fakes.foreign_issuer import VCT, as_path
from tests.fakes.foreign_verifier import ForeignVerifier
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import join, receive


def ask(holder, verifier) -> str:
    return holder.get(as_path(verifier.link(), "present"))


def test_the_consent_page_names_who_asks_what_for_and_every_claim(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    assert holder.heading == "Share your Verified ID?"
    assert "verifier.test" in holder.text
    assert "Show your diploma" in holder.text
    assert "Given name Alice" in holder.text
    assert "data:image/jpeg;base64," in holder.page
    assert "Archer" not in holder.text  # not asked for
    for answer in ("share", "decline"):  # equally prominent
        assert f'class="button button--primary" type="submit" name="answer" value="{answer}"' in holder.page


@pytest.mark.parametrize("prefix", ["x509_hash", "x509_san_dns", "decentralized_identifier"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_sharing_gives_a_presentation_that_verifies_and_no_claim_more(holder, issuer, houses, prefix, method):
    verifier = join(ForeignVerifier(at=issuer.at, prefix=prefix, method=method))
    receive(holder, issuer)
    ask(holder, verifier)
    holder.submit(answer="share")
    assert holder.heading == "Success"
    presented = verifier.verified(issuer)
    assert presented.claims == {"firstName": "Alice", "portrait": issuer.claims["portrait"]}
    assert verifier.opened().encrypted


def test_a_plain_direct_post_is_answered_in_the_clear(holder, issuer, verifier):
    verifier.overrides = {"response_mode": "direct_post"}
    receive(holder, issuer)
    ask(holder, verifier)
    holder.submit(answer="share")
    assert holder.heading == "Success"
    assert set(verifier.answers[-1]) == {"vp_token", "state"}


def test_the_way_back_is_followed_in_this_browser(holder, issuer, verifier):
    verifier.redirect_uri = "https://verifier.test/back#response_code=abc"
    receive(holder, issuer)
    ask(holder, verifier)
    holder.submit(answer="share")
    assert 'href="https://verifier.test/back#response_code=abc" data-go-back' in holder.page


def test_a_way_back_that_is_a_script_is_not_followed(holder, issuer, verifier):
    verifier.redirect_uri = "javascript:alert(1)"
    receive(holder, issuer)
    ask(holder, verifier)
    holder.submit(answer="share")
    assert holder.heading == "Success"
    assert "javascript:" not in holder.page


def test_declining_tells_the_verifier_and_shares_nothing(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    holder.submit(answer="decline")
    assert holder.heading == "Declined"
    assert verifier.answers == [{"error": "access_denied", "state": "state-of-the-verifier"}]
    assert SharingRecord.objects.get().answer == "declined"


def test_declining_an_unreachable_verifier_is_still_a_no(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    verifier.faults["response"] = httpx.ConnectError("gone")
    holder.submit(answer="decline")
    assert "could not be told" in holder.text


def test_history_tells_what_was_shared_with_whom_but_no_values(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    holder.submit(answer="share")
    holder.get("/history/")
    assert "verifier.test" in holder.text
    assert "Show your diploma" in holder.text
    assert "Diploma: Photo, Given name" in holder.text
    assert "Alice" not in str(SharingRecord.objects.values().get())


def test_a_wallet_without_the_credential_says_what_to_do(holder, verifier):
    holder.set_up()
    ask(holder, verifier)
    assert "You'll have to add this Verified ID and try again." in holder.text
    assert 'value="share"' not in holder.page
    holder.submit(answer="share")
    assert holder.status == 400
    assert verifier.answers == []
    ask(holder, verifier)
    holder.submit(answer="decline")
    assert verifier.answers == [{"error": "access_denied", "state": "state-of-the-verifier"}]


def test_an_expired_credential_is_not_offered_for_sharing(holder, issuer, verifier):
    receive(holder, issuer)
    HeldCredential.objects.update(expires_at=issuer.at - timedelta(days=1))
    ask(holder, verifier)
    assert "You'll have to add this Verified ID and try again." in holder.text


def test_a_request_survives_the_unlock_step_outside_the_address(holder, issuer, verifier):
    receive(holder, issuer)
    holder.lock()
    ask(holder, verifier)
    assert holder.path == "/unlock/"
    assert verifier.calls == []
    holder.unlock()
    assert holder.heading == "Share your Verified ID?"
    assert "request_uri" not in holder.path


def test_a_claim_nobody_can_withhold_is_shown_too(holder, issuer, verifier):
    issuer.disclosable = ["firstName", "portrait", "lastName"]
    receive(holder, issuer)
    ask(holder, verifier)
    assert "Document number X1234567" in holder.text
    holder.submit(answer="share")
    assert set(verifier.verified(issuer).claims) == {"firstName", "portrait", "documentNumber"}


def test_the_person_chooses_between_two_that_fit(holder, issuer, verifier):
    receive(holder, issuer)
    issuer.codes["the-code"] = False
    issuer.claims["firstName"] = "Alicia"
    receive(holder, issuer)
    ask(holder, verifier)
    assert "Alicia" in holder.text
    older = HeldCredential.objects.order_by("received_at")[0]
    consent = holder.path
    holder.get(f"{consent}?use={older.pk}")
    assert "Alicia" not in holder.text
    holder.post(consent, answer="share", use=str(older.pk))
    assert verifier.verified(issuer).claims["firstName"] == "Alice"


def test_two_presentations_use_two_copies(holder, issuer, houses):
    issuer.batch_size = 3
    receive(holder, issuer)
    holders = []
    for _ in range(2):
        verifier = join(ForeignVerifier(at=issuer.at))
        ask(holder, verifier)
        holder.submit(answer="share")
        holders.append(verifier.verified(issuer).holder_jwk["x"])
    assert holders[0] != holders[1]


def test_of_credential_sets_only_what_is_needed_is_shared(holder, issuer, verifier):
    entry = {"format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}}
    verifier.query = {
        "credentials": [
            {"id": "a", **entry, "claims": [{"path": ["notHeld"]}]},
            {"id": "b", **entry, "claims": [{"path": ["lastName"]}]},
            {"id": "c", **entry, "claims": [{"path": ["documentNumber"]}]},
        ],
        "credential_sets": [{"options": [["a"], ["b"]]}, {"options": [["c"]], "required": False}],
    }
    receive(holder, issuer)
    ask(holder, verifier)
    assert "Archer" in holder.text
    assert "X1234567" not in holder.text
    holder.submit(answer="share")
    assert verifier.verified(issuer, "b").claims == {"lastName": "Archer"}


def test_a_double_click_on_share_answers_once(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    consent = holder.path
    holder.submit(answer="share")
    holder.post(consent, answer="share")
    assert holder.heading == "Success"
    assert len(verifier.answers) == 1


def test_an_answer_that_did_not_arrive_can_be_sent_again(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    consent = holder.path
    verifier.faults["response"] = httpx.ReadTimeout("slow")
    holder.submit(answer="share")
    assert holder.heading == "The other side does not answer"
    assert f'href="{consent}"' in holder.page
    verifier.faults.clear()
    holder.get(consent)
    holder.submit(answer="share")
    assert holder.heading == "Success"


def test_an_answer_that_was_refused_is_written_down(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    verifier.faults["response"] = httpx.Response(400, json={"error": "invalid_request"})
    holder.submit(answer="share")
    assert holder.heading == "It was not accepted"
    assert SharingRecord.objects.get().answer == "failed"


# --- requests that are not what they say


def refused(holder, issuer, verifier) -> str:
    receive(holder, issuer)
    ask(holder, verifier)
    assert holder.status == 400
    assert "Alice" not in holder.text
    assert verifier.answers == []
    return holder.heading


def test_a_forged_request_object_is_refused(holder, issuer, verifier):
    verifier.signed_by_stranger = True
    assert refused(holder, issuer, verifier) == "Who asks could not be verified"


def test_a_wrong_x509_hash_is_refused(holder, issuer, verifier):
    other = ForeignVerifier(at=issuer.at).client_id
    verifier.client_id = verifier.link_client_id = other
    assert refused(holder, issuer, verifier) == "Who asks could not be verified"


def test_a_client_id_that_differs_inside_and_outside_is_refused(holder, issuer, verifier):
    verifier.link_client_id = ForeignVerifier(at=issuer.at).client_id
    assert refused(holder, issuer, verifier) == "Who asks could not be verified"


def test_a_response_uri_on_another_host_than_the_certificate_is_refused(holder, issuer, houses):
    verifier = join(ForeignVerifier(at=issuer.at, prefix="x509_san_dns", response_host="elsewhere.test"))
    assert refused(holder, issuer, verifier) == "Who asks could not be verified"


@pytest.mark.parametrize("client_id", ["redirect_uri:https://verifier.test/response", "plain", "did:web:verifier.test"])
def test_a_kind_of_client_id_that_cannot_be_checked_is_refused(holder, issuer, verifier, client_id):
    verifier.client_id = client_id
    assert refused(holder, issuer, verifier) == "Who asks could not be verified"


def test_an_expired_request_is_refused(holder, issuer, verifier):
    verifier.lifetime = timedelta(seconds=-1)
    assert refused(holder, issuer, verifier) == "This request has ended"


def test_a_request_that_ends_while_the_person_reads_is_not_answered(holder, issuer, verifier):
    verifier.lifetime = timedelta(minutes=2)
    receive(holder, issuer)
    ask(holder, verifier)
    with time_machine.travel(issuer.at + timedelta(minutes=3), tick=False):
        holder.submit(answer="share")
    assert holder.heading == "This request has ended"
    assert verifier.answers == []


def test_a_request_without_the_wallets_nonce_is_refused_when_posted_for(holder, issuer, houses):
    verifier = join(ForeignVerifier(at=issuer.at, method="post", overrides={"wallet_nonce": "another"}))
    assert refused(holder, issuer, verifier) == "Who asks could not be verified"


@pytest.mark.parametrize(
    "overrides",
    [
        {"aud": "https://another.test"},
        {"nonce": ""},
        {"nonce": 5},
        {"dcql_query": {"credentials": []}},
        {"dcql_query": "x"},
        {"response_uri": "file:///etc/passwd"},
        {"response_mode": "fragment"},
        {"transaction_data": ["eyJ0eXBlIjoiYSJ9"]},
        {"client_metadata": []},
        {"state": 7},
        {"exp": "soon"},
    ],
)
def test_a_malformed_request_is_refused(holder, issuer, verifier, overrides):
    verifier.overrides = overrides
    assert refused(holder, issuer, verifier)


@pytest.mark.parametrize(
    "jwks", [None, {"keys": []}, {"keys": [{"kty": "oct", "k": "AA", "alg": "ECDH-ES"}]}, {"keys": 5}]
)
def test_a_request_without_a_key_to_encrypt_for_shares_nothing(holder, issuer, verifier, jwks):
    verifier.overrides = {"client_metadata": {"jwks": jwks}}
    receive(holder, issuer)
    ask(holder, verifier)
    holder.submit(answer="share")
    assert holder.status == 400
    assert verifier.answers == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"x" * 200_000),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, content=b"a.b.c"),
        httpx.Response(200, json={}),
        httpx.Response(302, headers={"Location": "https://elsewhere.test"}),
        httpx.Response(404),
        httpx.Response(503),
        httpx.ReadTimeout("slow"),
    ],
)
def test_whatever_stands_at_the_request_uri_the_page_stays_calm(holder, issuer, verifier, answer):
    verifier.faults["request"] = answer
    assert refused(holder, issuer, verifier)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"thanks"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"redirect_uri": {"a": 1}}),
        httpx.Response(200, json={"redirect_uri": "https://[bad"}),
    ],
)
def test_a_strange_thank_you_is_still_a_success(holder, issuer, verifier, answer):
    receive(holder, issuer)
    ask(holder, verifier)
    verifier.faults["response"] = answer
    holder.submit(answer="share")
    assert holder.heading == "Success"


def test_markup_in_a_verifiers_words_is_only_text(holder, issuer, verifier):
    evil = "<img src=x onerror=alert(1)>"
    verifier.purpose = evil
    verifier.overrides = {"client_metadata": {"client_name": evil}}
    receive(holder, issuer)
    ask(holder, verifier)
    assert "<img src=x" not in holder.page
    assert evil in holder.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "client_id=x",
        "request_uri=https%3A%2F%2Fverifier.test",
        "client_id=x&request_uri=ftp%3A%2F%2Fa",
        "request=abc&client_id=x",
    ],
)
def test_a_broken_request_link_gets_a_calm_page(holder, houses, query):
    holder.set_up()
    holder.get(f"/present?{query}")
    assert holder.status == 400
    assert holder.heading


def test_another_wallets_link_is_not_found(holder, issuer, verifier):
    receive(holder, issuer)
    ask(holder, verifier)
    consent = holder.path
    mallory = type(holder)()
    mallory.set_up()
    mallory.get(consent)
    assert mallory.status == 400
    assert "Alice" not in mallory.text
