"""Every presentation that must be refused, by the names of the facts (2.1 and V1 to V9), and the ones that must not."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idv.credentials import jose, keys, sd_jwt, status_list, trust, verify

from .world import AT, AUDIENCE, CLAIMS, ISSUER, LIST_URI, NONCE, VCT, FixedStatus, disclosure, world

W = world()
NOW = jose.seconds(AT)
OTHER_KEY = keys.generate()


def code_of(vp: str, **changes: Any) -> str:
    with pytest.raises(verify.PresentationInvalid) as refusal:
        W.verify(vp, **changes)
    return refusal.value.code


def faulty(**changes: Any) -> str:
    """A presentation of what a trusted, faulty issuer signed."""
    return W.bound(W.signed(W.payload(**changes)))


def test_a_good_presentation() -> None:
    found = W.verify(W.presented(disclose=["firstName", "lastName"]))
    assert found == verify.VerifiedPresentation(
        issuer=ISSUER,
        vct=VCT,
        claims={"firstName": "Alice", "lastName": "Möbius"},
        holder_jwk=W.holder.public_jwk(),
        issued_at=AT,
        expires_at=AT + timedelta(days=30),
        status=0,
        presented_at=AT,
    )


def test_minimal_cnf_jwk_is_accepted() -> None:
    assert W.holder.public_jwk().keys() == {"kty", "crv", "x", "y"}
    assert W.verify(faulty()).holder_jwk == W.holder.public_jwk()
    named = W.holder.public_jwk() | {"kid": "k", "alg": "ES256", "use": "sig"}
    assert W.verify(faulty(cnf={"jwk": named})).holder_jwk == W.holder.public_jwk()


# --- facts 2.1: the official suite --------------------------------------------------------------------------------


def test_invalid_credential_signature() -> None:
    issuer_jwt, rest = W.presented().split("~", 1)
    head, body, signature = issuer_jwt.split(".")
    other = W.signed(W.payload()).split(".")[2]
    assert other != signature
    assert code_of(f"{head}.{body}.{other}~{rest}") == "jws_bad_signature"


def test_invalid_key_binding_signature() -> None:
    assert code_of(W.without_holder().presented(W.credential())) == "jws_bad_signature"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nonce": NONCE + "x"}, "key_binding_wrong_nonce"),
        ({"nonce": ...}, "key_binding_wrong_nonce"),
        ({"nonce": [NONCE]}, "key_binding_wrong_nonce"),
        ({"aud": "x509_hash:b3RoZXI"}, "key_binding_wrong_audience"),
        ({"aud": "Zm9v"}, "key_binding_wrong_audience"),
        ({"aud": [AUDIENCE]}, "key_binding_wrong_audience"),
        ({"aud": ...}, "key_binding_wrong_audience"),
        ({"sd_hash": sd_jwt.digest_of("other~")}, "key_binding_wrong_hash"),
        ({"sd_hash": ...}, "key_binding_wrong_hash"),
        ({"iat": NOW - 31_536_000}, "key_binding_stale"),
        ({"iat": NOW - 301}, "key_binding_stale"),
        ({"iat": NOW + 61}, "key_binding_stale"),
        ({"iat": ...}, "time_missing"),
        ({"iat": str(NOW)}, "time_malformed"),
        ({"iat": True}, "time_malformed"),
        ({"typ": "JWT"}, "jws_wrong_type"),
        ({"typ": "openid4vci-proof+jwt"}, "jws_wrong_type"),
        ({"typ": "dc+sd-jwt"}, "jws_wrong_type"),
    ],
    ids=repr,
)
def test_invalid_key_binding(changes: dict[str, Any], code: str) -> None:
    assert code_of(W.bound(W.signed(W.payload()), **changes)) == code


@pytest.mark.parametrize("seconds", [-300, 0, 60])
def test_a_key_binding_made_a_moment_ago_or_by_a_fast_clock(seconds: int) -> None:
    assert W.verify(W.bound(W.signed(W.payload()), iat=NOW + seconds)).presented_at == AT + timedelta(seconds=seconds)


def test_a_disclosure_taken_out_after_signing() -> None:
    issuer_jwt, _, *rest = W.presented().split("~")
    assert code_of("~".join([issuer_jwt, *rest])) == "key_binding_wrong_hash"


def test_a_disclosure_added_after_signing() -> None:
    credential = W.credential()
    withheld = sd_jwt.parse(credential).disclosures[-1]
    *kept, binding = W.presented(credential, disclose=["firstName"]).split("~")
    assert code_of("~".join([*kept, withheld, binding])) == "key_binding_wrong_hash"


def test_a_key_binding_of_another_credential_of_the_same_holder() -> None:
    bound = W.presented().rsplit("~", 1)[1]
    assert code_of(W.credential() + bound) == "key_binding_wrong_hash"


def test_a_credential_that_nobody_presents() -> None:
    assert code_of(W.credential()) == "key_binding_missing"


# --- V1 to V3, V5: a trusted issuer that signs nonsense -----------------------------------------------------------

FAULTY = {
    "v1 exp has passed": ({"exp": NOW}, "credential_expired"),
    "v1 exp in 1970": ({"exp": 1}, "credential_expired"),
    "v1 exp is a text": ({"exp": str(NOW + 60)}, "time_malformed"),
    "v1 exp is true": ({"exp": True}, "time_malformed"),
    "v1 exp is null": ({"exp": None}, "time_malformed"),
    "v1 exp is beyond the calendar": ({"exp": 10**18}, "time_malformed"),
    "v1 exp is negative": ({"exp": -1}, "time_malformed"),
    "v1 exp is missing": ({"exp": ...}, "time_missing"),
    "v1 nbf lies ahead": ({"nbf": NOW + 61}, "credential_not_yet_valid"),
    "v1 nbf is a text": ({"nbf": "0"}, "time_malformed"),
    "v1 iat lies ahead": ({"iat": NOW + 61}, "credential_not_yet_valid"),
    "v1 iat is missing": ({"iat": ...}, "time_missing"),
    "v2 no cnf": ({"cnf": ...}, "holder_key_missing"),
    "v2 cnf is null": ({"cnf": None}, "holder_key_missing"),
    "v2 cnf holds a private key": ({"cnf": {"jwk": OTHER_KEY.public_jwk() | {"d": "AA"}}}, "key_private"),
    "v2 cnf holds a jwe": ({"cnf": {"jwe": "a.b.c.d.e"}}, "holder_key_missing"),
    "v2 cnf holds a kid only": ({"cnf": {"kid": "did:web:127.0.0.1"}}, "holder_key_missing"),
    "v2 cnf holds a jku": ({"cnf": {"jku": "http://169.254.169.254/", "kid": "a"}}, "holder_key_missing"),
    "v2 cnf holds two keys": ({"cnf": {"jwk": OTHER_KEY.public_jwk(), "kid": "a"}}, "holder_key_missing"),
    "v2 cnf holds a P-384 key": ({"cnf": {"jwk": OTHER_KEY.public_jwk() | {"crv": "P-384"}}}, "key_unsupported"),
    "v2 cnf holds an RSA key": ({"cnf": {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}}, "key_unsupported"),
    "v2 cnf holds a text": ({"cnf": {"jwk": "key"}}, "key_malformed"),
    "v2 cnf holds another's key": ({"cnf": {"jwk": OTHER_KEY.public_jwk()}}, "jws_bad_signature"),
    "v5 another type of this issuer": ({"vct": "https://provider.example/LoyaltyCard"}, "issuer_not_authorised"),
    "v5 aka_vcts claims our type": (
        {"vct": "https://provider.example/LoyaltyCard", "aka_vcts": [VCT]},
        "issuer_not_authorised",
    ),
    "v5 vct is a list": ({"vct": [VCT]}, "issuer_not_authorised"),
    "v5 vct is missing": ({"vct": ...}, "issuer_not_authorised"),
    "another issuer": ({"iss": "https://other.example"}, "issuer_untrusted"),
    "no issuer": ({"iss": ...}, "issuer_untrusted"),
    "v7 no status": ({"status": ...}, "status_missing"),
    "v7 status of an unknown kind": ({"status": {"bitstring": {}}}, "status_malformed"),
    "v7 status is null": ({"status": None}, "status_malformed"),
} | {
    f"v7 idx {idx!r}": ({"status": {"status_list": {"idx": idx, "uri": LIST_URI}}}, "status_malformed")
    for idx in (-1, 2**53, True, "5", 5.0, None)
} | {
    f"v7 uri {uri!r}": ({"status": {"status_list": {"idx": 5, "uri": uri}}}, "status_malformed")
    for uri in ("file:///etc/passwd", "", None, 1, ["https://provider.example"])
}  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), FAULTY.values(), ids=FAULTY.keys())
def test_a_trusted_but_faulty_issuer(changes: dict[str, Any], code: str) -> None:
    assert code_of(faulty(**changes)) == code


@pytest.mark.parametrize("number", ["1e400", "NaN", "Infinity", "-1e400"])
def test_v1_exp_as_a_number_that_json_does_not_have(number: str) -> None:
    text = jose.strict_json.dumps(W.payload()).replace(f'"exp":{W.payload()["exp"]}', f'"exp":{number}')
    assert number in text
    assert code_of(W.bound(W.signed_text(text))) == "jws_malformed"


def test_v1_a_payload_with_exp_twice() -> None:
    text = jose.strict_json.dumps(W.payload())[:-1] + ',"exp":4102444800}'
    assert code_of(W.bound(W.signed_text(text))) == "jws_malformed"


@pytest.mark.parametrize("name", ["exp", "status", "cnf", "vct", "nbf", "iss"])
def test_v3_what_the_verifier_decides_by_cannot_be_a_disclosure(name: str) -> None:
    text = disclosure("salt", name, W.payload(nbf=NOW)[name])
    payload = W.payload(_sd=[sd_jwt.digest_of(text)], **({} if name == "iss" else {name: ...}))
    assert code_of(W.bound(W.signed(payload), [text])) == "disclosure_forbidden"


def test_v3_an_expiry_that_only_a_disclosure_would_show_is_not_missed() -> None:
    text = disclosure("salt", "exp", NOW - 60)
    assert code_of(W.bound(W.signed(W.payload(_sd=[sd_jwt.digest_of(text)], exp=...)))) == "time_missing"


def test_v4_a_disclosure_that_overwrites_a_signed_claim() -> None:
    text = disclosure("salt", "firstName", "Mallory")
    assert code_of(W.bound(W.signed(W.payload(_sd=[sd_jwt.digest_of(text)])), [text])) == "disclosure_collision"


def test_v4_a_disclosure_that_the_holder_invented() -> None:
    text = disclosure("salt", "lastName", "Mallory")
    assert code_of(W.bound(W.signed(W.payload()), [text])) == "disclosure_unreferenced"


def test_v5_a_type_that_was_not_asked_for() -> None:
    other = VCT + "2"
    trusted = trust.TrustedIssuers(
        [trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT, other}), authorities=W.ca.chain)]
    )
    assert code_of(faulty(vct=other), trusted=trusted) == "vct_unexpected"
    assert W.verify(faulty(vct=other), trusted=trusted, expected_vcts=[VCT, other]).vct == other


def test_v5_two_trusted_issuers_do_not_lend_each_other_types_or_keys() -> None:
    other = "https://other.example"
    trusted = trust.TrustedIssuers(
        [
            trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT + "2"}), authorities=W.ca.chain),
            trust.TrustedIssuer(issuer=other, vcts=frozenset({VCT}), jwks=[OTHER_KEY.jwks_entry()]),
        ]
    )
    assert code_of(faulty(), trusted=trusted) == "issuer_not_authorised"
    assert code_of(faulty(iss=other), trusted=trusted) == "issuer_key_unknown"


@pytest.mark.parametrize("typ", ["vc+sd-jwt", "JWT", "kb+jwt", "statuslist+jwt"])
def test_s17_another_kind_of_token_by_the_same_issuer(typ: str) -> None:
    assert code_of(W.bound(W.signed(W.payload(), typ=typ))) == "jws_wrong_type"


def test_a_credential_signed_by_a_stranger_who_copies_the_certificate() -> None:
    stolen = keys.SigningKey(private_key=OTHER_KEY.private_key, kid="x", chain=W.issuer.chain)
    forged = jose.sign(W.payload(), typ=sd_jwt.CREDENTIAL_TYP, key=stolen, named_by="x5c")
    assert code_of(W.bound(forged)) == "jws_bad_signature"


def test_a_credential_signed_by_the_key_that_its_own_header_brings() -> None:
    forged = jose.sign(W.payload(), typ=sd_jwt.CREDENTIAL_TYP, key=OTHER_KEY, named_by="jwk")
    assert code_of(W.bound(forged)) == "issuer_key_unknown"


# --- V7: status ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [status_list.INVALID, status_list.SUSPENDED, 3, 255])
def test_v7_revoked_suspended_and_unknown_states(status: int) -> None:
    assert code_of(W.presented(), status=FixedStatus(status)) == "credential_revoked"


def test_v7_a_status_that_cannot_be_learnt() -> None:
    class Away:
        def status_of(self, reference: sd_jwt.StatusReference, issuer: str, at: Any) -> int:
            assert (reference.idx, reference.uri, issuer, at) == (5, LIST_URI, ISSUER, AT)
            raise status_list.StatusUnavailable("status_list_unreachable", "500")

    assert code_of(W.presented(), status=Away()) == "status_list_unreachable"


def test_the_network_is_not_asked_about_a_presentation_that_fails_anyway() -> None:
    class Never:
        def status_of(self, reference: sd_jwt.StatusReference, issuer: str, at: Any) -> int:
            raise AssertionError("asked")

    assert code_of(W.presented(nonce="another-nonce-of-128-bits"), status=Never()) == "key_binding_wrong_nonce"


def test_an_issuer_that_may_issue_without_status() -> None:
    issuer = trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), authorities=W.ca.chain, status_required=False)
    assert W.verify(faulty(status=...), trusted=trust.TrustedIssuers([issuer])).status is None


# --- V9 and any other text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vp",
    ["", "~", "~~", "a~b", "....~", "Ä~", "\ud800~x", "eyJ~.", W.credential() + "a.b.c", W.presented() + "~",
     W.presented() + "=", "~" + W.presented(), W.presented().replace("~", "~~", 1), W.presented() + "\n"],
    ids=[f"text {number}" for number in range(1, 15)],
)  # fmt: skip
def test_a_text_that_is_no_presentation(vp: str) -> None:
    code_of(vp)


GOOD = W.presented()


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # the changed character may lie in the certificate's
@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.sampled_from("AZaz09-_.~=+ é\x00"))
def test_no_single_character_can_be_changed(place: int, character: str) -> None:
    altered = GOOD[:place] + character + GOOD[place + 1 :]
    if altered != GOOD:
        code_of(altered)


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
                    max_leaves=5),
       st.sampled_from(["iss", "vct", "iat", "exp", "nbf", "cnf", "status", "_sd", "_sd_alg", "aka_vcts"]))  # fmt: skip
def test_whatever_a_trusted_issuer_puts_into_a_member(value: Any, name: str) -> None:
    try:
        found = W.verify(faulty(**{name: value}))
    except verify.PresentationInvalid:
        return
    assert found.claims == {"firstName": "Alice"}


# --- a wallet receives --------------------------------------------------------------------------------------------


def received(compact: str, **changes: Any) -> verify.VerifiedCredential:
    arguments: dict[str, Any] = {"expected_holder_jwk": W.holder.public_jwk(), "trusted": W.trusted, "at": AT}
    return verify.credential(compact, **(arguments | changes))


def test_a_wallet_keeps_a_good_credential() -> None:
    found = received(W.credential())
    assert found.claims == CLAIMS
    assert found.status == sd_jwt.StatusReference(idx=5, uri=LIST_URI)


@pytest.mark.parametrize(
    ("compact", "changes", "code"),
    [
        (W.credential(), {"expected_holder_jwk": OTHER_KEY.public_jwk()}, "holder_unexpected"),
        (W.credential(), {"expected_holder_jwk": {}}, "key_unsupported"),
        (W.credential(), {"at": AT + timedelta(days=30)}, "credential_expired"),
        (W.credential(), {"trusted": trust.TrustedIssuers([])}, "issuer_untrusted"),
        (W.credential(key=OTHER_KEY), {}, "issuer_key_unknown"),
        (W.presented(), {}, "key_binding_unexpected"),
        ("no credential", {}, "sd_jwt_malformed"),
        (W.credential() + disclosure("s", "x", 1) + "~", {}, "disclosure_unreferenced"),
    ],
)
def test_a_wallet_refuses(compact: str, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(verify.CredentialInvalid) as refusal:
        received(compact, **changes)
    assert refusal.value.code == code
