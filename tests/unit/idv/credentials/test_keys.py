"""Keys: P-256 and nothing else (facts I8)."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from idv.credentials import base64url, certificates, keys

from .world import AT, world

GOOD = keys.generate().public_jwk()
REFUSED = {
    "no object": (["kty"], "key_malformed"),
    "private": (GOOD | {"d": "AA"}, "key_private"),
    "symmetric": ({"kty": "oct", "k": "AA"}, "key_private"),
    "symmetric in disguise": (GOOD | {"k": "AA"}, "key_private"),
    "RSA": ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "key_unsupported"),
    "P-384": (GOOD | {"crv": "P-384"}, "key_unsupported"),
    "off the curve": (GOOD | {"y": base64url.encode(b"\1" * 32)}, "key_off_curve"),
    "the point at infinity": (
        GOOD | {"x": base64url.encode(bytes(32)), "y": base64url.encode(bytes(32))},
        "key_off_curve",
    ),
    "beyond the field": (GOOD | {"x": base64url.encode(b"\xff" * 32)}, "key_off_curve"),
    "a short coordinate": (GOOD | {"x": base64url.encode(b"\1" * 31)}, "key_malformed"),
    "padded": (GOOD | {"x": GOOD["x"] + "="}, "key_malformed"),
    "a number for a coordinate": (GOOD | {"x": 1}, "key_malformed"),
    "no coordinate": ({"kty": "EC", "crv": "P-256", "x": GOOD["x"]}, "key_malformed"),
    "for encryption": (GOOD | {"use": "enc"}, "key_wrong_use"),
    "for another algorithm": (GOOD | {"alg": "ES384"}, "key_wrong_algorithm"),
    "only an address": ({"kty": "EC", "crv": "P-256", "x5u": "https://attacker.example/key"}, "key_malformed"),
}


@pytest.mark.parametrize(("jwk", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_keys_that_we_do_not_use(jwk: object, code: str) -> None:
    with pytest.raises(keys.KeyInvalid) as refusal:
        keys.public_key_of(jwk)
    assert refusal.value.code == code


def test_a_bare_jwk_is_enough_and_extra_addresses_are_ignored() -> None:
    assert keys.jwk_of(keys.public_key_of(GOOD | {"x5u": "http://169.254.169.254/", "jku": "file:///"})) == GOOD


def test_a_key_survives_its_pem_with_its_certificate() -> None:
    issuer = world().issuer
    again = keys.from_pem(issuer.private_pem(), kid=issuer.kid, chain_pems=issuer.chain_pems())
    assert (again.public_jwk(), again.kid, again.x5c()) == (issuer.public_jwk(), issuer.kid, issuer.x5c())
    assert again.kid == keys.thumbprint(again.public_jwk())


def test_an_encryption_key_survives_its_pem() -> None:
    key = keys.generate_encryption()
    assert keys.encryption_from_pem(key.private_pem(), kid=key.kid).public_jwk() == key.public_jwk()
    assert key.public_jwk()["use"] == "enc"


def test_a_certificate_of_another_key_is_refused() -> None:
    with pytest.raises(keys.KeyInvalid) as refusal:
        keys.from_pem(keys.generate().private_pem(), chain_pems=world().issuer.chain_pems())
    assert refusal.value.code == "key_certificate_mismatch"


@pytest.mark.parametrize(
    "private_key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)]
)
def test_other_private_keys_are_refused(private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with pytest.raises(keys.KeyInvalid):
        keys.from_pem(pem)


@pytest.mark.parametrize("pem", ["", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"])
def test_a_broken_pem_is_refused(pem: str) -> None:
    with pytest.raises(keys.KeyInvalid):
        keys.from_pem(pem)
    with pytest.raises(keys.KeyInvalid):
        keys.from_pem(world().holder.private_pem(), chain_pems=[pem])


def test_a_printed_key_does_not_show_itself() -> None:
    for key in (keys.generate(), keys.generate_encryption()):
        assert repr(key) == f"{type(key).__name__}(kid='{key.kid}')"


def test_the_rfc_7638_shape_of_a_thumbprint() -> None:
    assert keys.thumbprint(GOOD) == keys.thumbprint(GOOD | {"kid": "any", "use": "sig"})
    assert len(keys.thumbprint(GOOD)) == 43


def test_a_leaf_names_its_host_for_a_verifier() -> None:
    leaf = certificates.issue_leaf(world().ca, name="Portal", at=AT, dns_names=["portal.example"]).chain
    assert len(leaf) == 1
    assert len(certificates.x509_hash(leaf[0])) == 43
