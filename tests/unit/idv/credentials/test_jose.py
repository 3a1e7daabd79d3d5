"""JWS and JWE: one algorithm each, one spelling, the type always checked (facts V9, S17)."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey

from idv.credentials import base64url, jose, keys, strict_json

from .world import AT, sign_text

KEY = keys.generate()
ENCRYPTION = keys.generate_encryption()
TOKEN = jose.sign({"a": 1}, typ="test+jwt", key=KEY)
HEAD, BODY, SIGNATURE = TOKEN.split(".")


def _head(**header: Any) -> str:
    return base64url.encode(strict_json.dumps(header).encode())


def _with(**header: Any) -> str:
    return sign_text('{"a":1}', header={"typ": "test+jwt", **header}, key=KEY)


def _hmac_with_public_key() -> str:
    signing_input = f"{_head(alg='HS256', typ='test+jwt')}.{BODY}"
    secret = strict_json.dumps(KEY.public_jwk()).encode()
    return f"{signing_input}.{base64url.encode(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())}"


def _der() -> str:
    raw = base64url.decode(SIGNATURE)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return f"{HEAD}.{BODY}.{base64url.encode(der)}"


REFUSED = {
    "alg none": (f"{_head(alg='none', typ='test+jwt')}.{BODY}.", "jws_wrong_algorithm"),
    "alg missing": (f"{_head(typ='test+jwt')}.{BODY}.{SIGNATURE}", "jws_wrong_algorithm"),
    "HMAC with the public key": (_hmac_with_public_key(), "jws_wrong_algorithm"),
    "alg in other case": (_with(alg="es256"), "jws_wrong_algorithm"),
    "r and s are zero": (f"{HEAD}.{BODY}.{base64url.encode(bytes(64))}", "jws_bad_signature"),
    "r is the order": (
        f"{HEAD}.{BODY}."
        + base64url.encode(
            bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") + bytes(31) + b"\1"
        ),
        "jws_bad_signature",
    ),
    "a DER signature": (_der(), "jws_bad_signature"),
    "a signature too long": (f"{HEAD}.{BODY}.{base64url.encode(bytes(65))}", "jws_bad_signature"),
    "no signature": (f"{HEAD}.{BODY}.", "jws_bad_signature"),
    "another signature": (f"{HEAD}.{BODY}.{_with(x='y').split('.')[2]}", "jws_bad_signature"),
    "padding": (TOKEN + "==", "jws_malformed"),
    "unused bits in the signature": (TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1), "jws_malformed"),
    "a line break": (TOKEN + "\n", "jws_malformed"),
    "two parts": (f"{HEAD}.{BODY}", "jws_malformed"),
    "four parts": (TOKEN + ".AA", "jws_malformed"),
    "crit": (_with(crit=["exp"], exp=1), "jws_unsupported"),
    "an empty crit": (_with(crit=[]), "jws_unsupported"),
    "b64 false": (_with(b64=False), "jws_unsupported"),
    "typ missing": (_with(typ=None), "jws_wrong_type"),
    "typ JWT": (_with(typ="JWT"), "jws_wrong_type"),
    "typ in other case": (_with(typ="TEST+JWT"), "jws_wrong_type"),
    "a header twice": (
        base64url.encode(b'{"alg":"none","alg":"ES256","typ":"test+jwt"}') + f".{BODY}.{SIGNATURE}",
        "jws_malformed",
    ),
    "a payload that is no object": (sign_text("[1]", header={"typ": "test+jwt"}, key=KEY), "jws_malformed"),
    "a payload with NaN": (sign_text('{"exp":NaN}', header={"typ": "test+jwt"}, key=KEY), "jws_malformed"),
    "a header of 20 kB": (_with(x5c="A" * 20_000), "jws_malformed"),
    "a payload beyond the limit": ("A" * 500_000, "jws_too_large"),
}


@pytest.mark.parametrize(("token", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(token: str, code: str) -> None:
    with pytest.raises(jose.JoseInvalid) as refusal:
        jose.verify(token, key=KEY.public_key, typ="test+jwt")
    assert refusal.value.code == code


def test_it_accepts_its_own_and_an_unknown_header() -> None:
    assert jose.verify(TOKEN, key=KEY.public_key, typ="test+jwt").payload == {"a": 1}
    assert jose.verify(_with(extra=1), key=KEY.public_key, typ="test+jwt").payload == {"a": 1}


def test_another_key_does_not_verify() -> None:
    with pytest.raises(jose.JoseInvalid):
        jose.verify(TOKEN, key=keys.generate().public_key, typ="test+jwt")


def test_a_key_on_another_curve_does_not_verify() -> None:
    with pytest.raises(jose.JoseInvalid) as refusal:
        jose.verify(TOKEN, key=ec.generate_private_key(ec.SECP384R1()).public_key(), typ="test+jwt")
    assert refusal.value.code == "jws_bad_signature"


def test_the_key_of_a_set_is_the_one_that_kid_names() -> None:
    other = keys.generate()
    assert jose.verify_with_jwks(TOKEN, jwks={"keys": [other.jwks_entry(), KEY.jwks_entry()]}, typ="test+jwt").payload
    for jwks in ([other.jwks_entry()], [KEY.jwks_entry()] * 2, [], [KEY.jwks_entry() | {"use": "enc"}]):
        with pytest.raises(jose.JoseInvalid):
            jose.verify_with_jwks(TOKEN, jwks=jwks, typ="test+jwt")
    with pytest.raises(jose.JoseInvalid):
        jose.verify_with_jwks(TOKEN, jwks={"keys": "none"}, typ="test+jwt")


def test_without_a_kid_no_key_is_guessed() -> None:
    token = jose.sign({}, typ="test+jwt", key=KEY, named_by="nothing")
    with pytest.raises(jose.JoseInvalid) as refusal:
        jose.verify_with_jwks(token, jwks=[KEY.jwks_entry()], typ="test+jwt")
    assert refusal.value.code == "jws_key_unknown"


def test_x5c_needs_a_certificate() -> None:
    with pytest.raises(keys.KeyInvalid):
        jose.sign({}, typ="test+jwt", key=KEY, named_by="x5c")


@pytest.mark.parametrize("value", ["1", True, False, None, [1], -1, 10**12, 1e300, float("inf"), float("nan")])
def test_a_time_that_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(jose.JoseInvalid) as refusal:
        jose.time_of({"exp": value}, "exp")
    assert refusal.value.code == "time_malformed"


def test_times_are_read_as_utc_and_may_have_fractions() -> None:
    assert jose.time_of({"exp": jose.seconds(AT)}, "exp") == AT
    assert jose.time_of({"exp": jose.seconds(AT) + 0.5}, "exp") > AT  # type: ignore[operator]
    assert jose.time_of({}, "exp") is None
    with pytest.raises(jose.JoseInvalid):
        jose.required_time_of({}, "exp")


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_a_portrait_travels_encrypted(enc: str) -> None:
    token = jose.encrypt({"p": "x" * 200_000}, recipient_jwk=ENCRYPTION.public_jwk(), enc=enc)
    assert jose.decrypt(token, key=ENCRYPTION) == {"p": "x" * 200_000}
    assert jose.strict_json.load_object(base64url.decode(token.split(".")[0]))["kid"] == ENCRYPTION.kid


def _encrypted(alg: str, enc: str, key: Any, plaintext: bytes = b"{}", **header: Any) -> str:
    return jwe.encrypt_compact(
        {"alg": alg, "enc": enc, **header}, plaintext, key, algorithms=[alg, enc, *(["DEF"] if "zip" in header else [])]
    )


def _ec() -> ECKey:
    return ECKey.import_key(ENCRYPTION.private_pem())


UNOPENED = {
    "five empty parts": (lambda: "....", "jwe_malformed"),
    "four parts": (lambda: "a.b.c.d", "jwe_malformed"),
    "another key": (
        lambda: jose.encrypt({}, recipient_jwk=keys.generate_encryption(kid=ENCRYPTION.kid).public_jwk()),
        "jwe_not_for_us",
    ),
    "another kid": (lambda: jose.encrypt({}, recipient_jwk=keys.generate_encryption().public_jwk()), "jwe_key_unknown"),
    "a key wrap": (lambda: _encrypted("ECDH-ES+A128KW", "A128GCM", _ec()), "jwe_unsupported"),
    "dir": (lambda: _encrypted("dir", "A128GCM", OctKey.generate_key(128)), "jwe_unsupported"),
    "CBC": (lambda: _encrypted("ECDH-ES", "A128CBC-HS256", _ec()), "jwe_unsupported"),
    "compressed": (lambda: _encrypted("ECDH-ES", "A128GCM", _ec(), b"{}" + b" " * 900, zip="DEF"), "jwe_unsupported"),
    "an array inside": (lambda: _encrypted("ECDH-ES", "A128GCM", _ec(), b"[]"), "json_not_an_object"),
    "a member twice inside": (
        lambda: _encrypted("ECDH-ES", "A128GCM", _ec(), b'{"a":1,"a":2}'),
        "json_duplicate_member",
    ),
    "too large": (lambda: "A" * 600_000, "jwe_too_large"),
    "no ephemeral key": (lambda: f"{_head(alg='ECDH-ES', enc='A128GCM')}..AAAA.AAAA.AAAA", "key_malformed"),
    "an ephemeral key off the curve": (
        lambda: (
            _head(alg="ECDH-ES", enc="A128GCM", epk={**KEY.public_jwk(), "y": base64url.encode(b"\1" * 32)})
            + "..AAAA.AAAA.AAAA"
        ),
        "key_off_curve",
    ),
    "an ephemeral key on P-521": (
        lambda: _head(alg="ECDH-ES", enc="A128GCM", epk={"kty": "EC", "crv": "P-521"}) + "..AAAA.AAAA.AAAA",
        "key_unsupported",
    ),
    "an altered tag": (
        lambda: jose.encrypt({}, recipient_jwk=ENCRYPTION.public_jwk()).rsplit(".", 1)[0] + "." + "A" * 22,
        "jwe_not_for_us",
    ),
    "a short tag": (
        lambda: jose.encrypt({}, recipient_jwk=ENCRYPTION.public_jwk()).rsplit(".", 1)[0] + ".AAAA",
        "jwe_not_for_us",
    ),
}


@pytest.mark.parametrize(("make", "code"), UNOPENED.values(), ids=UNOPENED.keys())
def test_it_does_not_open(make: Any, code: str) -> None:
    with pytest.raises(jose.JoseInvalid) as refusal:
        jose.decrypt(make(), key=ENCRYPTION)
    assert refusal.value.code == code


def test_it_encrypts_for_encryption_keys_only_and_as_offered() -> None:
    with pytest.raises(keys.KeyInvalid):
        jose.encrypt({}, recipient_jwk=KEY.jwks_entry())
    with pytest.raises(jose.JoseInvalid):
        jose.encrypt({}, recipient_jwk=ENCRYPTION.public_jwk(), enc="A128CBC-HS256")


@given(
    st.text(max_size=80)
    | st.builds(lambda a, b: TOKEN[:a] + b + TOKEN[a + 1 :], st.integers(0, 200), st.text(max_size=1))
)
def test_whatever_comes_is_verified_or_cleanly_refused(text: str) -> None:
    try:
        found = jose.verify(text, key=KEY.public_key, typ="test+jwt")
    except jose.JoseInvalid:
        return
    assert text == TOKEN
    assert found.payload == {"a": 1}


def test_a_recipient_without_kid_is_encrypted_for_without_kid() -> None:
    jwk = {name: value for name, value in ENCRYPTION.public_jwk().items() if name != "kid"}
    assert jose.decrypt(jose.encrypt({"a": 1}, recipient_jwk=jwk), key=ENCRYPTION) == {"a": 1}
