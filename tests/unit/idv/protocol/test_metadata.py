"""What issuers publish, as the official suite's metadata test reads it, and what a wallet refuses to follow."""

from typing import Any

import pytest

from idv.credentials import keys
from idv.protocol import links, metadata, strict_json

ISSUER = "https://provider.example"
VCT = ISSUER + "/credentials/VerifiedIdentity"
CONFIGURATION = metadata.credential_configuration(
    vct=VCT,
    scope="verified_identity",
    display_name="Verified identity",
    claims={"firstName": "First name", "portrait": "Portrait"},
    mandatory=["firstName"],
)


def issuer(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "issuer": ISSUER, "credential_endpoint": ISSUER + "/credential", "nonce_endpoint": ISSUER + "/nonce",
        "notification_endpoint": ISSUER + "/notification", "display_name": "Utopia Verify",
        "configurations": {"VerifiedIdentity": CONFIGURATION},
    }  # fmt: skip
    return metadata.issuer_metadata(**(arguments | changes))


def server() -> dict[str, Any]:
    return metadata.authorization_server_metadata(
        issuer=ISSUER,
        authorization_endpoint=ISSUER + "/authorize",
        token_endpoint=ISSUER + "/token",
        par_endpoint=ISSUER + "/par",
        jwks_uri=ISSUER + "/jwks",
    )


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (ISSUER, "https://provider.example/.well-known/openid-credential-issuer"),
        (ISSUER + "/", "https://provider.example/.well-known/openid-credential-issuer"),
        (ISSUER + "/tenant/a", "https://provider.example/.well-known/openid-credential-issuer/tenant/a"),
        ("http://localhost:8001/a", "http://localhost:8001/.well-known/openid-credential-issuer/a"),
    ],
)
def test_the_well_known_address_lies_between_host_and_path(base: str, url: str) -> None:
    assert metadata.well_known_url(base, metadata.CREDENTIAL_ISSUER) == url


def test_the_issuers_metadata_is_read_as_version_one() -> None:
    document = issuer(batch_size=3)
    configuration = document["credential_configurations_supported"]["VerifiedIdentity"]
    assert document["credential_issuer"] == ISSUER
    assert "authorization_servers" not in document
    assert document["batch_credential_issuance"] == {"batch_size": 3}
    assert configuration["format"] == "dc+sd-jwt"
    assert configuration["vct"] == VCT
    assert configuration["cryptographic_binding_methods_supported"] == ["jwk", "did:jwk"]
    assert configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"] == ["ES256"]
    claims = configuration["credential_metadata"]["claims"]
    assert [(claim["path"], claim["mandatory"]) for claim in claims] == [(["firstName"], True), (["portrait"], False)]
    assert strict_json.load_object(strict_json.dumps(document)) == document
    assert metadata.require_issuer_metadata(document, issuer=ISSUER) is document
    assert "notification_endpoint" not in issuer(notification_endpoint=None)


def test_a_batch_of_one_is_no_batch() -> None:
    with pytest.raises(ValueError, match="at least two"):
        issuer(batch_size=1)


def test_the_servers_metadata() -> None:
    document = server()
    assert "urn:ietf:params:oauth:grant-type:pre-authorized_code" in document["grant_types_supported"]
    assert document["pre-authorized_grant_anonymous_access_supported"] is True
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert metadata.require_server_metadata(document, issuer=ISSUER) is document


def test_the_documents_of_sd_jwt_vc() -> None:
    key = keys.generate()
    assert metadata.jwt_vc_issuer_metadata(issuer=ISSUER, jwks=[key.jwks_entry()]) == {
        "issuer": ISSUER,
        "jwks": {"keys": [key.jwks_entry()]},
    }
    document = metadata.type_metadata(vct=VCT, name="N", description="D", claims={"firstName": "First name"})
    assert document["vct"] == VCT
    assert document["claims"][0]["sd"] == "always"
    assert document["display"][0]["locale"] == "en"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential_issuer": ISSUER + "/"}, "metadata_of_another"),
        ({"credential_issuer": None}, "metadata_of_another"),
        ({"credential_configurations_supported": []}, "metadata_malformed"),
        ({"credential_endpoint": None}, "metadata_malformed"),
        ({"credential_endpoint": "https://attacker.example/credential"}, "metadata_malformed"),
        ({"credential_endpoint": "http://provider.example/credential"}, "metadata_malformed"),
        ({"credential_endpoint": "https://provider.example:8443/credential"}, "metadata_malformed"),
        ({"credential_endpoint": "https://provider.example@attacker.example/"}, "metadata_malformed"),
        ({"credential_endpoint": "https://user@provider.example/"}, "metadata_malformed"),
        ({"credential_endpoint": "https://provider.example:port/"}, "metadata_malformed"),
        ({"credential_endpoint": "javascript:alert(1)"}, "metadata_malformed"),
        ({"nonce_endpoint": "https://169.254.169.254/"}, "metadata_malformed"),
        ({"notification_endpoint": 1}, "metadata_malformed"),
    ],
)
def test_a_document_that_sends_a_wallet_elsewhere(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(metadata.MetadataInvalid) as refusal:
        metadata.require_issuer_metadata(issuer() | changes, issuer=ISSUER)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "changes",
    [{"issuer": "https://other.example"}, {"token_endpoint": "https://other.example/token"}, {"jwks_uri": ""}],
)
def test_a_servers_document_that_is_not_its_own(changes: dict[str, Any]) -> None:
    with pytest.raises(metadata.MetadataInvalid):
        metadata.require_server_metadata(server() | changes, issuer=ISSUER)


def test_a_document_may_leave_optional_endpoints_out() -> None:
    document = {name: value for name, value in issuer().items() if name != "nonce_endpoint"}
    assert metadata.require_issuer_metadata(document, issuer=ISSUER)


def test_a_port_that_is_the_default_is_the_same_origin() -> None:
    document = issuer(credential_endpoint="https://provider.example:443/credential")
    assert metadata.require_issuer_metadata(document, issuer=ISSUER)


@pytest.mark.parametrize(
    "address", ["https://a.example/ b", "https://a.example/\n", "https://[::1", "//a.example", "", None, "a" * 3000]
)
def test_what_is_no_web_address(address: object) -> None:
    with pytest.raises(links.LinkInvalid):
        links.web_address(address)
