"""DPoP at the issuer (RFC 9449): a bound token is worth nothing without its key, and a proof is good once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from idv.credentials import jose, keys
from idv.protocol import dpop
from idv.provider.flows import dpop as doors
from idv.provider.models import AccessToken, CredentialOffer, IssuedCredential
from tests.fakes.wire_wallet import FORM, FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401

pytestmark = pytest.mark.usefixtures("portal")
ISSUER = "http://provider.test"


@pytest.fixture
def wallet():
    wallet = FullWallet(is_bound=True)
    answer = wallet.redeem(offer_for_test())
    assert answer.status_code == 200, answer.content
    assert answer.json()["token_type"] == "DPoP"
    return wallet


def ask(wallet, *, proof=None, scheme="DPoP"):
    headers = {"authorization": f"{scheme} {wallet.access_token}"} | ({"dpop": proof} if proof is not None else {})
    return wallet.client.post("/credential", wallet.wanted(), content_type="application/json", headers=headers)


def refused(answer, code, status=401):
    assert answer.status_code == status, answer.content
    assert answer.json() == {"error": code} or status == 400
    assert answer.json()["error"] == code
    if status == 401:
        assert answer["WWW-Authenticate"].startswith(("DPoP ", "Bearer "))
        assert f'error="{code}"' in answer["WWW-Authenticate"]
    assert not IssuedCredential.objects.exists()
    return answer


def test_a_bound_token_issues_to_the_holder_of_its_key(wallet):
    answer = wallet.credential()
    assert answer.status_code == 200, answer.content
    assert answer["DPoP-Nonce"]
    assert AccessToken.objects.get().dpop_jkt == keys.thumbprint(wallet.dpop_key.public_jwk())


def test_a_bound_token_lives_longer_than_a_bearer_token(wallet):
    bearer = FullWallet()
    assert bearer.redeem(offer_for_test()).json()["expires_in"] <= 300
    bound, other = AccessToken.objects.order_by("-expires_at")
    assert bound.dpop_jkt
    assert not other.dpop_jkt
    assert bound.expires_at > timezone.now() + timedelta(minutes=30)


def test_without_a_nonce_the_token_endpoint_gives_one_and_uses_nothing_up():
    shown = offer_for_test()
    wallet = FullWallet(is_bound=True)
    code = wallet.offer(shown.offer_uri)["grants"]
    form = {
        "grant_type": next(iter(code)),
        "pre-authorized_code": code[next(iter(code))]["pre-authorized_code"],
        "tx_code": shown.tx_code,
    }
    answer = wallet.client.post(
        "/token", "&".join(f"{k}={v}" for k, v in form.items()), content_type=FORM,
        headers={"dpop": wallet.dpop_proof("/token")},
    )  # fmt: skip
    assert refused(answer, "use_dpop_nonce", 400)["DPoP-Nonce"]
    assert CredentialOffer.objects.get().redeemed_at is None
    assert wallet.redeem(shown).status_code == 200


def test_without_a_nonce_the_credential_endpoint_challenges_with_one(wallet):
    answer = refused(ask(wallet, proof=wallet.dpop_proof("/credential", nonce="")), "use_dpop_nonce")
    wallet.dpop_nonce = answer["DPoP-Nonce"]
    assert ask(wallet, proof=wallet.dpop_proof("/credential")).status_code == 200


def test_a_bound_token_shown_as_a_bearer_token_is_refused(wallet):
    refused(ask(wallet, scheme="Bearer"), "invalid_token")
    refused(ask(wallet, scheme="Bearer", proof=wallet.dpop_proof("/credential")), "invalid_token")


def test_a_bearer_token_shown_as_a_bound_one_is_refused():
    wallet = FullWallet()
    wallet.redeem(offer_for_test())
    wallet.dpop_nonce = doors.new_nonce(at=timezone.now())
    refused(ask(wallet, proof=wallet.dpop_proof("/credential")), "invalid_token")


def test_a_stolen_bound_token_is_worth_nothing(wallet):
    thief = keys.generate()
    refused(ask(wallet, proof=wallet.dpop_proof("/credential", key=thief)), "invalid_dpop_proof")
    refused(ask(wallet), "invalid_dpop_proof")


def test_a_proof_is_good_once(wallet):
    proof = wallet.dpop_proof("/credential")
    assert wallet.client.post(
        "/credential", b"{", content_type="application/json",
        headers={"authorization": f"DPoP {wallet.access_token}", "dpop": proof},
    ).status_code == 400  # fmt: skip
    refused(ask(wallet, proof=proof), "invalid_dpop_proof")


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"url": f"{ISSUER}/token"},
        {"url": "http://evil.test/credential"},
        {"access_token": "another-token"},
        {"access_token": ""},
        {"at": -300},
        {"at": 300},
    ],
    ids=["method", "path", "origin", "other_token", "no_ath", "old", "future"],
)
def test_a_proof_for_something_else_is_refused(wallet, changes):
    if "at" in changes:
        changes = {"at": timezone.now() + timedelta(seconds=changes["at"])}
    refused(ask(wallet, proof=wallet.dpop_proof("/credential", **changes)), "invalid_dpop_proof")


def test_query_and_fragment_of_htu_do_not_count(wallet):
    assert ask(wallet, proof=wallet.dpop_proof("/credential", url=f"{ISSUER}/credential?x=1#y")).status_code == 200


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "a.b.c, a.b.c", "é"], ids=range(5))
def test_rubbish_for_a_proof_is_refused(wallet, proof):
    refused(ask(wallet, proof=proof), "invalid_dpop_proof")


@pytest.mark.parametrize("wrong", ["typ", "private", "kid", "jti_number", "jti_missing", "nonce_number"])
def test_a_proof_of_another_shape_is_refused(wallet, wrong):
    payload = {
        "htm": "POST", "htu": f"{ISSUER}/credential", "iat": jose.seconds(timezone.now()), "jti": "j" * 22,
        "nonce": wallet.dpop_nonce, "ath": dpop.hash_of(wallet.access_token),
    }  # fmt: skip
    payload |= {"jti_number": {"jti": 7}, "nonce_number": {"nonce": 7}}.get(wrong, {})
    if wrong == "jti_missing":
        del payload["jti"]
    typ = "JWT" if wrong == "typ" else dpop.TYP
    proof = jose.sign(payload, typ=typ, key=wallet.dpop_key, named_by="kid" if wrong == "kid" else "jwk")
    if wrong == "private":
        from jwt.api_jws import PyJWS

        jwk = wallet.dpop_key.public_jwk() | {"d": wallet.dpop_key.public_jwk()["x"]}
        proof = PyJWS().encode(b"{}", wallet.dpop_key.private_key, "ES256", {"typ": dpop.TYP, "jwk": jwk})
    refused(ask(wallet, proof=proof), "invalid_dpop_proof")


@pytest.mark.parametrize("nonce", ["guess", "1-" + "a" * 32, "9" * 13 + "-x", "٣-x", "-", "1e9-x"], ids=range(6))
def test_a_nonce_that_is_not_ours_is_answered_with_one_that_is(wallet, nonce):
    assert refused(ask(wallet, proof=wallet.dpop_proof("/credential", nonce=nonce)), "use_dpop_nonce")["DPoP-Nonce"]


def test_a_nonce_grows_stale(wallet):
    stale = doors.new_nonce(at=timezone.now() - timedelta(minutes=6))
    refused(ask(wallet, proof=wallet.dpop_proof("/credential", nonce=stale)), "use_dpop_nonce")


def test_the_nonce_endpoint_and_the_metadata_announce_dpop(wallet):
    assert wallet.client.post("/nonce")["DPoP-Nonce"]
    server = wallet.client.get("/.well-known/oauth-authorization-server").json()
    assert server["dpop_signing_alg_values_supported"] == ["ES256"]


def test_notifications_need_the_key_as_well(wallet):
    told = wallet.credential().json()
    body = {"notification_id": told["notification_id"], "event": "credential_accepted"}
    bare = wallet.client.post(
        "/notification", body, content_type="application/json",
        headers={"authorization": f"Bearer {wallet.access_token}"},
    )  # fmt: skip
    assert bare.status_code == 401
    assert wallet.notify(**body).status_code == 204
