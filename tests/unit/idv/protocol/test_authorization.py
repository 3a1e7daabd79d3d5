"""Portal and provider: every message is for one reader, of one kind, for a few minutes."""

from datetime import timedelta
from typing import Any

import pytest

from idv.credentials import jose, keys
from idv.protocol import authorization, messages

from ..credentials.world import AT, ISSUER

PORTAL = keys.generate()
PROVIDER = keys.generate()
JWKS = [PORTAL.jwks_entry()]
REDIRECT = "https://portal.example/recover/return"
VERIFIER = authorization.new_code_verifier()


def pushed(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "client_id": "portal", "audience": ISSUER, "redirect_uri": REDIRECT, "state": "the-state", "nonce": "the-nonce",
        "challenge": authorization.code_challenge(VERIFIER), "key": PORTAL, "at": AT,
    }  # fmt: skip
    return authorization.build_request_object(**(arguments | changes))


def opened(token: str, **changes: Any) -> authorization.AuthorizationRequest:
    arguments: dict[str, Any] = {
        "expected_client_id": "portal", "expected_audience": ISSUER, "registered_redirect_uris": [REDIRECT],
        "jwks": JWKS, "at": AT,
    }  # fmt: skip
    return authorization.open_request_object(token, **(arguments | changes))


def crafted(typ: str = authorization.REQUEST_TYP, **changes: Any) -> str:
    """The pushed request with members as given; ``...`` removes one."""
    members = dict(jose.peek(pushed()).payload) | changes
    return jose.sign({name: value for name, value in members.items() if value is not ...}, typ=typ, key=PORTAL)


def code_of(token: str, **changes: Any) -> str:
    with pytest.raises(authorization.AuthorizationInvalid) as refusal:
        opened(token, **changes)
    return refusal.value.code


def test_a_pushed_request_arrives() -> None:
    request = opened(pushed())
    assert (request.state, request.nonce, request.redirect_uri) == ("the-state", "the-nonce", REDIRECT)
    assert request.expires_at == AT + messages.MESSAGE_LIFETIME
    assert len(request.jti) == 22
    authorization.require_code_verifier(VERIFIER, expected_challenge=request.code_challenge)


REFUSED = {
    "for another provider": ({"aud": "https://other.example"}, "message_for_another"),
    "for two providers": ({"aud": [ISSUER, "https://other.example"]}, "message_for_another"),
    "of another client": ({"client_id": "other"}, "message_for_another"),
    "issued by another": ({"iss": "other"}, "message_for_another"),
    "without issuer": ({"iss": ...}, "message_for_another"),
    "an unknown redirect_uri": ({"redirect_uri": REDIRECT + "/x"}, "redirect_uri_unknown"),
    "a redirect_uri with a query": ({"redirect_uri": REDIRECT + "?a=b"}, "redirect_uri_unknown"),
    "no redirect_uri": ({"redirect_uri": ...}, "redirect_uri_unknown"),
    "plain PKCE": ({"code_challenge_method": "plain"}, "request_unsupported"),
    "no PKCE method": ({"code_challenge_method": ...}, "request_unsupported"),
    "no challenge": ({"code_challenge": ...}, "message_malformed"),
    "a short challenge": ({"code_challenge": "abc"}, "pkce_malformed"),
    "an implicit flow": ({"response_type": "token"}, "request_unsupported"),
    "another scope": ({"scope": "openid"}, "request_unsupported"),
    "no state": ({"state": ...}, "message_malformed"),
    "an empty nonce": ({"nonce": ""}, "message_malformed"),
    "a nonce of 3 kB": ({"nonce": "n" * 3000}, "message_malformed"),
    "no jti": ({"jti": ...}, "message_malformed"),
    "no exp": ({"exp": ...}, "time_missing"),
    "living for a year": ({"exp": jose.seconds(AT) + 31_536_000}, "message_expired"),
    "from the future": ({"iat": jose.seconds(AT) + 61, "exp": jose.seconds(AT) + 200}, "message_from_the_future"),
    "exp is a text": ({"exp": "2090"}, "time_malformed"),
}


