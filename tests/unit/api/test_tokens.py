"""Tokens: who gets one, and what opens with it."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import AuditEvent, User
from idv.credentials import jose, keys
from recovery_portal.api import oauth, registrations, tokens
from recovery_portal.api.models import AppRegistration, AppSecret, TokenKey
from recovery_portal.kit import clock
from tests.fakes.accounts import sign_in_with_password

SCOPE = "https://graph.microsoft.com/.default"
TENANT = django_settings.TENANT_ID
TOKEN = f"/{TENANT}/oauth2/v2.0/token"


@pytest.fixture
def app(db: None) -> AppRegistration:
    return registrations.register(name="Script", app_permissions=["User.Read.All"], at=clock.now())


@pytest.fixture
def secret(app: AppRegistration) -> str:
    return registrations.add_secret(app=app, at=clock.now()).secret


def ask(client: Client, **form: Any) -> Any:
    return client.post(TOKEN, {"grant_type": "client_credentials", "scope": SCOPE} | form)


def users(client: Client, token: str) -> Any:
    return client.get("/v1.0/users", headers={"authorization": f"Bearer {token}"})


def test_a_secret_gets_a_token_that_opens_what_was_granted(client: Client, app: AppRegistration, secret: str) -> None:
    answer = ask(client, client_id=app.pk, client_secret=secret)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["expires_in"] == 3600
    assert users(client, answer.json()["access_token"]).status_code == 200
    claims = jose.peek(answer.json()["access_token"]).payload
    assert (claims["roles"], claims["idtyp"], claims["tid"]) == (["User.Read.All"], "app", TENANT)


@pytest.mark.django_db
def test_the_metadata_names_the_keys_that_sign(client: Client, app: AppRegistration, secret: str) -> None:
    metadata = client.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    assert metadata["issuer"] == f"http://portal.test/{TENANT}/v2.0"
    jwks = client.get(urlsplit(metadata["jwks_uri"]).path).json()
    token = ask(client, client_id=app.pk, client_secret=secret).json()["access_token"]
    assert jose.verify_with_jwks(token, jwks=jwks, typ="at+jwt").payload["iss"] == metadata["issuer"]
    assert not {"d", "k"} & {name for key in jwks["keys"] for name in key}


@pytest.mark.parametrize(
    ("change", "number", "status"),
    [
        ({"client_secret": "wrong"}, 7000215, 401),
        ({"client_id": str(uuid4())}, 7000215, 401),
        ({"client_id": "not-a-guid"}, 7000215, 401),
        ({"client_secret": ""}, 7000218, 401),
        ({"grant_type": "password"}, 70003, 400),
        ({"grant_type": ""}, 70003, 400),
        ({"scope": "User.Read.All"}, 1002012, 400),
        ({"scope": ["a", "b"]}, 900144, 400),
        ({"client_secret": "\x00"}, 900144, 400),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, 700027, 401),
    ],
)
def test_every_refusal_has_the_originals_number(
    client: Client, app: AppRegistration, secret: str, change: dict[str, Any], number: int, status: int
) -> None:
    answer = ask(client, **({"client_id": app.pk, "client_secret": secret} | change))
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [number])
    assert answer.json()["error_description"].startswith(f"AADSTS{number}: ")


def test_another_tenant_is_not_served(client: Client, app: AppRegistration, secret: str) -> None:
    answer = client.post(f"/{uuid4()}/oauth2/v2.0/token", {"client_id": app.pk})
    assert answer.json()["error_codes"] == [90002]
    assert client.get(f"/{uuid4()}/v2.0/.well-known/openid-configuration").status_code == 400


def test_only_the_digest_of_a_secret_is_kept(app: AppRegistration, secret: str) -> None:
    row = AppSecret.objects.get()
    assert secret not in {row.digest, row.description}
    assert secret.startswith(row.hint)
    assert len(row.digest) == 64
    assert not AuditEvent.objects.filter(details__icontains=secret).exists()


def test_an_expired_secret_opens_nothing(client: Client, app: AppRegistration) -> None:
    then = clock.now() - timedelta(days=400)
    old = registrations.add_secret(app=app, at=then, lifetime=timedelta(days=180))
    assert ask(client, client_id=app.pk, client_secret=old.secret).json()["error_codes"] == [7000222]


def test_guessing_is_slowed_down_and_success_is_not(client: Client, app: AppRegistration, secret: str) -> None:
    for _ in range(25):
        assert ask(client, client_id=app.pk, client_secret=secret).status_code == 200
    answers = [ask(client, client_id=app.pk, client_secret="wrong") for _ in range(25)]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0


def test_who_guesses_elsewhere_uses_up_no_try_of_the_program(client: Client, app: AppRegistration, secret: str) -> None:
    stranger = Client(REMOTE_ADDR="192.0.2.66")
    guesses = [ask(stranger, client_id=app.pk, client_secret="wrong").status_code for _ in range(25)]
    assert guesses[-1] == 429
    assert ask(client, client_id=app.pk, client_secret=secret).status_code == 200


def test_one_network_asks_so_often_whatever_programs_it_says_it_is(
    app: AppRegistration, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "ASKED_PER_MINUTE", 3)
    statuses = [
        ask(Client(REMOTE_ADDR=f"2001:db8::{n}"), client_id=f"unknown-{n}", client_secret="x").status_code
        for n in range(1, 6)
    ]
    assert statuses == [401, 401, 401, 429, 429]
    assert ask(Client(REMOTE_ADDR="2001:db8:1::1"), client_id=app.pk, client_secret=secret).status_code == 200


def test_what_is_taken_away_is_gone_from_tokens_already_out(client: Client, app: AppRegistration, secret: str) -> None:
    token = ask(client, client_id=app.pk, client_secret=secret).json()["access_token"]
    AppRegistration.objects.update(app_permissions=[])
    assert users(client, token).status_code == 403
    AppRegistration.objects.update(enabled=False)
    assert users(client, token).status_code == 401


def forged(app: AppRegistration, *, key: keys.SigningKey | None = None, typ: str = "at+jwt", **changes: Any) -> str:
    at = clock.now()
    payload = {
        "iss": tokens.issuer(), "aud": "http://portal.test", "client_id": str(app.pk), "idtyp": "app",
        "roles": ["User.Read.All"], "nbf": jose.seconds(at), "exp": jose.seconds(at) + 600,
    } | changes  # fmt: skip
    return jose.sign(payload, typ=typ, key=key or tokens.signing_key(at=at))


@pytest.mark.parametrize(
    "make",
    [
        lambda app: forged(app, key=keys.generate()),
        lambda app: forged(app, typ="JWT"),
        lambda app: forged(app, iss="http://evil.test"),
        lambda app: forged(app, aud="http://elsewhere.test"),
        lambda app: forged(app, exp=1),
        lambda app: forged(app, nbf=jose.seconds(clock.now()) + 3600),
        lambda app: jwt.encode({"client_id": str(app.pk)}, "", algorithm="none"),
        lambda app: "x", lambda app: "a.b.c", lambda app: "x" * 20_000, lambda app: "",
    ],
)  # fmt: skip
def test_a_token_that_is_not_ours_or_not_now_opens_nothing(client: Client, app: AppRegistration, make: Any) -> None:
    assert users(client, forged(app)).status_code == 200
    answer = users(client, make(app))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_an_id_token_is_no_access_token_and_a_token_in_the_address_is_not_read(
    client: Client, app: AppRegistration
) -> None:
    assert users(client, forged(app, typ="JWT")).status_code == 401
    assert client.get(f"/v1.0/users?access_token={forged(app)}").status_code == 401


def test_old_keys_are_accepted_while_their_tokens_live(client: Client, app: AppRegistration) -> None:
    token = forged(app)
    tokens.rotate(at=clock.now())
    assert TokenKey.objects.count() == 2
    assert users(client, token).status_code == 200
    tokens.rotate(at=clock.now() + timedelta(minutes=30))
    assert users(client, token).status_code == 200
    tokens.rotate(at=clock.now() + timedelta(hours=3))
    assert users(client, token).status_code == 401


# --- certificates ----------------------------------------------------------------------------------------------------


class Program:
    """A program with a certificate, as MSAL signs for it."""

    def __init__(self, app: AppRegistration, size: int = 2048) -> None:
        self.app, self.key = app, rsa.generate_private_key(65537, size)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "script")])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
            .sign(self.key, hashes.SHA256())
        )
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def assertion(self, *, alg: str = "PS256", key: Any = ..., **changes: Any) -> str:
        at = jose.seconds(clock.now())
        claims = {
            "iss": str(self.app.pk), "sub": str(self.app.pk), "aud": f"http://portal.test{TOKEN}", "nbf": at,
            "exp": at + 600, "jti": str(uuid4()),
        } | changes  # fmt: skip
        digest = base64.urlsafe_b64encode(self.certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        return jwt.encode(claims, self.key if key is ... else key, algorithm=alg, headers={"x5t#S256": digest})


@pytest.fixture(scope="module")
def key_material() -> Program:
    return Program(AppRegistration())


@pytest.fixture
def program(app: AppRegistration, key_material: Program) -> Program:
    key_material.app = app
    registrations.add_certificate(app=app, pem=key_material.pem, at=clock.now())
    return key_material


def ask_with(client: Client, program: Program, assertion: str) -> Any:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return ask(client, client_id=program.app.pk, client_assertion_type=kind, client_assertion=assertion)


def test_an_assertion_is_good_once(client: Client, program: Program) -> None:
    assertion = program.assertion()
    assert ask_with(client, program, assertion).status_code == 200
    assert ask_with(client, program, assertion).json()["error_codes"] == [700025]
    assert ask_with(client, program, program.assertion(alg="RS256")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"aud": "http://elsewhere.test"}, 700027),
        ({"iss": "somebody"}, 700026),
        ({"sub": "somebody"}, 700026),
        ({"exp": 1}, 700024),
        ({"exp": 4_000_000_000}, 700024),
        ({"exp": "soon"}, 700027),
        ({"exp": 10**30}, 700027),
        ({"nbf": 4_000_000_000}, 700024),
        ({"alg": "HS256", "key": "a-secret-of-thirty-two-bytes-and-more"}, 700027),
        ({"alg": "none", "key": None}, 700027),
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(
    client: Client, program: Program, changes: dict[str, Any], number: int
) -> None:
    answer = ask_with(client, program, program.assertion(**changes))
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [number])


def test_another_key_under_our_thumbprint_is_refused(client: Client, program: Program) -> None:
    other = rsa.generate_private_key(65537, 2048)
    assert ask_with(client, program, program.assertion(key=other)).json()["error_codes"] == [700027]


def test_a_weak_or_broken_certificate_is_not_registered(app: AppRegistration) -> None:
    for pem in ("", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", Program(app, 1024).pem):
        with pytest.raises(registrations.RegistrationRefused):
            registrations.add_certificate(app=app, pem=pem, at=clock.now())


# --- people ----------------------------------------------------------------------------------------------------------

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def tool(db: None) -> AppRegistration:
    """A program on people's own machines: no secret, PKCE."""
    return registrations.register(
        name="Tool", delegated_permissions=["User.Read", "UserAuthenticationMethod.Read"],
        redirect_uris=["http://localhost", "https://tool.example/back"], at=clock.now(),
    )  # fmt: skip


