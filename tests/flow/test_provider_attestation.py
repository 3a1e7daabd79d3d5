"""Wallets whose makers vouch for them: asked for where an operator said so, and refused as the standard names it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from idv.credentials import certificates, keys
from idv.protocol import client_attestation
from idv.provider.flows import attesting
from idv.provider.models import AccessToken, CredentialOffer, WalletAttester, WalletAuthorization
from tests.fakes.wire_wallet import CLIENT_ID, REDIRECT_URI, FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_code_flow import browser_of, consented
from tests.flow.test_provider_issuer import proofing  # noqa: F401
from tests.flow.test_provider_wire import refused

ISSUER = "http://provider.test"
ATTESTER = "https://attester.example"


class AttestedWallet(FullWallet):
    """Brings its maker's word for it with every request of the authorization server."""

    def __init__(self, maker: keys.SigningKey, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.maker = maker
        self.instance_key = keys.generate()
        self.attestation_changes: dict = {}
        self.pop_changes: dict = {}
        self.headers: dict[str, str] | None = None

    def pair(self) -> dict[str, str]:
        at = timezone.now()
        attested = {
            "attester": ATTESTER, "client_id": CLIENT_ID, "instance_key": self.instance_key, "key": self.maker,
            "at": at, "lifetime": timedelta(hours=1),
        }  # fmt: skip
        proof = {
            "client_id": CLIENT_ID, "audience": ISSUER, "challenge": attesting.new_challenge(at=at),
            "instance_key": self.instance_key, "at": at,
        }  # fmt: skip
        return {
            client_attestation.ATTESTATION_HEADER: client_attestation.build_attestation(
                **(attested | self.attestation_changes)
            ),
            client_attestation.POP_HEADER: client_attestation.build_pop(**(proof | self.pop_changes)),
        }

    def post(self, path, body, *, content_type, **headers):
        given = {}
        if path in {"/par", "/token"}:
            given = self.pair() if self.headers is None else self.headers
        return super().post(path, body, content_type=content_type, **headers, **given)


@pytest.fixture
def maker():
    return keys.generate("maker-1")


@pytest.fixture
def attester(portal, maker, tmp_path):  # noqa: F811
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [maker.jwks_entry()]}))
    call_command("register_attester", "--issuer", ATTESTER, "--name", "Maker", "--jwks", str(jwks), stdout=StringIO())
    return WalletAttester.objects.get()


@pytest.fixture
def registered(attester):
    call_command(
        "register_wallet", "--client-id", CLIENT_ID, "--name", "Independent Wallet", "--redirect-uri", REDIRECT_URI,
        "--attester", ATTESTER, stdout=StringIO(),
    )  # fmt: skip


@pytest.fixture
def wallet(registered, maker):
    return AttestedWallet(maker)


def test_an_attested_wallet_gets_its_credential(wallet, proofing):  # noqa: F811
    home = consented(wallet, browser_of(proofing))
    assert wallet.redeem_code(home["code"]).status_code == 200
    assert wallet.credential().status_code == 200
    assert WalletAuthorization.objects.get().instance_jkt == keys.thumbprint(wallet.instance_key.public_jwk())


def test_an_attester_is_believed_by_its_certificates_too(wallet, tmp_path):
    at = timezone.now()
    authority = certificates.development_ca("Makers", at)
    pem = tmp_path / "authorities.pem"
    pem.write_text(authority.chain_pems()[0])
    call_command(
        "register_attester", "--issuer", ATTESTER, "--name", "Maker", "--authorities", str(pem), stdout=StringIO()
    )
    wallet.maker = certificates.issue_leaf(authority, name="Maker", at=at, uri_names=[ATTESTER])
    assert wallet.push().status_code == 201
    wallet.maker = certificates.issue_leaf(authority, name="Maker", at=at, uri_names=["https://other.example"])
    assert refused(wallet.push(), "invalid_client", 401)


def test_it_is_announced_only_where_somebody_is_believed(portal, house):  # noqa: F811
    bare = FullWallet()
    path = "/.well-known/oauth-authorization-server"
    assert "challenge_endpoint" not in bare.client.get(path).json()
    assert bare.client.post("/attestation-challenge").status_code == 404
    attesting.register(
        issuer=ATTESTER, name="M", jwks={"keys": [keys.generate().jwks_entry()]}, authorities="", at=timezone.now()
    )
    server = bare.client.get(path).json()
    assert server["challenge_endpoint"] == f"{ISSUER}/attestation-challenge"
    assert "attest_jwt_client_auth" in server["token_endpoint_auth_methods_supported"]
    assert server["client_attestation_signing_alg_values_supported"] == ["ES256"]
    answer = bare.client.post("/attestation-challenge")
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["attestation_challenge"]


@pytest.mark.parametrize("left_out", ["both", client_attestation.ATTESTATION_HEADER, client_attestation.POP_HEADER])
def test_a_wallet_that_must_be_attested_and_is_not_is_no_client(wallet, left_out):
    pair = wallet.pair()
    wallet.headers = {} if left_out == "both" else {name: text for name, text in pair.items() if name != left_out}
    assert refused(wallet.push(), "invalid_client", 401)
    assert not WalletAuthorization.objects.exists()


def _later(**much):
    return {"at": timezone.now() + timedelta(**much)}


