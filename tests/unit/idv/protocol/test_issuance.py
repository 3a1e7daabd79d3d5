"""OpenID4VCI 1.0: offers, proofs, requests; the official suite's negative cases and the facts' I7 to I10."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.credentials import jose, keys
from idv.protocol import issuance, refusals

from ..credentials.world import AT, ISSUER, sign_text, world

W = world()
HOLDER = keys.generate()
NONCE = "c-nonce-of-128-bits"
NOW = jose.seconds(AT)
OFFER = issuance.CredentialOffer(
    credential_issuer=ISSUER,
    credential_configuration_ids=("VerifiedIdentity",),
    pre_authorized_code="code-of-128-bits",
    tx_code=issuance.TxCode(length=6, description="Sent to Alice & shown there"),
)


@pytest.mark.parametrize(
    "base", ["openid-credential-offer://", "https://wallet.example/receive", "https://w.example/?a=b"]
)
@pytest.mark.parametrize(
    "tx_code", [None, issuance.TxCode(), OFFER.tx_code, issuance.TxCode(input_mode="text", length=8)]
)
def test_an_offer_by_value_is_read_back(base: str, tx_code: issuance.TxCode | None) -> None:
    offer = issuance.CredentialOffer(
        credential_issuer=ISSUER, credential_configuration_ids=("a", "b"), pre_authorized_code="c", tx_code=tx_code
    )
    link = issuance.offer_link(offer, base=base)
    assert link.startswith(base)
    assert issuance.parse_offer_link(link) == issuance.OfferLink(offer=offer, offer_uri=None)


def test_an_offer_by_reference_is_read_back() -> None:
    link = issuance.offer_link_by_reference(ISSUER + "/offers/abc")
    assert link == "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fprovider.example%2Foffers%2Fabc"
    assert issuance.parse_offer_link(link) == issuance.OfferLink(offer=None, offer_uri=ISSUER + "/offers/abc")


def test_an_empty_tx_code_still_asks_for_one() -> None:
    members = issuance.offer_members(OFFER)
    members["grants"][issuance.PRE_AUTHORIZED_GRANT]["tx_code"] = {}
    assert issuance.parse_offer(json.dumps(members)).tx_code == issuance.TxCode()


@pytest.mark.parametrize(
    ("grants", "issuer_state"),
    [({"authorization_code": {"issuer_state": "s"}}, "s"), ({"authorization_code": {}}, ""), ({}, ""), (None, "")],
)
def test_an_offer_without_a_code_is_for_the_other_flow(grants: Any, issuer_state: str) -> None:
    members = issuance.offer_members(OFFER)
    del members["grants"]
    offer = issuance.parse_offer(json.dumps(members | ({} if grants is None else {"grants": grants})))
    assert (offer.pre_authorized_code, offer.issuer_state, offer.tx_code) == ("", issuer_state, None)
    assert issuance.parse_offer(json.dumps(issuance.offer_members(offer))) == offer


def test_an_offer_with_both_grants_is_for_the_one_with_the_code() -> None:
    members = issuance.offer_members(OFFER)
    members["grants"]["authorization_code"] = {"issuer_state": "s"}
    assert issuance.parse_offer(json.dumps(members)) == OFFER


@pytest.mark.parametrize(
    "link",
    [
        "",
        "openid-credential-offer://",
        "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https%3A%2F%2Fa.example",
        "openid-credential-offer://?credential_offer=%7B%7D&credential_offer=%7B%7D",
        "openid-credential-offer://?credential_offer_uri=javascript%3Aalert(1)",
        "openid-credential-offer://?credential_offer_uri=file%3A%2F%2F%2Fetc%2Fpasswd",
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fuser%40a.example",
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2F",
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2F%D0%B0.example",  # a Cyrillic а
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa.example%3Aport",
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa.example%0A",
        "openid-credential-offer://?credential_offer=%FF",
        "openid-credential-offer://?credential_offer=[1]",
        "openid-credential-offer://[?credential_offer=x",
        "openid-credential-offer://?" + "a=b&" * 30 + "credential_offer=%7B%7D",
        "openid-credential-offer://?credential_offer=" + "a" * 20_000,
    ],
)
def test_a_link_that_is_no_offer(link: str) -> None:
    with pytest.raises(issuance.OfferInvalid):
        issuance.parse_offer_link(link)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["credential_issuer"], "ftp://provider.example"),
        (["credential_issuer"], None),
        (["credential_issuer"], "https://provider.example#x"),
        (["credential_configuration_ids"], []),
        (["credential_configuration_ids"], ["a", "a"]),
        (["credential_configuration_ids"], "a"),
        (["credential_configuration_ids"], [1]),
        (["credential_configuration_ids"], [str(number) for number in range(50)]),
        (["grants"], []),
        (["grants"], {"urn:other": {}}),
        (["grants"], {"authorization_code": []}),
        (["grants"], {"authorization_code": {"issuer_state": 7}}),
        (["grants"], {"authorization_code": {"issuer_state": "x" * 3000}}),
        (["grants"], {"authorization_code": {"authorization_server": {}}}),
        (["grants", issuance.PRE_AUTHORIZED_GRANT], "x"),
        (["grants", issuance.PRE_AUTHORIZED_GRANT, "pre-authorized_code"], 1),
        (["grants", issuance.PRE_AUTHORIZED_GRANT, "tx_code"], None),
        (["grants", issuance.PRE_AUTHORIZED_GRANT, "tx_code", "length"], True),
        (["grants", issuance.PRE_AUTHORIZED_GRANT, "tx_code", "length"], 10**6),
        (["grants", issuance.PRE_AUTHORIZED_GRANT, "tx_code", "input_mode"], "voice"),
        (["grants", issuance.PRE_AUTHORIZED_GRANT, "tx_code", "description"], "x" * 301),
    ],
)
def test_an_offer_of_another_shape(place: list[str], value: Any) -> None:
    members = issuance.offer_members(OFFER)
    inner = members
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    with pytest.raises(issuance.OfferInvalid):
        issuance.parse_offer(json.dumps(members))


def proof(key: keys.SigningKey = HOLDER, **changes: Any) -> str:
    arguments: dict[str, Any] = {"audience": ISSUER, "nonce": NONCE, "at": AT}
    return issuance.build_proof(key=key, **(arguments | changes))


def crafted(header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A proof signed by the holder, with header and payload as given; ``...`` removes a member."""
    payload = {"aud": ISSUER, "iat": NOW, "nonce": NONCE} | changes
    head = {"typ": issuance.PROOF_TYP, "jwk": HOLDER.public_jwk()} | (header or {})
    return sign_text(
        jose.strict_json.dumps({name: value for name, value in payload.items() if value is not ...}),
        header={name: value for name, value in head.items() if value is not ...},
        key=HOLDER,
    )


