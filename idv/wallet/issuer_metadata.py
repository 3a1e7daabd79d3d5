"""What an issuer says about itself and its authorization server, as far as this wallet needs it (OpenID4VCI 12.2).

Written against the standard and not against our provider: unknown members are ignored, required ones are checked, and
everything that is not understood becomes an IssuerRefused, never an exception of another kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idv.protocol import dcql
from idv.protocol.issuance import CredentialOffer
from idv.protocol.metadata import AUTHORIZATION_SERVER, CREDENTIAL_ISSUER, well_known_url
from idv.wallet import display, wire
from idv.wallet.errors import IssuerRefused
from idv.wallet.issuer_wire import ACCEPT, endpoint_in, expect_200, get, json_in, send
from idv.wallet.wire import Wire

_COPIES = 3
_SUBJECT = "credentialSubject"
_TYPE_LENGTH = 512


@dataclass(frozen=True)
class Issuer:
    """What the wallet needs of an issuer's metadata, for one credential configuration."""

    url: str
    name: str
    token_endpoint: str
    credential_endpoint: str
    nonce_endpoint: str
    notification_endpoint: str
    configuration_id: str
    # The vct of an SD-JWT VC, the last and so most specific W3C type of a jwt_vc_json.
    credential_type: str
    display: dict[str, str]
    labels: list[dict[str, Any]]
    copies: int
    format: str = dcql.FORMAT
    deferred_endpoint: str = ""
    # The key to encrypt requests for, when the issuer wants requests or answers encrypted; else None.
    encryption_jwk: dict[str, Any] | None = None
    encrypts_answers: bool = False
    # The authorization server, and what it says about the authorization code flow.
    server: str = ""
    authorization_endpoint: str = ""
    par_endpoint: str = ""
    scope: str = ""
    has_pkce: bool = False
    takes_public_clients: bool = True
    answers_name_server: bool = False
    # Tokens are bound to a key of the wallet's (DPoP, RFC 9449).
    binds_tokens: bool = False


def read(line: Wire, offer: CredentialOffer) -> Issuer:
    """Metadata of the issuer and of its authorization server. Raises IssuerRefused."""
    url = offer.credential_issuer
    metadata = json_in(get(line, well_known_url(url, CREDENTIAL_ISSUER)))
    if metadata.get("credential_issuer") != url:
        raise IssuerRefused("issuer_misconfigured", "credential_issuer is not the address it was read from (12.2.3)")
    configuration_id, configuration = _choose(metadata, offer.credential_configuration_ids)
    server = _server_of(metadata, offer)
    holder = configuration.get("credential_metadata")
    shown = display.in_language((holder if isinstance(holder, Mapping) else configuration).get("display"))
    name = display.line(display.in_language(metadata.get("display")).get("name")) or display.address(url)
    scope = configuration.get("scope")
    return Issuer(
        url=url,
        name=name,
        credential_endpoint=endpoint_in(metadata, "credential_endpoint", required=True),
        nonce_endpoint=endpoint_in(metadata, "nonce_endpoint"),
        notification_endpoint=endpoint_in(metadata, "notification_endpoint"),
        configuration_id=configuration_id,
        credential_type=_type_of(configuration),
        display={
            "name": display.line(shown.get("name")) or display.line(configuration_id, limit=60),
            "description": display.line(shown.get("description"), limit=200),
        },
        labels=_labels(configuration),
        copies=_copies(metadata),
        format=configuration["format"],
        deferred_endpoint=endpoint_in(metadata, "deferred_credential_endpoint"),
        encryption_jwk=_encryption_jwk(metadata),
        encrypts_answers=_wants_encryption(metadata, "credential_response_encryption"),
        server=server,
        scope=scope if isinstance(scope, str) and 0 < len(scope) <= _TYPE_LENGTH else "",
        **_server_members(_server_metadata(line, server)),
    )


