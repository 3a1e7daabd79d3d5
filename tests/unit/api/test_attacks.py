"""Tokens that mean something else than they say, and questions that nobody asks in earnest."""

# ruff: noqa: F811 (fixtures of another module, by their names)

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client
from rest_framework import serializers

from accounts.models import User
from recovery_portal.api import grants, permissions, registrations, tokens
from recovery_portal.api.models import AppRegistration, TokenKey
from recovery_portal.api.shell import Body
from recovery_portal.kit import clock

from .conftest import AsApp
from .test_permissions import OPERATIONS
from .test_tokens import Program, app, ask_with, forged, key_material, program, secret, users  # noqa: F401

LISTS = ["users", "groups", "auditLogs/directoryAudits", "auditLogs/signIns"]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_header(token: str, **changes: Any) -> str:
    """The same claims under another header: without a signature, or signed with what everybody can read."""
    head, payload, signature = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "==")) | changes
    header = {name: value for name, value in header.items() if value is not ...}
    text = f"{b64(json.dumps(header).encode())}.{payload}"
    if header["alg"] == "none":
        return f"{text}."
    if header["alg"] == "HS256":
        public = json.dumps(TokenKey.objects.get().public_jwk).encode()
        return f"{text}.{b64(hmac.digest(public, text.encode(), hashlib.sha256))}"
    return f"{text}.{signature}"


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"}, {"alg": "None"}, {"alg": "nOnE"}, {"alg": "HS256"}, {"alg": "HS256", "kid": "/dev/null"},
        {"alg": "ES384"}, {"alg": ["ES256"]}, {"alg": None}, {"typ": "JWT"}, {"typ": ["at+jwt"]}, {"kid": ["x"]},
        {"kid": "' OR 1=1 --"}, {"kid": "../../../dev/null"}, {"kid": "\x00"}, {"kid": "\ud800"}, {"kid": ...},
        {"jku": "https://evil.test/keys"}, {"x5u": "https://evil.test/c"}, {"crit": ["exp"]}, {"b64": False},
    ],
)  # fmt: skip
def test_another_header_over_our_claims_opens_nothing(
    client: Client,
    app: AppRegistration,
    changes: dict[str, Any],
) -> None:
    token = forged(app)
    assert users(client, token).status_code == 200
    assert users(client, with_header(token, **changes)).status_code == 401


def test_a_token_that_brings_its_own_key_is_held_against_ours(client: Client, app: AppRegistration) -> None:
    from idv.credentials import keys

    tokens.signing_key(at=clock.now())
    own = keys.generate()
    signed_by_them = forged(app, key=keys.SigningKey(**(own.__dict__ | {"kid": TokenKey.objects.get().kid})))
    assert users(client, signed_by_them).status_code == 401
    assert users(client, with_header(signed_by_them, jwk=own.jwks_entry())).status_code == 401


@pytest.mark.parametrize("aud", [None, [], ["http://portal.test"], {"a": 1}, "http://portal.test/", 1])
def test_an_audience_is_ours_alone(client: Client, app: AppRegistration, aud: Any) -> None:
    assert users(client, forged(app, aud=aud)).status_code == 401


def test_a_real_id_token_is_no_access_token(client: Client, app: AppRegistration, alice: User) -> None:
    assert users(client, grants.id_token(app, alice, at=clock.now())).status_code == 401


@pytest.mark.parametrize(
    "changes", [{"jti": "\ud800"}, {"jti": ""}, {"jti": {"a": 1}}, {"jti": None}, {"jti": "\x00"}, {"jti": "x" * 9_000},
                {"sub": {}}, {"exp": 1e400}, {"nbf": -(10**20)}, {"nbf": None}, {"iat": "x"}],
)  # fmt: skip
def test_no_claim_of_an_assertion_is_a_server_error(
    client: Client,
    program: Program,
    changes: dict[str, Any],
) -> None:
    assert ask_with(client, program, program.assertion(**changes)).status_code in {200, 400, 401}