@pytest.mark.parametrize(
    ("attestation", "pop"),
    [
        ({"key": keys.generate("maker-1")}, {}),
        ({"key": keys.generate("unknown")}, {}),
        ({"attester": "https://stranger.example"}, {}),
        ({"client_id": "another"}, {}),
        ({"client_id": "another"}, {"client_id": "another"}),
        ({"lifetime": timedelta(0)}, {}),
        (_later(hours=1), {}),
        ({"instance_key": keys.generate()}, {}),
        ({}, {"instance_key": keys.generate()}),
        ({}, {"audience": "https://elsewhere.example"}),
        ({}, {"client_id": "another"}),
        ({}, _later(minutes=-10)),
        ({}, _later(hours=1)),
    ],
    ids=[
        "forged", "unknown_key", "stranger", "other_sub", "other_client", "expired", "future", "other_cnf",
        "forged_proof", "other_audience", "other_iss", "old_proof", "future_proof",
    ],
)  # fmt: skip
def test_an_attestation_that_proves_nothing_is_refused(wallet, attestation, pop):
    wallet.attestation_changes, wallet.pop_changes = attestation, pop
    answer = wallet.push()
    assert refused(answer, "invalid_client", 401)
    assert answer.json() == {"error": "invalid_client"}  # which check it was is for the log
    assert not WalletAuthorization.objects.exists()


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.b.c, d.e.f", "é", "." * 50_000], ids=range(6))
@pytest.mark.parametrize("header", [client_attestation.ATTESTATION_HEADER, client_attestation.POP_HEADER])
def test_rubbish_in_a_header_is_refused(wallet, header, text):
    wallet.headers = wallet.pair() | {header: text}
    assert refused(wallet.push(), "invalid_client", 401)


def test_the_two_tokens_cannot_stand_for_each_other(wallet):
    pair = wallet.pair()
    attestation, pop = pair.values()
    for first, second in ((pop, attestation), (attestation, attestation), (pop, pop)):
        wallet.headers = dict(zip(pair, (first, second), strict=True))
        assert refused(wallet.push(), "invalid_client", 401)


@pytest.mark.parametrize("challenge", ["", "guess", "1-" + "a" * 32])
def test_without_a_challenge_of_ours_one_is_given(wallet, challenge):
    wallet.pop_changes = {"challenge": challenge}
    answer = wallet.push()
    assert refused(answer, "use_attestation_challenge")
    wallet.pop_changes = {"challenge": answer["OAuth-Client-Attestation-Challenge"]}
    assert wallet.push().status_code == 201


def test_a_dpop_nonce_is_no_challenge(wallet):
    wallet.pop_changes = {"challenge": wallet.client.post("/nonce")["DPoP-Nonce"]}
    assert refused(wallet.push(), "use_attestation_challenge")


def test_a_proof_is_good_once(wallet):
    wallet.headers = wallet.pair()
    assert wallet.push().status_code == 201
    assert refused(wallet.push(), "invalid_client", 401)


def test_another_instance_of_the_same_wallet_cannot_redeem_the_code(wallet, proofing):  # noqa: F811
    home = consented(wallet, browser_of(proofing))
    wallet.instance_key = keys.generate()
    assert refused(wallet.redeem_code(home["code"]), "invalid_grant")
    assert not AccessToken.objects.exists()


def test_without_its_attestation_the_code_is_not_even_looked_at(wallet, proofing):  # noqa: F811
    home = consented(wallet, browser_of(proofing))
    wallet.headers = {}
    assert refused(wallet.redeem_code(home["code"]), "invalid_client", 401)
    assert WalletAuthorization.objects.get().code_used_at is None
    wallet.headers = None
    assert wallet.redeem_code(home["code"]).status_code == 200


def test_an_attester_that_is_believed_no_more_opens_nothing(wallet, attester):
    WalletAttester.objects.update(enabled=False)
    assert refused(wallet.push(), "invalid_client", 401)


def test_an_attested_wallet_with_a_pre_authorized_code_is_who_it_says(attester, maker):
    wallet = AttestedWallet(maker)
    assert wallet.redeem(offer_for_test()).status_code == 200
    assert AccessToken.objects.get().client_id == CLIENT_ID
    other = AttestedWallet(maker)
    other.attestation_changes = {"key": keys.generate("maker-1")}
    assert refused(other.redeem(offer_for_test()), "invalid_client", 401)
    assert CredentialOffer.objects.filter(redeemed_at__isnull=True).count() == 1


def test_no_other_maker_may_vouch_for_a_wallet(registered, maker):
    stranger = keys.generate("stranger-1")
    attesting.register(
        issuer="https://stranger.example", name="S", jwks={"keys": [stranger.jwks_entry()]}, authorities="",
        at=timezone.now(),
    )  # fmt: skip
    wallet = AttestedWallet(stranger)
    wallet.attestation_changes = {"attester": "https://stranger.example"}
    assert refused(wallet.push(), "invalid_client", 401)
    assert refused(wallet.redeem(offer_for_test()), "invalid_client", 401)


def test_where_nobody_is_believed_the_headers_are_not_looked_at(portal, maker):  # noqa: F811
    assert AttestedWallet(maker).redeem(offer_for_test()).status_code == 200


@pytest.mark.parametrize(
    ("name", "text"),
    [("--jwks", "{"), ("--jwks", "[]"), ("--jwks", '{"keys": [{}]}'), ("--authorities", "no certificate")],
)
def test_keys_that_are_none_are_not_registered(portal, tmp_path, name, text):  # noqa: F811
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(CommandError):
        call_command("register_attester", "--issuer", ATTESTER, "--name", "M", name, str(path), stdout=StringIO())
    with pytest.raises(CommandError):
        call_command("register_attester", "--issuer", ATTESTER, "--name", "M", stdout=StringIO())


def test_a_wallet_of_an_unknown_attester_is_not_registered(portal):  # noqa: F811
    with pytest.raises(CommandError):
        call_command(
            "register_wallet", "--client-id", "x", "--name", "X", "--redirect-uri", REDIRECT_URI, "--attester", "y",
            stdout=StringIO(),
        )  # fmt: skip
