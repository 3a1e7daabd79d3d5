"""What the journal shows of a message, and what it never does."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.credentials import keys, sd_jwt
from recovery_portal.emulation.journal.reading import LINK_LENGTH, MASK, Reading, link
from recovery_portal.kit import tokens

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "kX3-secret-of-sixteen-and-more"


def shown(name: str, value: Any) -> str:
    return json.dumps(Reading().shown(name, value), ensure_ascii=False)


@pytest.mark.parametrize("name", ["state", "nonce", "code", "access_token", "pre-authorized_code", "c_nonce", "jti"])
def test_a_value_that_serves_once_is_known_again_and_not_told(name: str) -> None:
    reading = Reading()
    text = reading.shown(name, SECRET)
    assert text == f"#{tokens.digest(SECRET)[:8]}"
    assert reading.links == {tokens.digest(SECRET)[:LINK_LENGTH]} == {link(SECRET)}


@pytest.mark.parametrize("name", ["tx_code", "passcode", "password", "pin", "firstName", "email", "anything", "code"])
def test_what_could_be_guessed_from_its_digest_is_not_even_digested(name: str) -> None:
    reading = Reading()
    assert reading.shown(name, "493157") == MASK
    assert reading.links == set()


@pytest.mark.parametrize("name", ["tx_code", "pin", "age", "score", "anything"])
@pytest.mark.parametrize("value", [493157, 12.5, [493157]])
def test_a_number_is_masked_like_the_text_that_it_could_have_been(name: str, value: Any) -> None:
    assert shown(name, value).strip("[]") == f'"{MASK}"'
    assert Reading().shown("exp", 1_795_000_000) == 1_795_000_000


@pytest.mark.parametrize(
    "value",
    [
        "http://[",
        "here://[::1",
        "a://b?x=" * 3_000,
        '{"a": "' + "a://b?x=" * 3_000 + '"}',
    ],
)
def test_no_address_is_too_odd_or_too_deep_to_be_shown(value: str) -> None:
    reading = Reading()
    for name in ("redirect_uri", "state", "x"):
        reading.shown(name, value)
        reading.query(f"{name}={value}")
    reading.url(value)


@pytest.mark.parametrize(
    "body",
    [
        r'{"format": "\ud800"}',
        r'{"\ud800": {"display": {"\udc00": "\ud800"}}}',
        r'{"request_uri": "a://\ud800?\ud800=1"}',
    ],
)
def test_half_a_character_is_shown_as_a_whole_one(body: str) -> None:
    json.dumps(Reading().body("application/json", body.encode()), ensure_ascii=False).encode()


def test_a_token_within_a_token_is_read_to_a_depth_that_nobody_reaches() -> None:
    subject: dict[str, Any] = {}
    for _ in range(2_000):
        subject = {"vc": subject}
    Reading()._token(({"alg": "ES256"}, subject), 0)


def test_references_in_addresses_are_masked() -> None:
    reading = Reading()
    assert SECRET not in reading.path(f"/offers/{SECRET}") + reading.url(
        f"http://p.test/verifier/requests/{SECRET}?a=b"
    )
    assert SECRET not in shown("credential_offer_uri", f"http://p.test/offers/{SECRET}")
    assert SECRET not in shown("request_uri", f"urn:ietf:params:oauth:request_uri:{SECRET}")
    assert (
        Reading().url(f"openid4vp://?request_uri=http%3A%2F%2Fp.test%2Fverifier%2Frequests%2F{SECRET}").count("#") == 1
    )


def test_a_credential_is_shown_by_the_names_of_its_claims() -> None:
    holder, issuer = keys.generate(), keys.generate()
    claims = {"firstName": "Ada", "portrait": "data:image/jpeg;base64,AAAA", "proofingReference": SECRET}
    compact = sd_jwt.issue(
        vct="https://p.test/V", issuer="https://p.test", claims=claims, disclosable=list(claims),
        holder_jwk=holder.public_jwk(), issued_at=AT, expires_at=AT, status=None, key=issuer,
    )  # fmt: skip
    reading = Reading()
    found = reading.shown("credential", compact)
    text = json.dumps(found)
    assert set(found["disclosed"]) == set(claims)
    assert found["credential"]["payload"]["vct"] == "https://p.test/V"
    assert not [secret for secret in ("Ada", "AAAA", SECRET, compact) if secret in text]
    assert link(SECRET) in reading.links


def test_claims_that_stand_openly_in_a_token_are_masked_too() -> None:
    body = {"vc": {"credentialSubject": {"firstName": "Ada", "name": "Ada King", "given": {"x": "Ada"}}}}
    assert "Ada" not in shown("", body)


def test_published_words_of_an_issuer_are_shown() -> None:
    assert "Verified identity" in shown("", {"display": [{"name": "Verified identity", "locale": "en"}]})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[" * 50_000),
        ("application/json", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff%fe"),
        ("text/html", b"<p>Ada</p>"),
        ("application/jwt", b"a.b.c"),
        ("application/jwt", b"eyJ.eyJ.x"),
        ("", b""),
    ],
)
def test_a_body_that_is_rubbish_is_read_all_the_same(kind: str, body: bytes) -> None:
    assert "Ada" not in json.dumps(Reading().body(kind, body))


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_comes_can_be_shown_as_json(value: Any) -> None:
    json.dumps(Reading().shown("", value))
