"""The portal's side of the wire under attack: pushed requests, redirects, codes, replays, odd bytes."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from idv.credentials import jose, keys
from idv.protocol import authorization as wire
from idv.provider.models import ProofingSession, PushedRequest
from tests.fakes.proofing import Browser, Portal, arrive, code_in
from tests.flow.provider_house import house, portal  # noqa: F401

FORM = "application/x-www-form-urlencoded"


def refused(answer, code, status=400):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["error"] == code
    description = answer.json().get("error_description", "")
    assert description.isascii()
    assert not set('"\\') & set(description)
    return True


def declined_code(party: Portal) -> str:
    browser = arrive(party)
    browser.step("continue-here")
    browser.step("without-biometrics")
    browser.go(f"{browser.base}/return")
    return code_in(browser.page["Location"])


# --- pushing


def test_it_takes_a_signed_request_once(portal):  # noqa: F811
    form = portal.form()
    first = portal.post("/par", form)
    assert first.status_code == 201
    assert 0 < first.json()["expires_in"] <= 90
    assert refused(portal.post("/par", form), "invalid_client", 401), "the same assertion again"
    replay = form | {"client_assertion": portal.assertion()}
    assert refused(portal.post("/par", replay), "invalid_request_object"), "the same request object again"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"redirect_uri": "http://portal.test/recover/return"}, "invalid_request"),
        ({"redirect_uri": "http://portal.test/recover/return/?x=1"}, "invalid_request"),
        ({"redirect_uri": "http://evil.test/"}, "invalid_request"),
        ({"redirect_uri": "http://portal.test.evil.test/recover/return/"}, "invalid_request"),
        ({"audience": "http://other-provider.test"}, "invalid_request_object"),
        ({"client_id": "another"}, "invalid_request_object"),
        ({"key": keys.generate()}, "invalid_request_object"),
        ({"state": "with\nnewline"}, "invalid_request_object"),
        ({"state": "nul\x00"}, "invalid_request_object"),
        ({"challenge": "plain"}, "invalid_request_object"),
        ({"at": timezone.now() - timedelta(hours=1)}, "invalid_request_object"),
        ({"at": timezone.now() + timedelta(hours=1)}, "invalid_request_object"),
    ],
    ids=lambda value: "another key" if "SigningKey" in str(value) else str(value)[:40],
)
def test_it_refuses_a_request_that_is_not_exactly_right(portal, change, code):  # noqa: F811
    assert refused(portal.push(request=portal.request_object(**change)), code)
    assert not PushedRequest.objects.exists()


def test_pkce_must_be_s256(portal):  # noqa: F811
    payload = dict(jose.peek(portal.request_object()).payload)
    for method in ("plain", None):
        payload["jti"] = f"jti-{method}"
        payload["code_challenge_method"] = method
        signed = jose.sign(payload, typ=wire.REQUEST_TYP, key=portal.key)
        assert refused(portal.push(request=signed), "invalid_request_object")


@pytest.mark.parametrize(
    "change",
    [
        {"key": keys.generate()},
        {"client_id": "stranger"},
        {"client_id": "nul\x00"},
        {"audience": "http://other.test"},
        {"at": timezone.now() - timedelta(hours=1)},
    ],
    ids=["key", "unknown", "nul", "audience", "old"],
)
def test_who_does_not_prove_who_they_are_learns_nothing_more(portal, change):  # noqa: F811
    answer = portal.push(client_assertion=portal.assertion(**change))
    assert refused(answer, "invalid_client", 401)
    assert "error_description" not in answer.json()


def test_a_disabled_party_is_refused_at_both_doors(portal):  # noqa: F811
    from idv.provider.models import RelyingParty

    path = portal.authorize_path()
    RelyingParty.objects.update(enabled=False)
    assert refused(portal.push(), "invalid_client", 401)
    assert Browser().go(path).status_code == 400


@pytest.mark.parametrize("drop", ["request", "client_assertion", "client_assertion_type"])
def test_a_missing_parameter_is_a_clean_refusal(portal, drop):  # noqa: F811
    form = portal.form()
    form.pop(drop)
    answer = portal.post("/par", form)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_request", "invalid_client"}


def test_an_unsigned_request_and_a_pushed_request_uri_are_refused(portal):  # noqa: F811
    assert refused(portal.push(request_uri="urn:ietf:params:oauth:request_uri:x"), "invalid_request")
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoib2F1dGgtYXV0aHotcmVxK2p3dCJ9.e30."
    assert refused(portal.push(request=unsigned), "invalid_request_object")


# --- arriving


def test_a_request_uri_works_once_for_its_client_and_for_a_minute(portal):  # noqa: F811
    path = portal.authorize_path()
    other = Portal(client_id="other")
    other.register()
    assert Browser().go(path.replace("client_id=portal", "client_id=other")).status_code == 400
    assert Browser().go(path).status_code == 200
    assert Browser().go(path).status_code == 400
    late = portal.authorize_path()
    PushedRequest.objects.update(expires_at=timezone.now())
    assert Browser().go(late).status_code == 400
    assert ProofingSession.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "client_id=portal",
        "client_id=portal&request_uri=https://evil.test/request.jwt",
        "client_id=portal&request_uri=urn:ietf:params:oauth:request_uri:guess",
        "client_id=%00&request_uri=urn:ietf:params:oauth:request_uri:guess",
        "client_id=portal&redirect_uri=http://evil.test/&response_type=code",
        "client_id=portal&request=eyJhbGciOiJub25lIn0.e30.",
    ],
)
def test_the_browser_can_bring_nothing_but_a_pushed_reference(portal, query):  # noqa: F811
    answer = Browser().go(f"/authorize?{query}")
    assert answer.status_code == 400
    assert b"evil.test" not in answer.content
    assert not ProofingSession.objects.exists()


# --- coming home


def test_a_code_is_exchanged_once(portal):  # noqa: F811
    code = declined_code(portal)
    assert portal.redeem(code).status_code == 200
    assert refused(portal.redeem(code), "invalid_grant")


def test_a_wrong_verifier_burns_the_code(portal):  # noqa: F811
    code = declined_code(portal)
    assert refused(portal.redeem(code, code_verifier=wire.new_code_verifier()), "invalid_grant")
    assert refused(portal.redeem(code), "invalid_grant")


@pytest.mark.parametrize(
    "change", [{"redirect_uri": "http://evil.test/"}, {"code_verifier": "short"}, {"redirect_uri": ""}]
)
def test_a_wrong_exchange_is_an_invalid_grant(portal, change):  # noqa: F811
    assert refused(portal.redeem(declined_code(portal), **change), "invalid_grant")


def test_a_guessed_code_is_an_invalid_grant(portal):  # noqa: F811
    assert refused(portal.redeem("guess"), "invalid_grant")


def test_another_client_cannot_exchange_the_code(portal):  # noqa: F811
    other = Portal(client_id="other", verifier=portal.verifier)
    other.register()
    code = declined_code(portal)
    assert refused(other.redeem(code), "invalid_grant")


def test_going_home_twice_before_the_exchange_replaces_the_code(portal):  # noqa: F811
    browser = arrive(portal)
    browser.step("continue-here")
    browser.step("without-biometrics")
    base = browser.base
    first = code_in(browser.go(f"{base}/return")["Location"])
    second = code_in(browser.client.get(f"{base}/return")["Location"])
    assert refused(portal.redeem(first), "invalid_grant")
    assert portal.redeem(second).status_code == 200
    assert "code=" not in browser.client.get(f"{base}/return")["Location"]


def test_the_result_is_for_this_portal_and_this_request(portal):  # noqa: F811
    answer = portal.redeem(declined_code(portal)).json()
    payload = jose.peek(answer["proofing_result"]).payload
    assert (payload["aud"], payload["nonce"]) == (portal.client_id, portal.nonce)
    assert set(payload) == {
        "iss", "aud", "nonce", "verdict", "reason_code", "proofing_reference", "iat", "exp", "jti",
    }, "no personal data"  # fmt: skip


# --- odd bytes

BODIES = [
    (b"", FORM),
    (b"grant_type", FORM),
    (b"grant_type=authorization_code&grant_type=authorization_code", FORM),
    (b"\xff\xfe=\x00", FORM),
    (b"%ff%fe=%00", FORM),
    (b"a=%00&client_assertion=%00&grant_type=authorization_code", FORM),
    (b"&".join(b"a%d=1" % n for n in range(200)), FORM),
    (b"x" * 3_000_000, FORM),
    (b"{}", "application/json"),
    (b"[" * 100_000, "application/json"),
    (b'{"a":1,"a":2}', "application/json"),
    (b'{"a":NaN}', "application/json"),
    (b'{"a":1e400}', "application/json"),
    ('{"proofs":1}'.encode("utf-16"), "application/json"),
    (b'{"proofs":"\\ud800"}', "application/json"),
    (b"{}", "text/plain"),
    (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
]


@pytest.mark.parametrize("path", ["/par", "/token", "/nonce", "/credential", "/notification"])
@pytest.mark.parametrize(("body", "content_type"), BODIES, ids=range(len(BODIES)))
def test_odd_bodies_get_a_4xx_in_json(portal, path, body, content_type):  # noqa: F811
    client = Client(headers={"host": "provider.test", "authorization": "Bearer guess"})
    client.raise_request_exception = False
    answer = client.post(path, body, content_type=content_type)
    if path == "/nonce":
        assert answer.status_code == 200, "whatever the body says, a nonce is public"
        return
    assert 400 <= answer.status_code < 500
    assert json.loads(answer.content)["error"]


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
@pytest.mark.parametrize("path", ["/par", "/token", "/nonce", "/credential", "/notification"])
def test_other_methods_get_405_in_json(portal, path, method):  # noqa: F811
    answer = getattr(portal.client, method)(path)
    assert refused(answer, "invalid_request", 405)
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize(
    "name", ["oauth-authorization-server", "openid-configuration", "openid-credential-issuer", "jwt-vc-issuer"]
)
def test_published_documents_name_configured_addresses_only(portal, settings, name):  # noqa: F811
    settings.ALLOWED_HOSTS = ["*"]
    document = Client(headers={"host": "evil.test"}).get(f"/.well-known/{name}")
    assert document.status_code == 200
    assert document["Access-Control-Allow-Origin"] == "*"
    assert b"evil.test" not in document.content
    issuer = document.json().get("issuer") or document.json()["credential_issuer"]
    assert issuer == settings.PROVIDER_BASE_URL


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/anything",
        "/.well-known/",
        "/.well-known/openid-credential-issuer/another-tenant",
        "/.well-known/oauth-authorization-server/tenant",
    ],
)
def test_i13_unknown_well_known_addresses_are_404_in_json(portal, path):  # noqa: F811
    assert refused(portal.client.get(path), "not_found", 404)


def test_the_metadata_is_what_a_1_0_wallet_reads(portal, settings):  # noqa: F811
    document = portal.client.get("/.well-known/openid-credential-issuer").json()
    configuration = document["credential_configurations_supported"]["VerifiedIdentity"]
    assert configuration["format"] == "dc+sd-jwt"
    assert configuration["credential_metadata"]["claims"]
    assert configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"] == ["ES256"]
    described = portal.client.get(configuration["vct"].removeprefix(settings.PROVIDER_BASE_URL))
    assert described.json()["vct"] == configuration["vct"]


def test_too_many_requests_are_told_when_to_come_back(portal):  # noqa: F811
    answers = [portal.client.post("/nonce") for _ in range(121)]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[0].status_code == 200


def test_keys_are_fetched_from_the_registered_address_only(portal, monkeypatch):  # noqa: F811
    import httpx

    from recovery_portal.kit import http

    asked = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"keys": [remote.key.jwks_entry()]})

    remote = Portal(client_id="remote")
    remote.register(jwks=None, jwks_uri="http://portal.test/verifier/jwks")
    monkeypatch.setattr(http, "transports", {"http://portal.test": httpx.MockTransport(serve)})
    assert remote.push().status_code == 201
    assert remote.push().status_code == 201
    assert asked == ["http://portal.test/verifier/jwks"], "once, and from nowhere else"


def test_a_party_whose_keys_cannot_be_fetched_is_refused_calmly(portal, monkeypatch):  # noqa: F811
    import httpx

    from recovery_portal.kit import http

    remote = Portal(client_id="remote")
    remote.register(jwks=None, jwks_uri="http://portal.test/verifier/jwks")
    for answer in (
        httpx.Response(500),
        httpx.Response(302, headers={"Location": "http://10.0.0.1/"}),
        httpx.Response(200, text="["),
    ):
        monkeypatch.setattr(http, "transports", {"http://portal.test": httpx.MockTransport(lambda _, a=answer: a)})
        assert refused(remote.push(), "invalid_client", 401)


def test_the_redirect_keeps_a_query_that_was_registered(house):  # noqa: F811
    party = Portal(redirect_uri="http://portal.test/back?tenant=a")
    party.register()
    browser = arrive(party)
    browser.step("cancel")
    location = browser.client.get(f"{browser.base}/return")["Location"]
    assert location.startswith("http://portal.test/back?tenant=a&" + urlencode({"error": "access_denied"}))