def authorize(client: Client, tool: AppRegistration, decision: str | None = "accept", **changes: str) -> Any:
    query = {
        "client_id": str(tool.pk), "response_type": "code", "redirect_uri": "http://localhost:4711", "state": "s-1",
        "scope": "openid User.Read", "code_challenge": CHALLENGE, "code_challenge_method": "S256", "nonce": "n-1",
    } | changes  # fmt: skip
    path = f"/{TENANT}/oauth2/v2.0/authorize"
    if decision is None:
        return client.get(path, query)
    return client.post(path, {"decision": decision}, query_params=query)


def redeem(client: Client, tool: AppRegistration, code: str, **changes: str) -> Any:
    form = {
        "grant_type": "authorization_code", "client_id": str(tool.pk), "code": code,
        "redirect_uri": "http://localhost:4711", "code_verifier": VERIFIER,
    } | changes  # fmt: skip
    return client.post(TOKEN, form)


def back(answer: Any) -> dict[str, str]:
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def test_a_person_lets_a_program_act_for_them(client: Client, alice: User, tool: AppRegistration) -> None:
    assert authorize(client, tool, None)["Location"].startswith("/?next=")
    sign_in_with_password(client, alice)
    page = authorize(client, tool, None)
    assert b"Tool" in page.content
    assert "form-action 'self' http://localhost:4711" in page["Content-Security-Policy"]
    answer = back(authorize(client, tool))
    assert (answer["state"], answer["iss"]) == ("s-1", tokens.issuer())
    granted = redeem(Client(), tool, answer["code"]).json()
    assert jose.peek(granted["id_token"]).payload["nonce"] == "n-1"
    me = client.get("/v1.0/me", headers={"authorization": f"Bearer {granted['access_token']}"})
    assert me.json()["userPrincipalName"] == "alice@contoso.example"


