"""A Host header that is not ours: programs are answered in JSON, people by a calm page, and nothing is believed."""

import json

import pytest
from django.core.exceptions import DisallowedHost
from django.test import Client, RequestFactory

from recovery_portal.kit import views

TENANT = "11111111-1111-4111-8111-111111111111"
PROVIDER = [
    "/token",
    "/par",
    "/nonce",
    "/credential",
    "/deferred-credential",
    "/notification",
    "/jwks",
    "/offers/x",
    "/status/x",
    "/credentials/VerifiedIdentity",
    "/.well-known/openid-credential-issuer",
    "/.well-known/oauth-authorization-server",
    "/.well-known/jwt-vc-issuer",
    "/.well-known/did.json",
    "/.well-known/unknown",
]
PORTAL = [
    "/verifier/requests/x",
    "/verifier/responses/x",
    "/verifier/jwks",
    "/.well-known/did.json",
    "/.well-known/unknown",
    "/.well-known/openid-credential-issuer",
    "/verified-id/issuer/token",
    "/verified-id/issuer/credential",
    "/verified-id/types/X",
    f"/{TENANT}/oauth2/v2.0/token",
    f"/{TENANT}/oauth2/v2.0/devicecode",
    f"/{TENANT}/v2.0/.well-known/openid-configuration",
    f"/{TENANT}/discovery/v2.0/keys",
]
GRAPH = ["/v1.0/users", "/beta/nothing/here"]
PAGES = {
    "recovery_portal.urls": ["/", "/recover/", "/admin/login/", "/nothing/"],
    "idv.provider.urls": ["/", "/authorize", "/nothing/"],
    "idv.wallet.urls": ["/", "/receive", "/present", "/authorized", "/nothing/"],
}
HOSTS = ["evil.example", "portal.test.evil.example", "portal.test@evil.example", "a b", "[", "x" * 300, "é"]


def asked(path, method="get", host="evil.example"):
    client = Client(raise_request_exception=False)
    return getattr(client, method)(path, headers={"host": host})


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("urlconf", "path"),
    [("idv.provider.urls", path) for path in PROVIDER] + [("recovery_portal.urls", path) for path in PORTAL],
)
@pytest.mark.django_db
def test_a_door_for_programs_answers_in_json(settings, urlconf, path, method):
    settings.ROOT_URLCONF = urlconf
    answer = asked(path, method)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["error"] == "invalid_request"
    assert b"evil" not in answer.content


@pytest.mark.parametrize("path", GRAPH)
@pytest.mark.django_db
def test_the_api_answers_in_its_own_words(path):
    answer = asked(path)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "badRequest"


def test_the_control_room_answers_in_its_own_words():
    request = RequestFactory().get("/_emulation/clock")
    request.urlconf = "recovery_portal.emulation.urls"  # as the control room's middleware leads it
    answer = views.bad_request(request, DisallowedHost("evil.example"))
    assert answer.status_code == 400
    assert set(json.loads(answer.content)) == {"error", "sentence"}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("urlconf", "path"), [(conf, path) for conf, paths in PAGES.items() for path in paths])
@pytest.mark.django_db
def test_a_page_is_calm(settings, urlconf, path, host):
    settings.ROOT_URLCONF = urlconf
    answer = asked(path, host=host)
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/html")
    assert b"<h1>That did not work</h1>" in answer.content
    assert b"evil" not in answer.content
