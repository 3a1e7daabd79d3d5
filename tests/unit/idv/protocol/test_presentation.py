"""OpenID4VP 1.0: what the official suite checks in a request, and what must not pass as an answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.credentials import base64url, certificates, jose, keys
from idv.protocol import dcql, presentation

from ..credentials.world import AT, VCT, sign_text, world

W = world()
VERIFIER_CA = certificates.development_ca("Verifiers of Utopia", AT)
KEY = certificates.issue_leaf(VERIFIER_CA, name="Portal", at=AT, dns_names=["portal.example"])
ENCRYPTION = keys.generate_encryption()
CLIENT_ID = presentation.client_id_of(KEY)
RESPONSE_URI = "https://portal.example/verifier/response/abc"
STATE, NONCE = "state-of-128-bits-here", "nonce-of-128-bits-here"
QUERY = dcql.query(query_id="identity", vcts=[VCT], claims=["firstName", "lastName"])


def built(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "key": KEY, "client_id": CLIENT_ID, "response_uri": RESPONSE_URI, "nonce": NONCE, "state": STATE,
        "dcql_query": QUERY, "encryption_key": ENCRYPTION, "at": AT, "purpose": "Recover al…@utopia.example",
    }  # fmt: skip
    return presentation.build_request(**(arguments | changes))


def crafted(typ: str = presentation.REQUEST_TYP, key: keys.SigningKey = KEY, **changes: Any) -> str:
    """The request with members as given; ``...`` removes one."""
    members = dict(jose.peek(built()).payload) | changes
    payload = {name: value for name, value in members.items() if value is not ...}
    return jose.sign(payload, typ=typ, key=key, named_by="x5c")


def opened(token: str, **changes: Any) -> presentation.PresentationRequest:
    arguments: dict[str, Any] = {"expected_client_id": CLIENT_ID, "authorities": VERIFIER_CA.chain, "at": AT}
    return presentation.open_request(token, **(arguments | changes))


def test_the_request_is_what_the_official_suite_looks_for() -> None:
    signed = jose.peek(built())
    payload, metadata = signed.payload, signed.payload["client_metadata"]
    assert signed.header["typ"] == "oauth-authz-req+jwt"
    assert payload["client_id"].startswith("x509_hash:")
    assert payload["aud"] == "https://self-issued.me/v2"
    assert payload["response_mode"] == "direct_post.jwt"
    assert payload["exp"] - payload["iat"] == 600
    assert not {"redirect_uri", "wallet_nonce", "client_id_scheme", "presentation_definition", "scope"} & payload.keys()
    assert metadata.keys() == {"vp_formats_supported", "jwks", "encrypted_response_enc_values_supported"}
    assert metadata["encrypted_response_enc_values_supported"] == ["A128GCM", "A256GCM"]
    assert metadata["jwks"]["keys"] == [ENCRYPTION.public_jwk()]
    assert metadata["vp_formats_supported"] == {
        "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
        "jwt_vc_json": {"alg_values": ["ES256"]},
    }
    assert jose.peek(built(wallet_nonce="w")).payload["wallet_nonce"] == "w"


def test_a_wallet_opens_the_request() -> None:
    request = opened(built())
    assert (request.verifier_names, request.is_vouched_for) == (("portal.example",), True)
    assert (request.response_uri, request.nonce, request.state) == (RESPONSE_URI, NONCE, STATE)
    assert request.dcql_query == QUERY
    assert request.purpose == "Recover al…@utopia.example"
    assert request.expires_at == AT + presentation.REQUEST_LIFETIME


def test_a_wallet_without_a_list_learns_that_nobody_vouches() -> None:
    stranger = certificates.issue_leaf(certificates.development_ca("X", AT), name="X", at=AT, dns_names=["x.example"])
    client_id = presentation.client_id_of(stranger)
    token = built(key=stranger, client_id=client_id)
    assert not opened(token, expected_client_id=client_id, authorities=None).is_vouched_for
    with pytest.raises(presentation.PresentationMessageInvalid) as refusal:
        opened(token, expected_client_id=client_id)
    assert refusal.value.code == "certificate_chain_untrusted"


def test_the_host_prefix() -> None:
    client_id = presentation.client_id_of(KEY, prefix="x509_san_dns", host="portal.example")
    assert client_id == "x509_san_dns:portal.example"
    assert opened(built(client_id=client_id), expected_client_id=client_id).client_id == client_id
    for changes in (
        {"client_id": "x509_san_dns:other.example"},
        {"client_id": client_id, "response_uri": "https://other.example/r"},
        {"client_id": client_id, "response_uri": "https://portal.example.attacker.example/r"},
    ):
        with pytest.raises(presentation.PresentationMessageInvalid) as refusal:
            opened(built(**changes), expected_client_id=changes["client_id"])
        assert refusal.value.code == "client_id_mismatch"


@pytest.mark.parametrize(
    "client_id",
    [
        "redirect_uri:https://portal.example",
        "did:web:a",
        "portal",
        "openid_federation:https://a.example",
        "x509_hash",
        "",
    ],
)
def test_a_client_id_that_a_wallet_cannot_check(client_id: str) -> None:
    with pytest.raises(presentation.PresentationMessageInvalid) as refusal:
        opened(built(client_id=client_id), expected_client_id=client_id)
    assert refusal.value.code in {"client_id_unsupported", "client_id_mismatch"}


def test_a_verifier_key_needs_a_certificate() -> None:
    with pytest.raises(presentation.PresentationMessageInvalid):
        presentation.client_id_of(keys.generate())


OTHER = certificates.issue_leaf(VERIFIER_CA, name="Other", at=AT, dns_names=["other.example"])
REFUSED = {
    "another certificate under the same authority": (crafted(key=OTHER), "client_id_mismatch"),
    "another client_id inside": (crafted(client_id="x509_hash:AAAA"), "client_id_mismatch"),
    "no client_id": (crafted(client_id=...), "client_id_mismatch"),
    "typ JWT": (crafted(typ="JWT"), "jws_wrong_type"),
    "aud of a provider": (crafted(aud="https://provider.example"), "request_for_another"),
    "no aud": (crafted(aud=...), "request_for_another"),
    "expired": (crafted(exp=jose.seconds(AT)), "request_expired"),
    "no exp": (crafted(exp=...), "time_missing"),
    "from the future": (crafted(iat=jose.seconds(AT) + 61), "request_expired"),
    "with redirect_uri": (crafted(redirect_uri="https://portal.example"), "request_unsupported"),
    "with transaction_data": (crafted(transaction_data=["eyJ"]), "invalid_transaction_data"),
    "with scope": (crafted(scope="identity"), "request_unsupported"),
    "another response_type": (crafted(response_type="code"), "request_unsupported"),
    "another response_mode": (crafted(response_mode="fragment"), "request_unsupported"),
    "no nonce": (crafted(nonce=...), "request_malformed"),
    "a short nonce": (crafted(nonce="123"), "request_malformed"),
    "response_uri of a script": (crafted(response_uri="javascript:alert(1)"), "address_malformed"),
    "response_uri with a user": (crafted(response_uri="https://portal.example@x.example/"), "address_malformed"),
    "no response_uri": (crafted(response_uri=...), "address_malformed"),
    "no query": (crafted(dcql_query=...), "dcql_malformed"),
    "state is a number": (crafted(state=1), "request_malformed"),
    "client_metadata is a list": (crafted(client_metadata=[]), "request_malformed"),
    "purpose is an object": (crafted(purpose={}), "request_malformed"),
    "signed without certificate": (
        jose.sign(jose.peek(built()).payload, typ=presentation.REQUEST_TYP, key=KEY), "certificate_chain_malformed"),
    "signed by another key": (
        sign_text("{}", header={"typ": presentation.REQUEST_TYP, "x5c": KEY.x5c()}, key=OTHER), "jws_bad_signature"),
    "no token": ("<html>", "jws_malformed"),
}  # fmt: skip


@pytest.mark.parametrize(("token", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wallet_refuses_a_request(token: str, code: str) -> None:
    with pytest.raises(presentation.PresentationMessageInvalid) as refusal:
        opened(token)
    assert refusal.value.code == code


def test_an_iss_inside_is_ignored() -> None:
    assert opened(crafted(iss="https://other.example")).client_id == CLIENT_ID


def test_a_wallet_that_sent_a_nonce_wants_it_back() -> None:
    assert opened(built(wallet_nonce="w"), expected_wallet_nonce="w")
    for token in (built(), built(wallet_nonce="other")):
        with pytest.raises(presentation.PresentationMessageInvalid) as refusal:
            opened(token, expected_wallet_nonce="w")
        assert refusal.value.code == "request_not_fresh"


@pytest.mark.parametrize("base", ["openid4vp://", "https://wallet.example/present", "https://wallet.example/?a=b"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_is_read_back(base: str, method: presentation.UriMethod) -> None:
    link = presentation.request_link(client_id=CLIENT_ID, request_uri=RESPONSE_URI, method=method, base=base)
    assert link.startswith(base)
    assert presentation.parse_request_link(link) == presentation.RequestLink(
        client_id=CLIENT_ID, request_uri=RESPONSE_URI, request_uri_method=method
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "client_id=a",
        "request_uri=https://a.example",
        "client_id=&request_uri=https://a.example",
        "client_id=a&request_uri=https://a.example&client_id=b",
        "client_id=a&request_uri=file:///etc/passwd",
        "client_id=a&request_uri=https://a.example&request_uri_method=put",
        "client_id=a&request_uri=https://a.example%23fragment",
    ],
)
def test_a_link_that_is_no_request(query: str) -> None:
    with pytest.raises(presentation.PresentationMessageInvalid):
        presentation.parse_request_link("openid4vp://?" + query)


VP_TOKEN = {"identity": ["a.b.c~d~e.f.g"]}


def answered(form: dict[str, str], **changes: Any) -> presentation.WalletResponse:
    return presentation.open_response(form, **({"key": ENCRYPTION, "expected_state": STATE} | changes))


def test_an_encrypted_answer_arrives() -> None:
    form = presentation.build_response(opened(built()), vp_token=VP_TOKEN)
    assert form.keys() == {"response"}
    assert answered(form) == presentation.WalletResponse(vp_token=VP_TOKEN, error=None, state=STATE, encrypted=True)


def test_a_wallet_answers_a_verifier_that_wants_it_plain_or_offers_one_cipher() -> None:
    plain = presentation.build_response(opened(crafted(response_mode="direct_post", state=...)), vp_token=VP_TOKEN)
    assert plain == {"vp_token": '{"identity":["a.b.c~d~e.f.g"]}'}
    metadata = jose.peek(built()).payload["client_metadata"]
    one = opened(crafted(client_metadata=metadata | {"encrypted_response_enc_values_supported": ["A128GCM"]}))
    header = presentation.build_response(one, vp_token=VP_TOKEN)["response"].split(".")[0]
    assert jose.strict_json.load_object(base64url.decode(header))["enc"] == "A128GCM"


@pytest.mark.parametrize(
    "changes",
    [
        {"encrypted_response_enc_values_supported": ["A128CBC-HS256"]},
        {"encrypted_response_enc_values_supported": "A128GCM"},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "RSA", "alg": "RSA-OAEP"}, "x"]}},
        {"jwks": []},
    ],
)
def test_a_wallet_does_not_answer_in_the_clear_what_should_be_encrypted(changes: dict[str, Any]) -> None:
    metadata = jose.peek(built()).payload["client_metadata"] | changes
    with pytest.raises(presentation.PresentationMessageInvalid):
        presentation.build_response(opened(crafted(client_metadata=metadata)), vp_token=VP_TOKEN)


def test_a_declining_wallet_answers_in_the_clear() -> None:
    form = presentation.build_error_response(opened(built()), error="access_denied")
    assert answered(form) == presentation.WalletResponse(
        vp_token=None, error="access_denied", state=STATE, encrypted=False
    )
    assert answered({"error": "<script>", "state": STATE}).error == "unknown_error"


def encrypted(members: dict[str, Any]) -> dict[str, str]:
    return {"response": jose.encrypt(members, recipient_jwk=ENCRYPTION.public_jwk())}


def test_an_error_may_be_encrypted_too() -> None:
    found = answered(encrypted({"error": "access_denied", "state": STATE}))
    assert (found.error, found.encrypted) == ("access_denied", True)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "response_not_encrypted"),
        ({"vp_token": "{}", "state": STATE}, "response_not_encrypted"),
        ({"error": "access_denied", "state": "another-state"}, "response_wrong_state"),
        ({"error": "access_denied"}, "response_wrong_state"),
        (encrypted({"vp_token": VP_TOKEN, "state": "another-state"}), "response_wrong_state"),
        (encrypted({"vp_token": VP_TOKEN}), "response_wrong_state"),
        (encrypted({"vp_token": VP_TOKEN, "state": [STATE]}), "response_wrong_state"),
        (encrypted({"vp_token": [], "state": STATE}), "vp_token_malformed"),
        (encrypted({"vp_token": '{"identity":["a"]}', "state": STATE}), "vp_token_malformed"),
        (encrypted({"state": STATE}), "vp_token_malformed"),
        (encrypted({"vp_token": VP_TOKEN, "state": STATE}) | {"vp_token": "{}"}, "response_malformed"),
        (encrypted({"vp_token": VP_TOKEN, "state": STATE}) | {"error": "access_denied"}, "response_malformed"),
        ({"response": "x"}, "jwe_malformed"),
        ({"response": "\ud800.é.a.b.c"}, "jwe_malformed"),
    ],
)
def test_an_answer_is_refused(form: dict[str, str], code: str) -> None:
    with pytest.raises(presentation.PresentationMessageInvalid) as refusal:
        answered(form)
    assert refusal.value.code == code


def test_s14_an_answer_for_the_key_of_another_request() -> None:
    form = presentation.build_response(opened(built()), vp_token=VP_TOKEN)
    with pytest.raises(presentation.PresentationMessageInvalid):
        answered(form, key=keys.generate_encryption())


@given(st.dictionaries(st.sampled_from(["response", "error", "state", "vp_token"]), st.text(max_size=30)))
def test_whatever_is_posted_is_opened_or_cleanly_refused(form: dict[str, str]) -> None:
    try:
        found = answered(form)
    except presentation.PresentationMessageInvalid:
        return
    assert found.state == STATE


def test_the_whole_way_with_a_real_credential() -> None:
    request = opened(built())
    credential = W.credential()
    (match,) = dcql.match(
        request.dcql_query,
        [dcql.HeldCredential(key="1", vct=VCT, claims={"firstName": "Alice", "lastName": "Möbius", "portrait": "x"})],
    )["identity"]
    vp = W.presented(credential, disclose=match.names, audience=request.client_id, nonce=request.nonce)
    response = answered(presentation.build_response(request, vp_token={"identity": [vp]}))
    tokens = dcql.require_response_shape(QUERY, response.vp_token)
    found = W.verify(tokens["identity"][0], expected_audience=CLIENT_ID, expected_nonce=NONCE)
    dcql.require_claims(QUERY, "identity", found.claims)
    assert found.claims == {"firstName": "Alice", "lastName": "Möbius"}