TOO_MUCH = (
    "(" * 100_000, "not " * 5_000, "a/" * 9_000, "'" * 20_000, "id eq 'x' and " * 2_000, "9" * 20_000,
    "\x00", "displayName eq '\x00'", '"displayName:\x00"', "displayName eq '\ud800'", "id eq NaN", "ID EQ 1e999",
)  # fmt: skip


@pytest.mark.parametrize("option", ["$filter", "$search", "$orderby", "$select", "$expand", "$skiptoken", "$top", "$x"])
def test_no_question_is_too_much(alice: User, as_app: AsApp, option: str) -> None:
    api = as_app(*permissions.known())
    for text in TOO_MUCH:
        sent = text.encode("utf-8", "surrogatepass")
        for route in LISTS:
            answer = api("get", route, query_params={option: sent})
            assert answer.status_code in {200, 400}, (route, text[:12])


def test_who_may_not_read_learns_nothing_of_who_is_there(alice: User, as_app: AsApp) -> None:
    api = as_app("Policy.Read.AuthenticationMethod")

    def told(answer: Any) -> Any:
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["message"]

    for path in ("users/{}", "users/{}/authentication/methods", "users/{}/memberOf"):
        there = told(api("get", path.format(alice.user_principal_name)))
        assert there == told(api("get", path.format("nobody@contoso.example")))
        assert there[0] == 403


def test_every_part_of_a_body_refuses_what_it_does_not_know() -> None:
    def parts(form: Any) -> Any:
        if isinstance(form, serializers.ListSerializer):
            form = form.child
        if isinstance(form, serializers.Serializer):
            yield form
            for one in form.fields.values():
                yield from parts(getattr(one, "child", one))

    found = [form for _, _, made in OPERATIONS if made.body is not None for form in parts(made.body())]
    assert len(found) > 20
    assert [type(form).__name__ for form in found if not isinstance(form, Body)] == []


@pytest.mark.parametrize(
    "name",
    ["id", "is_staff", "isStaff", "is_superuser", "password", "session_epoch", "user_permissions", "groups", "pk"],
)
def test_nobody_is_given_more_by_a_property_that_is_not_theirs_to_write(alice: User, as_app: AsApp, name: str) -> None:
    answer = as_app("User.ReadWrite.All")("patch", f"users/{alice.pk}", {"surname": "New", name: "1"})
    assert answer.status_code == 400
    alice.refresh_from_db()
    assert (alice.surname, alice.is_staff, alice.is_superuser) == ("Archer", False, False)


def test_a_batch_of_odd_texts_is_answered(as_app: AsApp) -> None:
    api = as_app("User.Read.All")
    for text in ("\x00", "\ud800", "🙂", "a\r\nb: c", "users/%00", "users/%ED%A0%80", "users/..%2F..%2Fx",
                 "//evil.test/users", "users?$filter=%00", "users/%", "[", "http://[x/users"):  # fmt: skip
        for name in ("id", "method", "url", "headers", "body"):
            one = {"id": "1", "method": "GET", "url": "users", name: {"Prefer": text} if name == "headers" else text}
            answer = api("post", "$batch", {"requests": [one]})
            assert answer.status_code in {200, 400}, (name, text)
            if answer.status_code == 200:
                assert answer.json()["responses"][0]["status"] in {200, 400, 404}, (name, text)


@pytest.mark.parametrize(
    "uri",
    ["http://[x", "https://[x", "https://tool.example:x/", "https://tool.example; script-src */", "https://a@b.example",
     "https://a.example,b.example/", "https://'self'/", "http://[::1] */", "https://", "http://tool.example", "\x00"],
)  # fmt: skip
def test_an_address_that_is_more_than_a_host_is_not_registered(db: None, uri: str) -> None:
    registrations.check_redirect_uri("https://tool.example:8443/back?x=1")
    registrations.check_redirect_uri("http://[::1]/back")
    with pytest.raises(registrations.RegistrationRefused):
        registrations.check_redirect_uri(uri)
