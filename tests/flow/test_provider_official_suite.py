"""What the official conformance suite asks of an issuer (facts 2.1), under the suite's own names."""

import json
import re

import pytest

from idv.credentials import jose, keys, sd_jwt
from idv.provider.models import IssuedCredential
from tests.fakes.wire_wallet import FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_wire import refused

pytestmark = pytest.mark.usefixtures("portal")
ISSUER = "http://provider.test"
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


@pytest.fixture
def wallet():
    wallet = FullWallet()
    assert wallet.redeem(offer_for_test()).status_code == 200
    return wallet


def test_happy_flow(wallet):
    answer = wallet.credential()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    told = answer.json()
    assert wallet.notify(notification_id=told["notification_id"], event="credential_accepted").status_code == 204


def test_fail_on_invalid_nonce(wallet):
    assert refused(wallet.credential(proofs={"jwt": [wallet.proof("never-issued")]}), "invalid_nonce")


def test_fail_on_missing_proof(wallet):
    assert refused(wallet.credential(proofs=None), "invalid_proof")


def test_fail_on_invalid_jwt_proof_signature(wallet):
    forged = wallet.proof(wallet.nonce())
    stranger = wallet.proof(wallet.nonce(), key=keys.generate())
    grafted = ".".join([*forged.split(".")[:2], stranger.split(".")[2]])
    assert refused(wallet.credential(proofs={"jwt": [grafted]}), "invalid_proof")


def test_fail_on_unknown_credential_configuration_id(wallet):
    assert refused(wallet.credential(credential_configuration_id="unknown"), "unknown_credential_configuration")


def test_fail_on_unknown_credential_identifier(wallet):
    answer = wallet.credential(credential_configuration_id=None, credential_identifier="unknown")
    assert refused(answer, "unknown_credential_identifier")


def test_fail_on_unsupported_encryption_algorithm(wallet):
    jwk = wallet.response_key.public_jwk() | {"alg": "RSA-OAEP-512"}
    body = wallet.wanted(credential_response_encryption={"jwk": jwk, "enc": "A256GCM"})
    answer = wallet.post("/credential", wallet.encrypted(body), content_type="application/jwt")
    assert refused(answer, "invalid_encryption_parameters")


def test_fail_on_request_with_access_token_in_query(wallet):
    token, wallet.access_token = wallet.access_token, ""
    body = json.dumps(wallet.wanted())
    for path in (f"/credential?access_token={token}", f"/deferred-credential?access_token={token}"):
        assert refused(wallet.client.post(path, body, content_type="application/json"), "invalid_token", 401)
    form = wallet.client.post("/credential", f"access_token={token}", content_type="application/x-www-form-urlencoded")
    assert refused(form, "invalid_token", 401)
    assert not IssuedCredential.objects.exists()


def test_fail_on_invalid_key_attestation_signature(wallet):
    """Where no maker of wallets is believed, one instead of a proof is no proof; `test_provider_key_attestation` for
    where one is."""
    assert refused(wallet.credential(proofs={"attestation": ["a.b.c"]}), "invalid_proof")


def test_batch_issuance(wallet):
    size = wallet.issuer_metadata()["batch_credential_issuance"]["batch_size"]
    assert size >= 2
    nonce = wallet.nonce()
    own = [keys.generate() for _ in range(size)]
    answer = wallet.credential(proofs={"jwt": [wallet.proof(nonce, key=key) for key in own]})
    read = [sd_jwt.read(entry["credential"]) for entry in answer.json()["credentials"]]
    assert [claims["cnf"]["jwk"] for claims in read] == [key.public_jwk() for key in own]
    assert (
        len({json.dumps({k: v for k, v in c.items() if k not in ("cnf", "status")}, sort_keys=True) for c in read}) == 1
    )


def test_metadata_test(wallet):
    document = wallet.issuer_metadata()
    assert document["credential_issuer"] == ISSUER
    for name, value in document.items():
        if name.endswith("_endpoint"):
            assert value.startswith(f"{ISSUER}/")
            assert "?" not in value
            assert "#" not in value
    assert [entry["locale"] for entry in document["display"]] == ["en"]
    for identifier, configuration in document["credential_configurations_supported"].items():
        assert identifier
        assert ("cryptographic_binding_methods_supported" in configuration) == (
            "proof_types_supported" in configuration
        )
        assert SCOPE.fullmatch(configuration["scope"])
        assert configuration["credential_signing_alg_values_supported"] == ["ES256"]
        shown = configuration["credential_metadata"]
        locales = [entry["locale"] for entry in shown["display"]]
        assert len(set(locales)) == len(locales)
        assert all(LANGUAGE_TAG.fullmatch(locale) for locale in locales)
        assert all(isinstance(claim["path"], list) and claim["path"] for claim in shown["claims"])
        if configuration["format"] == "dc+sd-jwt":
            assert configuration["vct"].startswith(ISSUER)
        else:
            assert configuration["credential_definition"]["type"][0] == "VerifiableCredential"
    request, response = document["credential_request_encryption"], document["credential_response_encryption"]
    assert all(jwk["kid"] and jwk["alg"] == "ECDH-ES" for jwk in request["jwks"]["keys"])
    assert not any("d" in jwk for jwk in request["jwks"]["keys"])
    assert request["enc_values_supported"] == response["enc_values_supported"]
    assert isinstance(request["encryption_required"], bool)
    assert not response["encryption_required"] or request["encryption_required"]


def test_authorization_server_metadata(wallet):
    document = wallet.client.get("/.well-known/oauth-authorization-server").json()
    assert document["issuer"] == ISSUER
    assert "urn:ietf:params:oauth:grant-type:pre-authorized_code" in document["grant_types_supported"]
    assert document["pre-authorized_grant_anonymous_access_supported"] is True
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["code_challenge_methods_supported"] == ["S256"]
    scopes = {c["scope"] for c in wallet.issuer_metadata()["credential_configurations_supported"].values()}
    assert scopes == set(document["scopes_supported"])


def test_unknown_json_fields_are_ignored(wallet):
    assert wallet.credential(made_up={"nested": [1, None]}, another="x").status_code == 200


def test_unknown_form_fields_are_ignored():
    assert FullWallet().redeem(offer_for_test(), made_up="x", client_id="some-wallet").status_code == 200


def test_the_issued_credential_as_the_suite_reads_it(wallet):
    compact = wallet.credential().json()["credentials"][0]["credential"]
    issued = jose.peek(compact.split("~")[0])
    assert issued.header["typ"] == "dc+sd-jwt"
    assert issued.header["alg"] == "ES256"
    assert issued.header["x5c"]
    assert compact.endswith("~")
    assert issued.payload["_sd"] == sorted(issued.payload["_sd"])
    assert issued.payload["_sd_alg"] == "sha-256"
    assert set(issued.payload["cnf"]["jwk"]) == {"kty", "crv", "x", "y"}
    assert issued.payload["vct"].startswith(ISSUER)
    assert issued.payload["iat"] % 3600 == 0
    assert set(issued.payload["status"]["status_list"]) == {"idx", "uri"}