def test_a_code_is_good_once_for_its_program_its_address_and_its_verifier(
    client: Client, alice: User, tool: AppRegistration, app: AppRegistration
) -> None:
    sign_in_with_password(client, alice)
    for changes in (
        {"code_verifier": "w" * 43}, {"redirect_uri": "http://localhost:9"}, {"client_id": str(app.pk)}, {"code": "x"},
    ):  # fmt: skip
        code = back(authorize(client, tool))["code"]
        refused = redeem(Client(), tool, **({"code": code} | changes))
        assert refused.json()["error"] == "invalid_grant", changes
        if changes.keys() <= {"code_verifier", "redirect_uri"}:  # burned by the try
            assert redeem(Client(), tool, code).status_code == 400
    code = back(authorize(client, tool))["code"]
    assert redeem(Client(), tool, code).status_code == 200
    assert redeem(Client(), tool, code).json()["error_codes"] == [70008]


@pytest.mark.parametrize(
    "changes",
    [{"redirect_uri": "http://localhost.evil.test"}, {"redirect_uri": "http://evil.test"}, {"redirect_uri": ""},
     {"redirect_uri": "https://tool.example/back/../x"}, {"redirect_uri": "http://localhost@evil.test"},
     {"redirect_uri": "javascript:alert(1)"}, {"redirect_uri": "https://localhost:4711"}, {"client_id": "x"},
     {"redirect_uri": "http://[x"}, {"redirect_uri": "http://localhost:80; script-src *"}, {"redirect_uri": "\x00"},
     {"redirect_uri": "http://[::1] *; report-uri x"}, {"redirect_uri": "http://localhost:x"}],
)  # fmt: skip
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    client: Client, alice: User, tool: AppRegistration, changes: dict[str, str]
) -> None:
    sign_in_with_password(client, alice)
    assert authorize(client, tool, **changes).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"code_challenge": ""}, "invalid_request"), ({"code_challenge": "\x00" * 43}, "invalid_request"),
     ({"nonce": "\x00"}, "invalid_request"), ({"code_challenge_method": "plain"}, "invalid_request"),
     ({"scope": "User.ReadWrite.All"}, "invalid_scope"), ({"scope": ""}, "invalid_scope"),
     ({"response_type": "token"}, "unsupported_response_type")],
)  # fmt: skip
def test_what_is_wrong_otherwise_is_told_to_the_program(
    client: Client, alice: User, tool: AppRegistration, changes: dict[str, str], error: str
) -> None:
    sign_in_with_password(client, alice)
    assert back(authorize(client, tool, **changes))["error"] == error
    assert back(authorize(client, tool, "decline"))["error"] == "access_denied"