@pytest.mark.parametrize(("changes", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_pushed_request_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code_of(crafted(**changes)) == code


def test_a_pushed_request_expires() -> None:
    assert opened(pushed(), at=AT + timedelta(seconds=299))
    assert code_of(pushed(), at=AT + timedelta(seconds=300)) == "message_expired"


def test_a_pushed_request_by_another_key() -> None:
    stranger = keys.generate(kid=PORTAL.kid)
    assert code_of(pushed(key=stranger)) == "jws_bad_signature"
    assert code_of(pushed(key=keys.generate())) == "jws_key_unknown"
    assert code_of("not a token") == "jws_malformed"


def test_s17_no_message_passes_for_another_kind() -> None:
    assertion = authorization.build_client_assertion(client_id="portal", audience=ISSUER, key=PORTAL, at=AT)
    assert code_of(assertion) == "jws_wrong_type"
    assert code_of(crafted(typ=authorization.RESULT_TYP)) == "jws_wrong_type"
    with pytest.raises(authorization.AuthorizationInvalid):
        authorization.open_client_assertion(
            crafted(sub="portal"), expected_client_id="portal", expected_audience=ISSUER, jwks=JWKS, at=AT
        )


def test_a_client_proves_who_it_is() -> None:
    token = authorization.build_client_assertion(client_id="portal", audience=ISSUER, key=PORTAL, at=AT)
    assert authorization.claimed_client_id(token) == "portal"
    proven = authorization.open_client_assertion(
        token, expected_client_id="portal", expected_audience=ISSUER, jwks={"keys": JWKS}, at=AT
    )
    assert (proven.client_id, proven.expires_at) == ("portal", AT + messages.MESSAGE_LIFETIME)
    for changes in ({"expected_client_id": "other"}, {"expected_audience": ISSUER + "/token"}, {"jwks": []}):
        arguments: dict[str, Any] = {"expected_client_id": "portal", "expected_audience": ISSUER, "jwks": JWKS}
        with pytest.raises(authorization.AuthorizationInvalid):
            authorization.open_client_assertion(token, at=AT, **(arguments | changes))
    with pytest.raises(authorization.AuthorizationInvalid):
        authorization.claimed_client_id("a.b")


def test_two_assertions_differ_in_their_jti() -> None:
    tokens = [authorization.build_client_assertion(client_id="p", audience=ISSUER, key=PORTAL, at=AT) for _ in range(2)]
    assert len({jose.peek(token).payload["jti"] for token in tokens}) == 2


def result(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "issuer": ISSUER, "audience": "portal", "nonce": "the-nonce", "verdict": "verified", "reason_code": "",
        "proofing_reference": "reference-of-128-bits", "key": PROVIDER, "at": AT,
    }  # fmt: skip
    return authorization.build_proofing_result(**(arguments | changes))


def opened_result(token: str, **changes: Any) -> authorization.ProofingResult:
    arguments: dict[str, Any] = {
        "expected_issuer": ISSUER, "expected_audience": "portal", "expected_nonce": "the-nonce",
        "jwks": [PROVIDER.jwks_entry()], "at": AT,
    }  # fmt: skip
    return authorization.open_proofing_result(token, **(arguments | changes))


def test_the_providers_word_arrives_without_personal_data() -> None:
    token = result(verdict="declined", reason_code="face_mismatch")
    found = opened_result(token)
    assert (found.verdict, found.reason_code, found.proofing_reference) == (
        "declined", "face_mismatch", "reference-of-128-bits",
    )  # fmt: skip
    assert jose.peek(token).payload.keys() == {
        "iss", "aud", "nonce", "verdict", "reason_code", "proofing_reference", "iat", "exp", "jti",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expectations"),
    [
        ({"verdict": "maybe"}, {}),
        ({"verdict": True}, {}),
        ({"verdict": ["verified"]}, {}),
        ({"reason_code": 1}, {}),
        ({"reason_code": "x" * 101}, {}),
        ({"proofing_reference": ""}, {}),
        ({"nonce": "another"}, {}),
        ({"audience": "another portal"}, {}),
        ({"issuer": "https://other.example"}, {}),
        ({"key": PORTAL}, {}),
        ({}, {"at": AT + timedelta(minutes=6)}),
        ({}, {"expected_nonce": "another"}),
    ],
)
def test_the_providers_word_is_refused(changes: dict[str, Any], expectations: dict[str, Any]) -> None:
    with pytest.raises(authorization.AuthorizationInvalid):
        opened_result(result(**changes), **expectations)


@pytest.mark.parametrize("verifier", ["short", "é" * 50, "a" * 129, "a" * 42, "a b" * 20, ""])
def test_a_code_verifier_of_another_shape(verifier: str) -> None:
    with pytest.raises(authorization.AuthorizationInvalid):
        authorization.require_code_verifier(verifier, expected_challenge="x")


def test_pkce_as_in_rfc_7636_appendix_b() -> None:
    verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert authorization.code_challenge(verifier) == challenge
    with pytest.raises(authorization.AuthorizationInvalid):
        authorization.require_code_verifier(VERIFIER, expected_challenge=challenge)


def test_the_browser_carries_references_only() -> None:
    url = authorization.authorization_url(ISSUER + "/authorize", client_id="portal", request_uri="urn:x:1&2")
    assert url == "https://provider.example/authorize?client_id=portal&request_uri=urn%3Ax%3A1%262"
    back = authorization.authorization_answer_url(REDIRECT, code="c", state="s&t", issuer=ISSUER)
    assert back == REDIRECT + "?code=c&state=s%26t&iss=https%3A%2F%2Fprovider.example"
    assert authorization.authorization_error_url(
        REDIRECT + "?a=b", error="access_denied", state="s", issuer="i"
    ).endswith("?a=b&error=access_denied&state=s&iss=i")


def test_the_forms() -> None:
    pushed_form = authorization.pushed_request_form(client_id="portal", request_object="r", client_assertion="a")
    assert pushed_form["client_assertion_type"] == authorization.ASSERTION_TYPE
    form = authorization.token_form(code="c", redirect_uri=REDIRECT, code_verifier=VERIFIER, client_assertion="a")
    assert form["grant_type"] == "authorization_code"
    assert form["redirect_uri"] == REDIRECT


def test_high_assurance_is_asked_for_by_name_and_an_unknown_one_is_refused() -> None:
    assert not opened(pushed()).high_assurance
    assert opened(pushed(high_assurance=True)).high_assurance
    for value in ("urn:mace:incommon:iap:silver", "", 2, [authorization.HIGH_ASSURANCE], None):
        with pytest.raises(authorization.AuthorizationInvalid) as refusal:
            opened(crafted(acr_values=value))
        assert refusal.value.code == "request_unsupported"


def test_somebody_verified_with_less_assurance_than_asked_for_is_not_verified() -> None:
    assert opened_result(result(high_assurance=True), expected_high_assurance=True).verdict == "verified"
    assert opened_result(result(high_assurance=True)).verdict == "verified"
    with pytest.raises(authorization.AuthorizationInvalid) as refusal:
        opened_result(result(), expected_high_assurance=True)
    assert refusal.value.code == "assurance_too_low"
    declined = result(verdict="declined", reason_code="face_mismatch", high_assurance=True)
    assert opened_result(declined, expected_high_assurance=True).verdict == "declined"
    assert "acr" not in jose.peek(declined).payload