def _choose(metadata: Mapping[str, Any], wanted: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    """The first offered configuration that this wallet can hold, bound to a key by a jwt proof."""
    known = metadata.get("credential_configurations_supported")
    for configuration_id in wanted:
        configuration = known.get(configuration_id) if isinstance(known, Mapping) else None
        if isinstance(configuration, Mapping) and _can_hold(configuration):
            return configuration_id, configuration
    raise IssuerRefused("not_supported", "none of the offered configurations is one that this wallet can hold")


def _can_hold(configuration: Mapping[str, Any]) -> bool:
    if not 0 < len(_type_of(configuration)) <= _TYPE_LENGTH:
        return False
    methods = configuration.get("cryptographic_binding_methods_supported")
    # The holder of a jwt_vc_json is named by a DID.
    if configuration["format"] == dcql.JWT_FORMAT and isinstance(methods, list) and "did:jwk" not in methods:
        return False
    proofs = configuration.get("proof_types_supported")
    if proofs is None:
        return True
    proof = proofs.get("jwt") if isinstance(proofs, Mapping) else None
    algorithms = proof.get("proof_signing_alg_values_supported") if isinstance(proof, Mapping) else None
    attested = isinstance(proof, Mapping) and proof.get("key_attestations_required") is not None
    return isinstance(algorithms, list) and "ES256" in algorithms and not attested


def _type_of(configuration: Mapping[str, Any]) -> str:
    """Empty for a format that this wallet does not know, or a configuration that names no type."""
    if configuration.get("format") == dcql.FORMAT:
        vct = configuration.get("vct")
        return vct if isinstance(vct, str) else ""
    definition = configuration.get("credential_definition")
    types = definition.get("type") if isinstance(definition, Mapping) else None
    if configuration.get("format") != dcql.JWT_FORMAT or not isinstance(types, list) or not types:
        return ""
    return types[-1] if isinstance(types[-1], str) else ""


def _labels(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    labels = display.claim_labels(configuration)
    if configuration["format"] == dcql.FORMAT:
        return labels
    return [entry | {"path": entry["path"][1:]} for entry in labels if entry["path"][:1] == [_SUBJECT]]


def _wants_encryption(metadata: Mapping[str, Any], name: str) -> bool:
    member = metadata.get(name)
    return isinstance(member, Mapping) and member.get("encryption_required") is True


def _encryption_jwk(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    """The issuer's key, when it insists on encrypted requests or answers; an answer is encrypted only to a request
    that was (10). Raises IssuerRefused when it insists and names no way that we speak."""
    request = metadata.get("credential_request_encryption")
    wanted = [_wants_encryption(metadata, f"credential_{what}_encryption") for what in ("request", "response")]
    if not any(wanted):
        return None
    jwks = request.get("jwks") if isinstance(request, Mapping) else None
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("alg") == "ECDH-ES" and entry.get("crv") == "P-256":
            return entry
    raise IssuerRefused("not_supported", "encryption is wanted, and no key for ECDH-ES on P-256 is named")


def _copies(metadata: Mapping[str, Any]) -> int:
    batch = metadata.get("batch_credential_issuance")
    size = batch.get("batch_size") if isinstance(batch, Mapping) else None
    return max(1, min(size, _COPIES)) if isinstance(size, int) and not isinstance(size, bool) else 1


def _server_of(metadata: Mapping[str, Any], offer: CredentialOffer) -> str:
    servers = metadata.get("authorization_servers")
    named = [server for server in servers if wire.is_web_address(server)] if isinstance(servers, list) else []
    if not offer.authorization_server:
        return str(named[0]) if named else offer.credential_issuer
    if offer.authorization_server not in named:  # 4.1.1: an offer must not bring in a server of its own
        raise IssuerRefused("issuer_misconfigured", "the offer names an authorization server that the issuer does not")
    return offer.authorization_server


def _server_metadata(line: Wire, server: str) -> dict[str, Any]:
    answer = send(line, "GET", well_known_url(server, AUTHORIZATION_SERVER), headers=ACCEPT)
    if answer.status == 404:
        answer = send(line, "GET", f"{server.rstrip('/')}/.well-known/openid-configuration", headers=ACCEPT)
    metadata = json_in(expect_200(answer))
    if metadata.get("issuer") != server:
        raise IssuerRefused("issuer_misconfigured", "the metadata names another authorization server (RFC 8414 3.3)")
    return metadata


def _server_members(metadata: Mapping[str, Any]) -> dict[str, Any]:
    methods = metadata.get("token_endpoint_auth_methods_supported")
    return {
        "token_endpoint": endpoint_in(metadata, "token_endpoint", required=True),
        "authorization_endpoint": endpoint_in(metadata, "authorization_endpoint"),
        "par_endpoint": endpoint_in(metadata, "pushed_authorization_request_endpoint"),
        "has_pkce": _lists(metadata, "code_challenge_methods_supported", "S256"),
        "takes_public_clients": not isinstance(methods, list) or "none" in methods,
        "answers_name_server": metadata.get("authorization_response_iss_parameter_supported") is True,
        "binds_tokens": _lists(metadata, "dpop_signing_alg_values_supported", "ES256"),
    }


def _lists(metadata: Mapping[str, Any], name: str, value: str) -> bool:
    values = metadata.get(name)
    return isinstance(values, list) and value in values
