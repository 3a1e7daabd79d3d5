"""The authorization code flow for wallets: PAR, PKCE, ``iss``, and the person who was proofed in this very browser."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from idv.credentials import keys, sd_jwt
from idv.provider.flows import offers
from idv.provider.models import AccessToken, CredentialOffer, IssuedCredential, ProofingSession, WalletAuthorization
from tests.fakes.proofing import Browser
from tests.fakes.wire_wallet import CLIENT_ID, REDIRECT_URI, FullWallet, home_of, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_issuer import proofing  # noqa: F401
from tests.flow.test_provider_wire import refused

ISSUER = "http://provider.test"


@pytest.fixture(autouse=True)
def registered(portal):  # noqa: F811
    call_command(
        "register_wallet", "--client-id", CLIENT_ID, "--name", "Independent Wallet", "--redirect-uri", REDIRECT_URI,
        stdout=StringIO(),
    )  # fmt: skip


@pytest.fixture
def wallet():
    return FullWallet()


def browser_of(proofing, role="single"):  # noqa: F811
    """The browser in which this person was proofed."""
    browser = Browser()
    session = browser.client.session
    session["proofings"] = {str(proofing.pk): role}
    session.save()
    return browser


def to_consent(wallet, browser, **changes):
    pushed = wallet.push(**changes)
    assert pushed.status_code == 201, pushed.content
    return browser.client.get("/authorize", {"client_id": CLIENT_ID, "request_uri": pushed.json()["request_uri"]})


def consented(wallet, browser, answer="accept", **changes):
    page = to_consent(wallet, browser, **changes)
    assert page.status_code == 200, page.content
    assert "Independent Wallet" in page.content.decode()
    return home_of(browser.client.post("/authorize/wallet", {"answer": answer}))


def test_the_person_who_was_just_proofed_gets_the_credential_into_the_wallet_that_asked(wallet, proofing):  # noqa: F811
    home = consented(wallet, browser_of(proofing))
    assert (home["state"], home["iss"]) == ("s-1", ISSUER)
    assert wallet.redeem_code(home["code"]).status_code == 200
    answer = wallet.credential()
    assert sd_jwt.read(answer.json()["credentials"][0]["credential"])["fullName"] == "Alice Archer"
    assert ProofingSession.objects.get().state == "issued"


def test_it_is_the_persons_decision(wallet, proofing):  # noqa: F811
    home = consented(wallet, browser_of(proofing), answer="decline")
    assert home == {"error": "access_denied", "state": "s-1", "iss": ISSUER}
    assert not IssuedCredential.objects.exists()


@pytest.mark.parametrize("who", ["nobody", "desktop", "over"])
def test_a_browser_in_which_nobody_was_proofed_goes_back_with_access_denied(wallet, proofing, who):  # noqa: F811
    if who == "over":
        ProofingSession.objects.update(expires_at=timezone.now())
    browser = Browser() if who == "nobody" else browser_of(proofing, "desktop" if who == "desktop" else "single")
    answer = to_consent(wallet, browser)
    assert answer.status_code == 302
    assert answer["Location"].startswith(REDIRECT_URI)
    assert "error=access_denied" in answer["Location"]
    assert browser.client.post("/authorize/wallet", {"answer": "accept"}).status_code == 400


def test_another_browser_cannot_consent(wallet, proofing):  # noqa: F811
    to_consent(wallet, browser_of(proofing))
    assert (
        Client().post("/authorize/wallet", {"answer": "accept"}, headers={"host": "provider.test"}).status_code == 400
    )
    assert not WalletAuthorization.objects.filter(answered_at__isnull=False).exists()


def test_a_request_is_opened_once_and_answered_once(wallet, proofing):  # noqa: F811
    browser = browser_of(proofing)
    reference = wallet.push().json()["request_uri"]
    query = {"client_id": CLIENT_ID, "request_uri": reference}
    assert browser.client.get("/authorize", query).status_code == 200
    assert browser.client.get("/authorize", query).status_code == 400
    assert browser.client.post("/authorize/wallet", {"answer": "accept"}).status_code == 200
    assert browser.client.post("/authorize/wallet", {"answer": "accept"}).status_code == 400


def test_a_request_grows_stale(wallet, proofing):  # noqa: F811
    reference = wallet.push().json()["request_uri"]
    WalletAuthorization.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    query = {"client_id": CLIENT_ID, "request_uri": reference}
    assert browser_of(proofing).client.get("/authorize", query).status_code == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"redirect_uri": "wallet-app://evil"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "verified_identity verified_identity_jwt"}, "invalid_scope"),
        ({"authorization_details": "{"}, "invalid_authorization_details"),
        ({"authorization_details": '[{"type":"payment"}]'}, "invalid_authorization_details"),
        (
            {"authorization_details": '[{"type":"openid_credential","credential_configuration_id":"Other"}]'},
            "invalid_authorization_details",
        ),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"request": "a.b.c"}, "invalid_request"),
        ({"state": "ü"}, "invalid_request"),
        ({"dpop_jkt": "x" * 44}, "invalid_request"),
    ],
    ids=str,
)
def test_a_push_is_refused_with_the_standards_code(wallet, changes, code):
    assert refused(wallet.push(**changes), code)


def test_an_unregistered_wallet_is_no_client(wallet):
    assert refused(wallet.push(client_id="stranger"), "invalid_client", 401)


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "x" * 43}, {"redirect_uri": "wallet-app://other"}, {"code": "guess"}],
    ids=["verifier", "redirect_uri", "code"],
)
def test_a_code_is_redeemed_by_whom_it_was_given_to(wallet, proofing, changes):  # noqa: F811
    home = consented(wallet, browser_of(proofing))
    code = changes.pop("code", home["code"])
    assert refused(wallet.redeem_code(code, **changes), "invalid_grant")
    assert not AccessToken.objects.exists()


def test_another_wallet_cannot_redeem_it(wallet, proofing):  # noqa: F811
    call_command(
        "register_wallet", "--client-id", "thief", "--name", "T", "--redirect-uri", REDIRECT_URI, stdout=StringIO()
    )
    home = consented(wallet, browser_of(proofing))
    assert refused(wallet.redeem_code(home["code"], client_id="thief"), "invalid_grant")


def test_a_code_used_twice_takes_the_first_token_back(wallet, proofing):  # noqa: F811
    home = consented(wallet, browser_of(proofing))
    assert wallet.redeem_code(home["code"]).status_code == 200
    thief = FullWallet()
    thief.code_verifier = wallet.code_verifier
    assert refused(thief.redeem_code(home["code"]), "invalid_grant")
    assert refused(wallet.credential(), "invalid_token", 401)


def test_a_code_grows_stale(wallet, proofing):  # noqa: F811
    home = consented(wallet, browser_of(proofing))
    WalletAuthorization.objects.update(code_expires_at=timezone.now())
    assert refused(wallet.redeem_code(home["code"]), "invalid_grant")


def test_the_request_binds_the_token_to_the_key_that_pushed_it(proofing):  # noqa: F811
    wallet = FullWallet(is_bound=True)
    home = consented(wallet, browser_of(proofing))
    wallet.dpop_key, own = keys.generate(), wallet.dpop_key
    assert refused(wallet.redeem_code(home["code"]), "invalid_dpop_proof")
    home = consented(wallet, browser_of(proofing))
    assert wallet.redeem_code(home["code"]).json()["token_type"] == "DPoP"
    assert own is not wallet.dpop_key
    assert wallet.credential().status_code == 200


def test_a_named_key_without_a_proof_gives_no_token(wallet, proofing):  # noqa: F811
    jkt = keys.thumbprint(keys.generate().public_jwk())
    home = consented(wallet, browser_of(proofing), dpop_jkt=jkt)
    assert refused(wallet.redeem_code(home["code"]), "invalid_dpop_proof")


def test_who_asks_by_authorization_details_gets_identifiers_and_must_use_them(wallet, proofing):  # noqa: F811
    details = json.dumps([{"type": "openid_credential", "credential_configuration_id": "VerifiedIdentity"}])
    home = consented(wallet, browser_of(proofing), scope=None, authorization_details=details)
    (granted,) = wallet.redeem_code(home["code"]).json()["authorization_details"]
    (identifier,) = granted["credential_identifiers"]
    assert refused(wallet.credential(), "invalid_credential_request")
    guess = {"credential_configuration_id": None, "credential_identifier": "guess"}
    assert refused(wallet.credential(**guess), "unknown_credential_identifier")
    assert wallet.credential(**guess | {"credential_identifier": identifier}).status_code == 200


def test_the_proofs_iss_is_the_client_or_absent(wallet, proofing):  # noqa: F811
    from tests.flow.test_provider_issuer import forged_proof

    home = consented(wallet, browser_of(proofing))
    wallet.redeem_code(home["code"])
    stranger = {"jwt": [forged_proof(wallet, payload={"iss": "stranger"})]}
    assert refused(wallet.credential(proofs=stranger), "invalid_proof")
    own = {"jwt": [forged_proof(wallet, payload={"iss": CLIENT_ID})]}
    assert wallet.credential(proofs=own).status_code == 200


def test_the_offer_on_the_page_and_the_code_share_one_redemption(wallet, proofing):  # noqa: F811
    shown = offers.current_offer(proofing=proofing, at=timezone.now())
    other = FullWallet()
    home = consented(wallet, browser_of(proofing))
    assert other.redeem(shown).status_code == 200
    assert refused(wallet.redeem_code(home["code"]), "invalid_grant")


def test_a_test_offer_for_the_code_flow_needs_no_proofing(wallet):
    shown = offer_for_test(by_code_flow=True)
    offer = wallet.offer(shown.offer_uri)
    assert list(offer["grants"]) == ["authorization_code"]
    state = offer["grants"]["authorization_code"]["issuer_state"]
    home = consented(wallet, Browser(), issuer_state=state)
    wallet.redeem_code(home["code"])
    assert wallet.credential().status_code == 200
    assert CredentialOffer.objects.get().redeemed_at is not None


def test_an_issuer_state_of_somebody_elses_offer_leads_nowhere(wallet, proofing):  # noqa: F811
    shown = offers.current_offer(proofing=proofing, at=timezone.now())
    state = shown.offer_uri.rpartition("/")[2]
    assert "error=access_denied" in to_consent(wallet, Browser(), issuer_state=state)["Location"]
    assert "error=access_denied" in to_consent(wallet, browser_of(proofing), issuer_state="guess")["Location"]
    assert to_consent(wallet, browser_of(proofing), issuer_state=state).status_code == 200


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "no-scheme", "https://", "app://x#f"])
def test_an_address_that_is_no_wallets_is_not_registered(uri):
    with pytest.raises(CommandError):
        call_command("register_wallet", "--client-id", "x", "--name", "X", "--redirect-uri", uri)