def test_a_good_proof() -> None:
    (found,) = issuance.open_proofs([proof()], audience=ISSUER, at=AT)
    assert found == issuance.VerifiedProof(holder_jwk=HOLDER.public_jwk(), nonce=NONCE, issued_at=AT)
    assert issuance.open_proofs([crafted({"extra": 1}, more=2)], audience=ISSUER, at=AT)


JWK = HOLDER.public_jwk()
BAD_PROOFS = {
    "an invalid signature": proof()[:-86] + proof(nonce="other").rsplit(".", 1)[1],
    "named by kid": jose.sign({"aud": ISSUER, "iat": NOW, "nonce": NONCE}, typ=issuance.PROOF_TYP, key=HOLDER),
    "typ JWT": crafted({"typ": "JWT"}),
    "s17 typ kb+jwt": crafted({"typ": "kb+jwt"}),
    "no typ": crafted({"typ": ...}),
    "alg none": crafted({"alg": "none"}),
    "alg HS256": crafted({"alg": "HS256"}),
    "alg ES384": crafted({"alg": "ES384"}),
    "i8 a private key": crafted({"jwk": JWK | {"d": "AA"}}),
    "i8 a P-384 key": crafted({"jwk": JWK | {"crv": "P-384"}}),
    "i8 a small RSA key": crafted({"jwk": {"kty": "RSA", "n": "AQAB" * 16, "e": "AQAB"}}),
    "i8 a symmetric key": crafted({"jwk": {"kty": "oct", "k": "AA"}}),
    "i8 a point off the curve": crafted({"jwk": JWK | {"y": JWK["x"]}}),
    "i8 only addresses of a key": crafted(
        {"jwk": {"kty": "EC", "x5u": "https://a.example", "jku": "https://a.example"}}
    ),
    "i9 a kid to fetch": crafted({"jwk": ..., "kid": "did:web:169.254.169.254#0"}),
    "jwk and kid": crafted({"kid": "did:jwk:x#0"}),
    "jwk and x5c": crafted({"x5c": ["MII"]}),
    "no key": crafted({"jwk": ...}),
    "crit": crafted({"crit": ["exp"]}),
    "aud of another issuer": crafted(aud="https://other.example"),
    "aud of two issuers": crafted(aud=[ISSUER, "https://other.example"]),
    "no aud": crafted(aud=...),
    "iss in an anonymous flow": crafted(iss="wallet"),
    "no nonce": crafted(nonce=...),
    "nonce null": crafted(nonce=None),
    "nonce too long": crafted(nonce="n" * 600),
    "iat an hour ago": crafted(iat=NOW - 3600),
    "iat ahead": crafted(iat=NOW + 61),
    "no iat": crafted(iat=...),
    "i10 iat true": crafted(iat=True),
    "i10 iat a text": crafted(iat=str(NOW)),
    "i10 iat 1e400": sign_text('{"iat":1e400}', header={"typ": issuance.PROOF_TYP, "jwk": JWK}, key=HOLDER),
    "i10 aud twice": sign_text(
        f'{{"aud":"x","aud":"{ISSUER}","iat":{NOW},"nonce":"n"}}',
        header={"typ": issuance.PROOF_TYP, "jwk": JWK},
        key=HOLDER,
    ),
    "i10 a lone surrogate": sign_text(
        '{"nonce":"\\ud800"}', header={"typ": issuance.PROOF_TYP, "jwk": JWK}, key=HOLDER
    ),
    "too large": crafted(nonce="n" * 20_000),
    "no proof": "x",
}