def test_a_delegated_token_ends_with_the_sign_in_behind_it(alice: User, as_person: Any) -> None:
    api = as_person(alice, "User.Read")
    assert api("get", "me").status_code == 200
    User.objects.update(session_epoch=alice.session_epoch + 1)
    assert api("get", "me").status_code == 401
    User.objects.update(session_epoch=alice.session_epoch, account_enabled=False)
    assert api("get", "me").status_code == 401


# --- registering -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_command_refuses_what_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="Unknown permission"):
        call_command("register_app", name="X", permission=["Everything.All"])
    with pytest.raises(CommandError, match="redirect URI"):
        call_command("register_app", name="X", redirect_uri=["http://evil.test"])
    with pytest.raises(CommandError, match="two years"):
        call_command("register_app", name="X", days=10_000)
    assert not AppRegistration.objects.exists()
    call_command("register_app", name="X", permission=["User.Read.All"], json=True)
    assert "clientSecret" in capsys.readouterr().out
    with pytest.raises(CommandError, match="called X"):
        call_command("register_app", name="X")


def test_in_the_admin_a_secret_is_shown_once_and_audited(client: Client, app: AppRegistration) -> None:
    operator = User.objects.create_superuser("root@contoso.example", "correct horse battery staple")
    sign_in_with_password(client, operator)
    page = f"/admin/api/appregistration/{app.pk}/secret/"
    assert client.get(page).status_code == 200
    made = client.post(page)
    hint = AppSecret.objects.get().hint
    assert f'id="secret" translate="no">{hint}' in made.content.decode()
    assert b'id="secret"' not in client.get(page).content
    assert client.get(f"/admin/api/appregistration/{app.pk}/change/").status_code == 200
    saved = AuditEvent.objects.filter(activity__contains="Certificates and secrets", initiated_by=operator)
    assert saved.count() == 1
