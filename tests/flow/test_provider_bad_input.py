"""Anything at all at the issuer's endpoints: 4xx in JSON with the standard's code, and never a 500."""

import json
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings, strategies

from tests.fakes.wire_wallet import FORM, FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401

pytestmark = pytest.mark.usefixtures("portal")

BODIES = {
    "empty": b"",
    "not json": b"hello",
    "null": b"null",
    "number": b"1",
    "array": b"[]",
    "brackets": b"[" * 100_000,
    "closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "braces": b'{"a":' * 50_000,
    "duplicate": b'{"proofs":{},"proofs":{}}',
    "duplicate escaped": b'{"proofs":{},"\\u0070roofs":{}}',
    "nan": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "1e400": b'{"a":1e400}',
    "long number": b'{"a":' + b"9" * 5000 + b"}",
    "utf-16": '{"a":1}'.encode("utf-16"),
    "utf-32": '{"a":1}'.encode("utf-32"),
    "bom": b"\xef\xbb\xbf{}",
    "latin-1": b'{"a":"\xe9"}',
    "surrogate": b'{"credential_configuration_id":"\\ud800"}',
    "nul": b'{"credential_configuration_id":"\\u0000"}',
    "control": b'{"a":"\x00"}',
    "20 MB": b'{"a":"' + b"x" * 20_000_000 + b'"}',
    "trailing": b"{} {}",
}
ANONYMOUS_POSTS = ("/token", "/par", "/nonce")
WITH_TOKEN = ("/credential", "/deferred-credential", "/notification")
PUBLISHED = (
    "/jwks", "/.well-known/openid-credential-issuer", "/.well-known/oauth-authorization-server",
    "/.well-known/jwt-vc-issuer", "/.well-known/did.json", "/.well-known/did-configuration.json",
    "/credentials/VerifiedIdentity", "/offers/x", "/status/00000000-0000-0000-0000-000000000000",
)  # fmt: skip


def calm(answer):
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.content[:200])
    assert answer.status_code != 429, "the rate limit answered instead"
    assert answer["Content-Type"] == "application/json"
    assert set(json.loads(answer.content)) <= {"error", "error_description"}
    return answer


@pytest.fixture
def holder():
    wallet = FullWallet()
    assert wallet.redeem(offer_for_test()).status_code == 200
    return wallet


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("content_type", ["application/json", "application/jwt"])
@pytest.mark.parametrize("path", WITH_TOKEN)
def test_bad_bodies_from_somebody_with_a_token(holder, path, body, content_type):
    if not BODIES[body] and content_type == "application/jwt":
        content_type = "application/json"
    calm(holder.post(path, BODIES[body], content_type=content_type))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("path", ["/token", "/par", *WITH_TOKEN])
def test_bad_bodies_from_anybody(path, body):
    client = Client(headers={"host": "provider.test"})
    calm(client.post(path, BODIES[body], content_type=FORM))
    calm(client.post(path, BODIES[body], content_type="application/json"))


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data", "application/xml", "", "x", "a/b; c=\xff"]
)
@pytest.mark.parametrize("path", ["/token", "/par", *WITH_TOKEN])
def test_wrong_content_types(holder, path, content_type):
    calm(holder.post(path, b"{}", content_type=content_type))


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("path", [*ANONYMOUS_POSTS, *WITH_TOKEN])
def test_wrong_methods(path, method):
    answer = calm(getattr(Client(headers={"host": "provider.test"}), method)(path))
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize("path", PUBLISHED)
def test_published_documents_are_only_read(path):
    answer = Client(headers={"host": "provider.test"}).post(path, b"x", content_type="text/plain")
    assert calm(answer).status_code in {404, 405}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer  ", "bearer x y", "DPoP x", "Bearer \xff", "Basic eDp5"]
)
@pytest.mark.parametrize("path", WITH_TOKEN)
def test_odd_authorization_headers_are_401(path, authorization):
    client = Client(headers={"host": "provider.test"})
    answer = client.post(path, b"{}", content_type="application/json", headers={"authorization": authorization})
    assert calm(answer).status_code == 401
    assert answer["WWW-Authenticate"]


# --- the property: whatever comes, no 500

_JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.floats() | strategies.integers() | strategies.text(),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(), inner, max_size=3),
    max_leaves=10,
)
_NAMES = strategies.sampled_from(
    [
        "credential_configuration_id", "credential_identifier", "proofs", "proof", "jwt", "transaction_id",
        "notification_id", "event", "event_description", "credential_response_encryption", "grant_type", "tx_code",
        "pre-authorized_code", "code", "code_verifier", "client_id", "redirect_uri", "request", "scope", "state",
        "authorization_details", "issuer_state", "client_assertion", "client_assertion_type", "code_challenge",
    ]
)  # fmt: skip
_WORDS = strategies.sampled_from(
    [
        "VerifiedIdentity", "VerifiedIdentityJwt", "authorization_code", "S256", "code", "portal", "a.b.c", "e30.e30.",
        "urn:ietf:params:oauth:grant-type:pre-authorized_code", "credential_accepted", "[]", "{}",
    ]
)  # fmt: skip
_REQUESTS = strategies.dictionaries(_NAMES, _JSON | _WORDS | strategies.fixed_dictionaries({"jwt": _JSON}), max_size=6)
_MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.slow
@_MANY
@given(members=_REQUESTS, raw=strategies.binary(max_size=60), sealed=strategies.booleans())
def test_no_request_makes_a_500(holder, members, raw, sealed):
    cache.clear()  # the rate limits would answer instead
    for path in WITH_TOKEN:
        for body in (json.dumps(members).encode(), raw):
            content_type = "application/jwt" if sealed and body else "application/json"
            answer = holder.post(path, body, content_type=content_type)
            assert answer.status_code < 500, (path, body)
            assert answer.status_code != 429
            assert answer.status_code in {202, 204} or answer["Content-Type"] == "application/json"


@pytest.mark.slow
@_MANY
@given(form=strategies.dictionaries(_NAMES, strategies.text() | _WORDS, max_size=8), proof=_WORDS | strategies.just(""))
def test_no_form_makes_a_500(form, proof):
    cache.clear()
    client = Client(headers={"host": "provider.test"})
    encoded = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in form.items()})
    for path in ("/token", "/par"):
        answer = client.post(path, encoded, content_type=FORM, headers={"dpop": proof} if proof else {})
        assert answer.status_code < 500, (path, form)
        assert answer.status_code != 429
        assert answer["Content-Type"] == "application/json"