@pytest.mark.parametrize("text", BAD_PROOFS.values(), ids=BAD_PROOFS.keys())
def test_a_bad_proof(text: str) -> None:
    with pytest.raises(issuance.IssuanceInvalid) as refusal:
        issuance.open_proofs([text], audience=ISSUER, at=AT)
    assert refusal.value.code == "invalid_proof"


def test_a_batch_is_issued_whole_or_not_at_all() -> None:
    other = keys.generate()
    assert len(issuance.open_proofs([proof(), proof(other)], audience=ISSUER, at=AT)) == 2
    for proofs in (
        [proof(), proof()],  # I7
        [proof(), crafted()],
        [proof(), proof(other, nonce="another")],
        [proof(), proof(other, at=AT - timedelta(hours=1))],
        [proof(), "x"],
    ):
        with pytest.raises(issuance.IssuanceInvalid) as refusal:
            issuance.open_proofs(proofs, audience=ISSUER, at=AT)
        assert refusal.value.code == "invalid_proof"


def request(**changes: Any) -> bytes:
    members = issuance.credential_request(configuration_id="VerifiedIdentity", proofs=["p"]) | changes
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


def test_a_credential_request_is_read_and_unknown_members_are_ignored() -> None:
    found = issuance.parse_credential_request(request(unknown={"a": 1}), max_proofs=1)
    assert found == issuance.CredentialRequest(
        credential_configuration_id="VerifiedIdentity", credential_identifier=None, proofs=("p",)
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential_configuration_id": ...}, "invalid_credential_request"),
        ({"credential_identifier": "x"}, "invalid_credential_request"),
        ({"credential_configuration_id": 1}, "invalid_credential_request"),
        ({"proofs": ...}, "invalid_proof"),
        ({"proofs": {}}, "invalid_proof"),
        ({"proofs": {"jwt": []}}, "invalid_proof"),
        ({"proofs": {"jwt": "p"}}, "invalid_proof"),
        ({"proofs": {"jwt": [1]}}, "invalid_proof"),
        ({"proofs": {"jwt": ["p", "q"]}}, "invalid_proof"),
        ({"proofs": {"jwt": ["p"], "attestation": ["a"]}}, "invalid_proof"),
        ({"proofs": {"di_vp": ["p"]}}, "invalid_proof"),
        ({"proofs": ["p"]}, "invalid_proof"),
        ({"proof": {"jwt": "p"}}, "invalid_proof"),
        ({"credential_response_encryption": {"alg": "RSA1_5"}}, "invalid_encryption_parameters"),
    ],
)
def test_a_credential_request_is_refused_with_the_protocols_code(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(issuance.IssuanceInvalid) as refusal:
        issuance.parse_credential_request(request(**changes), max_proofs=1)
    assert refusal.value.code == code
    assert code in issuance.CREDENTIAL_ERRORS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"[" * 100_000,
        b'{"a":"\\ud800"}',
        b"\xff\xfe{\x00}\x00",
        b'{"a":1e400}',
    ],
)
def test_i10_a_body_that_is_no_json_is_a_400(body: bytes) -> None:
    with pytest.raises(issuance.IssuanceInvalid) as refusal:
        issuance.parse_credential_request(body, max_proofs=1)
    assert refusal.value.code == "invalid_credential_request"


def test_a_wallet_reads_the_answer() -> None:
    assert issuance.parse_credential_response(b'{"credentials":[{"credential":"a~"}],"notification_id":"n"}') == ["a~"]
    for body in (b"{}", b'{"credentials":[]}', b'{"credentials":["a"]}', b'{"credentials":[{"credential":{}}]}', b"x"):
        with pytest.raises(issuance.IssuanceInvalid):
            issuance.parse_credential_response(body)


@given(st.text(max_size=400))
def test_i12_an_error_description_is_plain_ascii(description: str) -> None:
    text = refusals.error_members("invalid_proof", description).get("error_description", "")
    assert all(" " <= character <= "~" and character not in '"\\' for character in text)
    assert refusals.error_members("invalid_nonce") == {"error": "invalid_nonce"}


def test_the_token_form() -> None:
    assert issuance.token_form(pre_authorized_code="c", tx_code=None) == {
        "grant_type": issuance.PRE_AUTHORIZED_GRANT,
        "pre-authorized_code": "c",
    }
    assert issuance.token_form(pre_authorized_code="c", tx_code="123456")["tx_code"] == "123456"
    assert "invalid_grant" in issuance.TOKEN_ERRORS
