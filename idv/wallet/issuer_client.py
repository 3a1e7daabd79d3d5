"""The wallet's half of OpenID4VCI 1.0, pre-authorized code flow: what it asks an issuer, what it takes for an answer.

Written against the standard and not against our provider: unknown members are ignored, required ones are checked, and
everything that is not understood becomes an IssuerRefused, never an exception of another kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idv.protocol import issuance
from idv.protocol.metadata import AUTHORIZATION_SERVER, CREDENTIAL_ISSUER, JWT_VC_ISSUER, well_known_url
from idv.wallet import display, wire
from idv.wallet.errors import IssuerRefused
from idv.wallet.issuer_wire import ACCEPT, endpoint_in, error_of, expect_200, get, json_in, send
from idv.wallet.wire import Wire

FORMAT = "dc+sd-jwt"
_COPIES = 3


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
    credential_type: str
    display: dict[str, str]
    labels: list[dict[str, Any]]
    copies: int
    deferred_endpoint: str = ""
    # The key to encrypt requests for, when the issuer wants requests or answers encrypted; else None.
    encryption_jwk: dict[str, Any] | None = None
    encrypts_answers: bool = False


@dataclass(frozen=True)
class Grant:
    access_token: str
    expires_in_s: int
    credential_identifier: str


def fetch_offer(line: Wire, url: str) -> bytes:
    """The offer behind `credential_offer_uri` (4.1.3). Raises IssuerRefused."""
    return get(line, url).content


def read_issuer(line: Wire, *, url: str, configuration_ids: list[str]) -> Issuer:
    """Metadata of the issuer and of its authorization server. Raises IssuerRefused."""
    metadata = json_in(get(line, well_known_url(url, CREDENTIAL_ISSUER)))
    if metadata.get("credential_issuer") != url:
        raise IssuerRefused("issuer_misconfigured", "credential_issuer is not the address it was read from (12.2.3)")
    configuration_id, configuration = _choose(metadata, configuration_ids)
    token_endpoint = _token_endpoint(line, _authorization_server(metadata, url))
    holder = configuration.get("credential_metadata")
    shown = display.in_language((holder if isinstance(holder, Mapping) else configuration).get("display"))
    name = display.line(display.in_language(metadata.get("display")).get("name")) or display.address(url)
    return Issuer(
        url=url,
        name=name,
        token_endpoint=token_endpoint,
        credential_endpoint=endpoint_in(metadata, "credential_endpoint", required=True),
        nonce_endpoint=endpoint_in(metadata, "nonce_endpoint"),
        notification_endpoint=endpoint_in(metadata, "notification_endpoint"),
        configuration_id=configuration_id,
        credential_type=configuration["vct"],
        display={
            "name": display.line(shown.get("name")) or display.line(configuration_id, limit=60),
            "description": display.line(shown.get("description"), limit=200),
        },
        labels=display.claim_labels(configuration),
        copies=_copies(metadata),
        deferred_endpoint=endpoint_in(metadata, "deferred_credential_endpoint"),
        encryption_jwk=_encryption_jwk(metadata),
        encrypts_answers=_wants_encryption(metadata, "credential_response_encryption"),
    )


def read_keys(line: Wire, issuer: str) -> list[dict[str, Any]]:
    """The issuer's published keys (SD-JWT VC, JWT VC issuer metadata); empty when it publishes none at all.

    Raises IssuerRefused.
    """
    answer = send(line, "GET", well_known_url(issuer, JWT_VC_ISSUER), headers=ACCEPT)
    if answer.status in {404, 410}:
        return []
    metadata = json_in(expect_200(answer))
    if metadata.get("issuer") != issuer:
        raise IssuerRefused("issuer_misconfigured", "issuer in the key metadata is another one")
    key_set = metadata.get("jwks")
    if key_set is None and wire.is_web_address(metadata.get("jwks_uri")):
        key_set = json_in(get(line, metadata["jwks_uri"]))
    entries = key_set.get("keys") if isinstance(key_set, Mapping) else None
    return [entry for entry in entries if isinstance(entry, dict)][:50] if isinstance(entries, list) else []


def redeem(line: Wire, issuer: Issuer, *, pre_authorized_code: str, tx_code: str | None) -> Grant:
    """Token request (6.1). Raises IssuerRefused; code_refused when the code or the transaction code is not accepted."""
    form = issuance.token_form(pre_authorized_code=pre_authorized_code, tx_code=tx_code)
    answer = send(line, "POST", issuer.token_endpoint, data=form, headers=ACCEPT)
    if answer.status != 200:
        error = error_of(answer)
        wrong_code = error == "invalid_grant"
        raise IssuerRefused("code_refused" if wrong_code else "issuer_refused", f"token: {answer.status} {error}")
    body = json_in(answer)
    token, kind = body.get("access_token"), body.get("token_type")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise IssuerRefused("issuer_misconfigured", "no usable access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise IssuerRefused("not_supported", f"token_type {display.line(str(kind), limit=20)}")
    lifetime = body.get("expires_in")
    expires_in_s = lifetime if isinstance(lifetime, int) and not isinstance(lifetime, bool) else 0
    return Grant(token, max(0, min(expires_in_s, 10**9)), _credential_identifier(body, issuer.configuration_id))


def fetch_nonce(line: Wire, issuer: Issuer) -> str | None:
    """A fresh c_nonce (7); None when the issuer has no nonce endpoint. Raises IssuerRefused."""
    if not issuer.nonce_endpoint:
        return None
    nonce = json_in(expect_200(send(line, "POST", issuer.nonce_endpoint, headers=ACCEPT))).get("c_nonce")
    if not isinstance(nonce, str) or not nonce:
        raise IssuerRefused("issuer_misconfigured", "no c_nonce")
    return nonce


def _choose(metadata: Mapping[str, Any], wanted: list[str]) -> tuple[str, Mapping[str, Any]]:
    """The first offered configuration that this wallet can hold: SD-JWT VC, bound to a key by a jwt proof."""
    known = metadata.get("credential_configurations_supported")
    for configuration_id in wanted:
        configuration = known.get(configuration_id) if isinstance(known, Mapping) else None
        if isinstance(configuration, Mapping) and _can_hold(configuration):
            return configuration_id, configuration
    raise IssuerRefused("not_supported", f"none of the offered configurations is {FORMAT} with ES256 jwt proofs")


def _can_hold(configuration: Mapping[str, Any]) -> bool:
    vct = configuration.get("vct")
    if configuration.get("format") != FORMAT or not isinstance(vct, str) or not 0 < len(vct) <= 512:
        return False
    proofs = configuration.get("proof_types_supported")
    if proofs is None:
        return True
    proof = proofs.get("jwt") if isinstance(proofs, Mapping) else None
    algorithms = proof.get("proof_signing_alg_values_supported") if isinstance(proof, Mapping) else None
    return isinstance(algorithms, list) and "ES256" in algorithms


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


def _authorization_server(metadata: Mapping[str, Any], url: str) -> str:
    servers = metadata.get("authorization_servers")
    named = [server for server in servers if wire.is_web_address(server)] if isinstance(servers, list) else []
    return str(named[0]) if named else url


def _token_endpoint(line: Wire, server: str) -> str:
    answer = send(line, "GET", well_known_url(server, AUTHORIZATION_SERVER), headers=ACCEPT)
    if answer.status == 404:
        answer = send(line, "GET", f"{server.rstrip('/')}/.well-known/openid-configuration", headers=ACCEPT)
    metadata = json_in(expect_200(answer))
    if metadata.get("issuer") != server:
        raise IssuerRefused("issuer_misconfigured", "the metadata names another authorization server (RFC 8414 3.3)")
    return endpoint_in(metadata, "token_endpoint", required=True)


def _copies(metadata: Mapping[str, Any]) -> int:
    batch = metadata.get("batch_credential_issuance")
    size = batch.get("batch_size") if isinstance(batch, Mapping) else None
    return max(1, min(size, _COPIES)) if isinstance(size, int) and not isinstance(size, bool) else 1


def _credential_identifier(body: Mapping[str, Any], configuration_id: str) -> str:
    details = body.get("authorization_details")
    for entry in details if isinstance(details, list) else []:
        if isinstance(entry, Mapping) and entry.get("credential_configuration_id") == configuration_id:
            identifiers = entry.get("credential_identifiers")
            if isinstance(identifiers, list) and identifiers and isinstance(identifiers[0], str):
                return identifiers[0]
    return ""
