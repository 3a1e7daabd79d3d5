"""Issuing, presenting, reading: the holder's and the issuer's side."""

from typing import Any

import pytest

from idv.credentials import base64url, disclosures, jose, sd_jwt

from .world import AT, AUDIENCE, CLAIMS, NONCE, VCT, disclosure, world

W = world()


def test_the_payload_says_nothing_that_may_be_withheld() -> None:
    compact = W.credential(claims=CLAIMS | {"kind": "specimen"})
    signed = jose.peek(sd_jwt.parse(compact).issuer_jwt)
    assert signed.payload["kind"] == "specimen"
    assert not CLAIMS.keys() & signed.payload.keys()
    assert signed.payload["_sd"] == sorted(signed.payload["_sd"])
    assert len(signed.payload["_sd"]) == len(CLAIMS)
    assert signed.payload["cnf"] == {"jwk": W.holder.public_jwk()}
    assert signed.payload["status"] == {"status_list": {"idx": 5, "uri": "https://provider.example/status/1"}}
    assert signed.header["typ"] == "dc+sd-jwt"
    assert len(signed.header["x5c"]) == 1
    assert "alice" not in sd_jwt.parse(compact).issuer_jwt.lower()


def test_two_copies_share_no_salt_and_no_digest() -> None:
    first, second = (sd_jwt.parse(W.credential()) for _ in range(2))
    assert not set(first.disclosures) & set(second.disclosures)
    assert len(base64url.decode(jose.strict_json.loads(base64url.decode(first.disclosures[0]))[0])) == 16


def test_the_holder_reads_every_claim() -> None:
    credential = W.credential()
    read = sd_jwt.read(credential)
    assert {name: read[name] for name in CLAIMS} == CLAIMS
    assert read["vct"] == VCT
    assert "_sd" not in read
    assert sd_jwt.disclosable_claims(credential) == list(CLAIMS)


def test_only_the_chosen_claims_leave_the_wallet() -> None:
    vp = W.presented(disclose=["firstName"])
    assert set(sd_jwt.read(vp)) & CLAIMS.keys() == {"firstName"}
    assert "M\u00f6bius" not in "".join(base64url.decode(text).decode() for text in sd_jwt.parse(vp).disclosures)


def test_the_key_binding_names_no_key_and_covers_the_disclosures() -> None:
    parts = sd_jwt.parse(W.presented(disclose=[], transaction_data_hashes=["aGFzaA"]))
    assert parts.key_binding is not None
    binding = jose.peek(parts.key_binding)
    assert binding.header == {"typ": "kb+jwt", "alg": "ES256"}
    assert binding.payload == {
        "iat": jose.seconds(AT),
        "aud": AUDIENCE,
        "nonce": NONCE,
        "sd_hash": sd_jwt.digest_of(parts.issuer_jwt + "~"),
        "transaction_data_hashes": ["aGFzaA"],
        "transaction_data_hashes_alg": "sha-256",
    }


def test_a_claim_that_is_not_there_cannot_be_disclosed() -> None:
    with pytest.raises(sd_jwt.SdJwtInvalid) as refusal:
        W.presented(disclose=["firstName", "shoeSize"])
    assert refusal.value.code == "disclosure_unknown"


@pytest.mark.parametrize("name", [*sorted(disclosures.NEVER_DISCLOSABLE), "iat", "_sd", "_sd_alg", "..."])
def test_an_issuer_cannot_claim_registered_names(name: str) -> None:
    for changes in ({"claims": {name: 1}, "disclosable": []}, {"claims": CLAIMS, "disclosable": [name]}):
        with pytest.raises(sd_jwt.SdJwtInvalid) as refusal:
            W.credential(**changes)
        assert refusal.value.code == "claim_reserved"


def test_a_disclosable_claim_needs_a_value() -> None:
    with pytest.raises(sd_jwt.SdJwtInvalid) as refusal:
        W.credential(disclosable=["shoeSize"])
    assert refusal.value.code == "claim_missing"


def test_a_credential_without_disclosures_and_without_status() -> None:
    payload = jose.peek(sd_jwt.parse(W.credential(disclosable=[], status=None)).issuer_jwt).payload
    assert not {"_sd", "_sd_alg", "status"} & payload.keys()


@pytest.mark.parametrize(
    ("compact", "code"),
    [
        ("", "sd_jwt_malformed"),
        ("a.b.c", "sd_jwt_malformed"),
        ("~", "sd_jwt_malformed"),
        ("a.b.c~~", "sd_jwt_malformed"),
        ("a.b.c~x~~kb", "sd_jwt_malformed"),
        ("a.b.c~" + "x~" * 65, "sd_jwt_too_many_disclosures"),
        ("a" * 600_000 + "~", "sd_jwt_too_large"),
    ],
)
def test_a_text_that_is_no_sd_jwt(compact: str, code: str) -> None:
    with pytest.raises(sd_jwt.SdJwtInvalid) as refusal:
        sd_jwt.parse(compact)
    assert refusal.value.code == code


def test_a_holder_with_a_nested_credential_keeps_what_belongs_together() -> None:
    inner = disclosure("s", "street", "Main")
    outer = disclosure("s", "address", {"_sd": [sd_jwt.digest_of(inner)]})
    compact = "~".join([W.signed(W.payload(_sd=[sd_jwt.digest_of(outer)])), outer, inner, ""])
    assert sd_jwt.read(compact)["address"] == {"street": "Main"}
    assert sd_jwt.disclosable_claims(compact) == ["address"]
    vp: Any = W.presented(compact, disclose=["address"])
    assert W.verify(vp).claims["address"] == {"street": "Main"}
    assert "address" not in W.verify(W.presented(compact, disclose=[])).claims


def test_a_claim_that_is_always_visible_may_be_asked_for() -> None:
    compact = W.credential(claims=CLAIMS | {"kind": "specimen", "places": ["a"]}, disclosable=list(CLAIMS))
    assert W.verify(W.presented(compact, disclose=["kind"])).claims == {"kind": "specimen", "places": ["a"]}


def test_parts_of_a_visible_claim_belong_to_it() -> None:
    city, element = disclosure("s", "city", "Utopia"), disclosure("s", "DE")
    payload = W.payload(
        address={"_sd": [sd_jwt.digest_of(city)], "country": "UTO"},
        nationalities=[{"...": sd_jwt.digest_of(element)}, "UTO"],
    )
    compact = "~".join([W.signed(payload), city, element, ""])
    assert sd_jwt.disclosable_claims(compact) == ["address", "nationalities"]
    claims = W.verify(W.presented(compact, disclose=["address"])).claims
    assert (claims["address"], claims["nationalities"]) == ({"country": "UTO", "city": "Utopia"}, ["UTO"])
