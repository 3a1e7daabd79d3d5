"""Keys that a wallet's maker vouches for (OpenID4VCI 1.0 appendix D): beside a proof, or in place of one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from idv.credentials import certificates, jose, keys, sd_jwt
from idv.protocol import issuance, key_attestation
from idv.provider import policy
from idv.provider.flows import attesting
from idv.provider.models import IssuedCredential, WalletAttester
from tests.fakes.wire_wallet import FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_wire import refused

ATTESTER = "https://attester.example"
ISSUER = "http://provider.test"


@pytest.fixture
def maker(portal):  # noqa: F811
    key = keys.generate("maker-1")
    attesting.register(
        issuer=ATTESTER, name="Maker", jwks={"keys": [key.jwks_entry()]}, authorities="", at=timezone.now()
    )
    return key


@pytest.fixture
def wallet(maker):
    wallet = FullWallet()
    wallet.redeem(offer_for_test())
    return wallet


def attested(maker, holder_keys, nonce, **changes):
    at = timezone.now()
    given = {"attester": ATTESTER, "nonce": nonce, "key": maker, "at": at, "expires_at": at + timedelta(minutes=5)}
    return key_attestation.build(holder_keys=holder_keys, **(given | changes))


def crafted(maker, holder_keys, nonce, /, **members):
    """The same with other members; ``...`` leaves one out."""
    payload = dict(jose.peek(attested(maker, holder_keys, nonce)).payload) | members
    kept = {name: value for name, value in payload.items() if value is not ...}
    return jose.sign(kept, typ=key_attestation.TYP, key=maker, named_by="kid")


def test_an_attestation_in_place_of_proofs_gives_a_credential_for_each_key(wallet, maker):
    own = [keys.generate() for _ in range(3)]
    answer = wallet.credential(proofs={"attestation": [attested(maker, own, wallet.nonce())]})
    assert answer.status_code == 200, answer.content
    found = [sd_jwt.read(entry["credential"])["cnf"]["jwk"] for entry in answer.json()["credentials"]]
    assert found == [key.public_jwk() for key in own]


def test_it_is_announced_only_where_somebody_is_believed(wallet):
    def announced():
        known = wallet.issuer_metadata()["credential_configurations_supported"]
        return [list(configuration["proof_types_supported"]) for configuration in known.values()]

    assert announced() == [["jwt", "attestation"]] * 2
    WalletAttester.objects.update(enabled=False)
    assert announced() == [["jwt"]] * 2


@pytest.mark.parametrize("names_itself", [True, False])
def test_an_attester_may_be_named_by_its_certificate_alone(wallet, names_itself):
    at = timezone.now()
    authority = certificates.development_ca("Makers", at)
    attesting.register(issuer=ATTESTER, name="M", jwks=None, authorities=authority.chain_pems()[0], at=at)
    leaf = certificates.issue_leaf(authority, name="Maker", at=at, uri_names=[ATTESTER])
    token = attested(leaf, [keys.generate()], wallet.nonce())
    if not names_itself:
        payload = {name: value for name, value in jose.peek(token).payload.items() if name != "iss"}
        token = jose.sign(payload, typ=key_attestation.TYP, key=leaf, named_by="x5c")
    assert wallet.credential(proofs={"attestation": [token]}).status_code == 200


def test_a_nonce_is_good_once_and_ours(wallet, maker):
    assert refused(
        wallet.credential(proofs={"attestation": [attested(maker, [keys.generate()], "guess")]}), "invalid_nonce"
    )
    nonce = wallet.nonce()
    token = attested(maker, [keys.generate()], nonce)
    assert wallet.credential(proofs={"attestation": [token]}).status_code == 200
    other = FullWallet()
    other.redeem(offer_for_test())
    assert refused(other.credential(proofs={"attestation": [token]}), "invalid_nonce")


FORGED = {
    "forged": lambda maker, own, nonce: attested(keys.generate("maker-1"), own, nonce),
    "unknown_key": lambda maker, own, nonce: attested(keys.generate("other"), own, nonce),
    "stranger": lambda maker, own, nonce: attested(maker, own, nonce, attester="https://stranger.example"),
    "expired": lambda maker, own, nonce: attested(maker, own, nonce, expires_at=timezone.now()),
    "future": lambda maker, own, nonce: attested(maker, own, nonce, at=timezone.now() + timedelta(hours=1)),
    "no_nonce": lambda maker, own, nonce: attested(maker, own, ""),
    "nonce_number": lambda maker, own, nonce: crafted(maker, own, nonce, nonce=7),
    "one_key_twice": lambda maker, own, nonce: attested(maker, own * 2, nonce),
    "too_many": lambda maker, own, nonce: attested(
        maker, [keys.generate() for _ in range(policy.BATCH_SIZE + 1)], nonce
    ),
    "no_keys": lambda maker, own, nonce: crafted(maker, own, nonce, attested_keys=[]),
    "keys_left_out": lambda maker, own, nonce: crafted(maker, own, nonce, attested_keys=...),
    "private_key": lambda maker, own, nonce: crafted(
        maker, own, nonce, attested_keys=[own[0].public_jwk() | {"d": own[0].public_jwk()["x"]}]
    ),
    "no_iat": lambda maker, own, nonce: crafted(maker, own, nonce, iat=...),
    "status": lambda maker, own, nonce: crafted(maker, own, nonce, status={"status_list": {"idx": 1, "uri": "x"}}),
    "a_proof": lambda maker, own, nonce: issuance.build_proof(
        key=own[0], audience=ISSUER, nonce=nonce, at=timezone.now()
    ),
    "other_type": lambda maker, own, nonce: jose.sign(
        dict(jose.peek(attested(maker, own, nonce)).payload), typ="JWT", key=maker
    ),
    "rubbish": lambda maker, own, nonce: "a.b.c",
}


@pytest.mark.parametrize("wrong", list(FORGED))
def test_an_attestation_that_says_nothing_is_no_proof(wallet, maker, wrong):
    token = FORGED[wrong](maker, [keys.generate()], wallet.nonce())
    assert refused(wallet.credential(proofs={"attestation": [token]}), "invalid_proof")
    assert not IssuedCredential.objects.exists()


@pytest.mark.parametrize("proofs", [{"attestation": []}, {"attestation": "x"}, {"attestation": ["x", "y"]}], ids=str)
def test_exactly_one_attestation_is_taken(wallet, proofs):
    assert refused(wallet.credential(proofs=proofs), "invalid_proof")


def with_attestation(proof_key, nonce, attestation):
    jwk = {"typ": issuance.PROOF_TYP, "jwk": proof_key.public_jwk(), "key_attestation": attestation}
    from jwt.api_jws import PyJWS

    payload = jose.strict_json.dumps({"aud": ISSUER, "iat": jose.seconds(timezone.now()), "nonce": nonce}).encode()
    return PyJWS().encode(payload, proof_key.private_key, "ES256", jwk)


@pytest.mark.parametrize("bound_to_request", [True, False])
def test_a_proof_may_bring_its_attestation_along(wallet, maker, bound_to_request):
    own, nonce = keys.generate(), wallet.nonce()
    proof = with_attestation(own, nonce, attested(maker, [own], nonce if bound_to_request else ""))
    assert wallet.credential(proofs={"jwt": [proof]}).status_code == 200


def test_a_proof_with_somebody_elses_attestation_is_refused(wallet, maker):
    own, nonce = keys.generate(), wallet.nonce()
    for attestation in (
        attested(maker, [keys.generate()], nonce),
        attested(maker, [own], "of-another-request"),
        attested(keys.generate("maker-1"), [own], nonce),
        "a.b.c",
        7,
    ):
        assert refused(wallet.credential(proofs={"jwt": [with_attestation(own, nonce, attestation)]}), "invalid_proof")


def test_where_nobody_is_believed_an_attestation_beside_a_proof_is_an_unknown_member(wallet, maker):
    WalletAttester.objects.update(enabled=False)
    own, nonce = keys.generate(), wallet.nonce()
    proof = with_attestation(own, nonce, attested(maker, [own], nonce))
    assert wallet.credential(proofs={"jwt": [proof]}).status_code == 200
    other = FullWallet()
    other.redeem(offer_for_test())
    token = attested(maker, [own], other.nonce())
    assert refused(other.credential(proofs={"attestation": [token]}), "invalid_proof")
