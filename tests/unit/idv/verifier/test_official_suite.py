"""The modules by which the OpenID Foundation's suite judges a verifier of OpenID4VP 1.0, each under its own name."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography import x509
from django.test import Client
from jwt.api_jws import PyJWS

from idv.credentials import jose, keys, sd_jwt
from idv.credentials.certificates import x509_hash
from idv.protocol import dcql, presentation
from idv.verifier.models import PresentationRequest

from .parties import WalletInHand, body, post

HOST = {"host": "portal.test"}
_FORM = "application/x-www-form-urlencoded"
Answer = Callable[..., tuple[int, PresentationRequest]]


@pytest.fixture
def answer(asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime) -> Answer:
    """Send ``make(opened)`` as the presentation; the status, and the request as it stands afterwards."""

    def send(make: Callable[[presentation.PresentationRequest], str]) -> tuple[int, PresentationRequest]:
        opened = wallet.fetch(asked, client, at)
        form = presentation.build_response(opened, vp_token={"identity": [make(opened)]})
        received = post(client, opened.response_uri, form)
        assert received["Content-Type"].startswith("application/json")
        asked.refresh_from_db()
        return received.status_code, asked

    return send


def object_of(asked: PresentationRequest, client: Client, **post_form: str) -> jose.Jws:
    path = urlsplit(presentation.parse_request_link(asked.authorization_request_uri).request_uri).path
    served = (
        client.post(path, urlencode(post_form), _FORM, headers=HOST) if post_form else client.get(path, headers=HOST)
    )
    assert served["Content-Type"] == "application/oauth-authz-req+jwt"
    return jose.peek(served.content.decode())


def bound(presented: str, holder: keys.SigningKey, **changes: Any) -> str:
    """The same presentation with another key binding, signed by the right key."""
    kept, _, binding = presented.rpartition("~")
    payload = {**jose.peek(binding).payload, **changes}
    return f"{kept}~" + PyJWS().encode(json.dumps(payload).encode(), holder.private_key, "ES256", {"typ": "kb+jwt"})


def test_happy_flow(answer: Answer, wallet: WalletInHand, at: datetime) -> None:
    status, asked = answer(lambda opened: wallet.present(opened, at))
    assert (status, asked.status) == (200, "answered")


def test_minimal_cnf_jwk(answer: Answer, wallet: WalletInHand, at: datetime) -> None:
    assert set(wallet.holder.public_jwk()) == {"kty", "crv", "x", "y"}
    assert answer(lambda opened: wallet.present(opened, at))[0] == 200


def test_invalid_credential_signature(answer: Answer, wallet: WalletInHand, at: datetime) -> None:
    def forged(opened: presentation.PresentationRequest) -> str:
        issuer_jwt, _, rest = wallet.present(opened, at).partition("~")
        signed, _, signature = issuer_jwt.rpartition(".")
        swapped = signature[43:] + signature[:43]
        return f"{signed}.{swapped}~{rest}"

    status, asked = answer(forged)
    assert (status, asked.status) == (400, "refused")


def test_invalid_kb_jwt_signature(answer: Answer, wallet: WalletInHand, at: datetime) -> None:
    status, asked = answer(lambda opened: wallet.present(opened, at, holder_key=keys.generate()))
    assert (status, asked.reason_code) == (400, "jws_bad_signature")


@pytest.mark.parametrize(
    ("module", "changes", "reason_code"),
    [
        ("InvalidKbJwtNonce", {"nonce": "another-nonce-of-some-length"}, "key_binding_wrong_nonce"),
        ("InvalidKbJwtAud", {"aud": "x509_hash:another"}, "key_binding_wrong_audience"),
        ("InvalidSdHash", {"sd_hash": sd_jwt.digest_of("another~")}, "key_binding_wrong_hash"),
        ("KbJwtIatInPast", {"iat": -31_536_000}, "key_binding_stale"),
        ("KbJwtIatInFuture", {"iat": 31_536_000}, "key_binding_stale"),
    ],
)
def test_invalid_key_bindings(
    answer: Answer, wallet: WalletInHand, at: datetime, module: str, changes: dict[str, Any], reason_code: str
) -> None:
    if "iat" in changes:
        changes = {"iat": jose.seconds(at) + changes["iat"]}
    status, asked = answer(lambda opened: bound(wallet.present(opened, at), wallet.holder, **changes))
    assert (status, asked.reason_code) == (400, reason_code), module


def test_request_uri_fetched_twice(asked: PresentationRequest, client: Client) -> None:
    first, second = object_of(asked, client), object_of(asked, client)
    assert first.payload["nonce"] == second.payload["nonce"]


def test_request_uri_method_post(asked: PresentationRequest, client: Client) -> None:
    served = object_of(asked, client, wallet_nonce="mine-0123456789", wallet_metadata="{}")
    assert served.payload["wallet_nonce"] == "mine-0123456789"


def test_the_request_object(asked: PresentationRequest, asked_here: PresentationRequest, client: Client) -> None:
    """What the suite looks for in the request itself, HAIP 1.0 included."""
    served = object_of(asked, client)
    header, payload = served.header, served.payload
    assert header["typ"] == "oauth-authz-req+jwt"
    leaf = x509.load_pem_x509_certificate(asked.signing_key.certificate_chain[0].encode())
    assert payload["client_id"] == f"x509_hash:{x509_hash(leaf)}"
    assert not payload.keys() & {"wallet_nonce", "redirect_uri", "client_id_scheme", "presentation_definition"}
    assert re.fullmatch(r"[A-Za-z0-9._~-]{22,}", payload["nonce"])
    metadata = payload["client_metadata"]
    assert metadata.keys() == {"vp_formats_supported", "jwks", "encrypted_response_enc_values_supported"}
    assert {"A128GCM", "A256GCM"} <= set(metadata["encrypted_response_enc_values_supported"])
    [key] = metadata["jwks"]["keys"]
    assert (key["alg"], key["use"], key["crv"]) == ("ECDH-ES", "enc", "P-256")
    assert key["kid"]
    assert key["x"] != object_of(asked_here, client).payload["client_metadata"]["jwks"]["keys"][0]["x"]
    query = dcql.validate(payload["dcql_query"])
    always_visible = {"iss", "vct", "exp", "nbf", "cnf", "status"}
    assert not {claim["path"][0] for claim in query["credentials"][0]["claims"]} & always_visible


def test_haip_returns_the_person_on_the_same_device(
    asked_here: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
) -> None:
    opened = wallet.fetch(asked_here, client, at)
    received = post(client, opened.response_uri, wallet.answer(opened, at + timedelta(seconds=1)))
    assert (received.status_code, received.headers.get("Location")) == (200, None)
    assert re.search(r"[?&#]response_code=[\w-]{22,}$", body(received)["redirect_uri"])
