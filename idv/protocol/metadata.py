"""What an issuer publishes about itself: OpenID4VCI section 12.2, RFC 8414, and the SD-JWT VC documents."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from idv.credentials import jose
from idv.credentials.keys import SigningKey
from idv.protocol.client_attestation import AUTHENTICATION_METHOD
from idv.protocol.issuance import PRE_AUTHORIZED_GRANT
from recovery_portal.kit.errors import DomainError

CREDENTIAL_ISSUER = "openid-credential-issuer"
AUTHORIZATION_SERVER = "oauth-authorization-server"
JWT_VC_ISSUER = "jwt-vc-issuer"
SIGNED_TYP = "openidvci-issuer-metadata+jwt"
SIGNED_MEDIA_TYPE = "application/jwt"

#: A text in one language (English), or in several: locale -> text.
Texts = str | Mapping[str, str]


class MetadataInvalid(DomainError):
    """A metadata document that does not say what its address promised."""


def well_known_url(issuer: str, name: str) -> str:
    """Where ``issuer`` publishes ``name``: inserted *between* host and path (OpenID4VCI section 12.2.2)."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}/.well-known/{name}{parts.path.rstrip('/')}"


def issuer_metadata(
    *,
    issuer: str,
    credential_endpoint: str,
    nonce_endpoint: str,
    notification_endpoint: str | None,
    display_name: str,
    configurations: Mapping[str, Mapping[str, Any]],
    batch_size: int | None = None,
    deferred_credential_endpoint: str | None = None,
) -> dict[str, Any]:
    """The credential issuer's metadata. ``configurations`` come from ``credential_configuration``."""
    members: dict[str, Any] = {
        "credential_issuer": issuer,
        "credential_endpoint": credential_endpoint,
        "nonce_endpoint": nonce_endpoint,
        "display": [{"name": display_name, "locale": "en"}],
        "credential_configurations_supported": dict(configurations),
    }
    if notification_endpoint is not None:
        members["notification_endpoint"] = notification_endpoint
    if deferred_credential_endpoint is not None:
        members["deferred_credential_endpoint"] = deferred_credential_endpoint
    if batch_size is not None:
        if batch_size < 2:
            raise ValueError("a batch has at least two")
        members["batch_credential_issuance"] = {"batch_size": batch_size}
    return members


def signed_issuer_metadata(document: Mapping[str, Any], *, key: SigningKey, at: datetime) -> str:
    """The same metadata as a JWT, for who asks for ``application/jwt`` (section 12.2.3)."""
    issuer = document["credential_issuer"]
    payload = {**document, "iss": issuer, "sub": issuer, "iat": jose.seconds(at)}
    return jose.sign(payload, typ=SIGNED_TYP, key=key, named_by="x5c" if key.chain else "kid")


def credential_configuration(
    *,
    vct: str,
    scope: str,
    display_name: Texts,
    claims: Mapping[str, Texts],
    mandatory: Sequence[str] = (),
    takes_attestations: bool = False,
) -> dict[str, Any]:
    """One SD-JWT VC configuration; ``claims`` gives each claim's label. Wallets read ``credential_metadata`` as 1.0.

    ``takes_attestations``: keys may be vouched for instead of proven one by one (appendix F.3).
    """
    paths = {name: [name] for name in claims}
    return {
        "format": "dc+sd-jwt",
        "vct": vct,
        **_bound_by_proof(scope, takes_attestations),
        "credential_metadata": _credential_metadata(display_name, claims, paths, mandatory),
    }


def jwt_credential_configuration(
    *,
    credential_type: str,
    scope: str,
    display_name: Texts,
    claims: Mapping[str, Texts],
    takes_attestations: bool = False,
) -> dict[str, Any]:
    """One ``jwt_vc_json`` configuration: the W3C shape of the same credential (appendix A.1.1)."""
    paths = {name: ["credentialSubject", name] for name in claims}
    return {
        "format": "jwt_vc_json",
        "credential_definition": {"type": ["VerifiableCredential", credential_type]},
        **_bound_by_proof(scope, takes_attestations),
        "credential_metadata": _credential_metadata(display_name, claims, paths, ()),
    }


def _bound_by_proof(scope: str, takes_attestations: bool) -> dict[str, Any]:
    signed = {"proof_signing_alg_values_supported": ["ES256"]}
    return {
        "scope": scope,
        "credential_signing_alg_values_supported": ["ES256"],
        "cryptographic_binding_methods_supported": ["jwk", "did:jwk"],
        "proof_types_supported": {"jwt": signed, **({"attestation": signed} if takes_attestations else {})},
    }


def _credential_metadata(
    display_name: Texts, claims: Mapping[str, Texts], paths: Mapping[str, Sequence[str]], mandatory: Sequence[str]
) -> dict[str, Any]:
    return {
        "display": _names(display_name),
        "claims": [
            {"path": list(paths[name]), "mandatory": name in mandatory, "display": _names(label)}
            for name, label in claims.items()
        ],
    }


def _names(texts: Texts) -> list[dict[str, str]]:
    return [{"name": text, "locale": locale} for locale, text in _by_locale(texts).items()]


def _by_locale(texts: Texts) -> Mapping[str, str]:
    return {"en": texts} if isinstance(texts, str) else texts


def authorization_server_metadata(
    *,
    issuer: str,
    authorization_endpoint: str,
    token_endpoint: str,
    par_endpoint: str,
    jwks_uri: str,
    scopes: Sequence[str] = (),
    acr_values: Sequence[str] = (),
    challenge_endpoint: str | None = None,
) -> dict[str, Any]:
    """The authorization server's metadata: proofing by pushed code flow, credentials by that or pre-authorized code.

    ``scopes`` are those of the credential configurations, ``acr_values`` the assurances that may be asked for. With
    ``challenge_endpoint`` wallets may be attested.
    """
    attested = {
        "challenge_endpoint": challenge_endpoint,
        "client_attestation_signing_alg_values_supported": ["ES256"],
        "client_attestation_pop_signing_alg_values_supported": ["ES256"],
    }
    methods = ["private_key_jwt", *([AUTHENTICATION_METHOD] if challenge_endpoint else []), "none"]
    return {
        "issuer": issuer,
        "authorization_endpoint": authorization_endpoint,
        "token_endpoint": token_endpoint,
        "pushed_authorization_request_endpoint": par_endpoint,
        "require_pushed_authorization_requests": True,
        "request_object_signing_alg_values_supported": ["ES256"],
        "jwks_uri": jwks_uri,
        "scopes_supported": list(scopes),
        **({"acr_values_supported": list(acr_values)} if acr_values else {}),
        "authorization_details_types_supported": ["openid_credential"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", PRE_AUTHORIZED_GRANT],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": True,
        "pre-authorized_grant_anonymous_access_supported": True,
        **(attested if challenge_endpoint else {}),
    }


def pre_authorized_server_metadata(*, issuer: str, token_endpoint: str, jwks_uri: str) -> dict[str, Any]:
    """The metadata of a server that redeems pre-authorized codes and does nothing else; RFC 8414 wants the list of
    response types all the same."""
    return {
        "issuer": issuer,
        "token_endpoint": token_endpoint,
        "jwks_uri": jwks_uri,
        "response_types_supported": [],
        "grant_types_supported": [PRE_AUTHORIZED_GRANT],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": True,
    }


def jwt_vc_issuer_metadata(*, issuer: str, jwks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The SD-JWT VC issuer's metadata: whose keys sign its credentials."""
    return {"issuer": issuer, "jwks": {"keys": [dict(jwk) for jwk in jwks]}}


def type_metadata(*, vct: str, name: Texts, description: Texts, claims: Mapping[str, Texts]) -> dict[str, Any]:
    """The document at the ``vct`` address (SD-JWT VC type metadata); every claim may be withheld.

    ``name`` and ``description`` by themselves are the first language's.
    """
    names, descriptions = _by_locale(name), _by_locale(description)
    return {
        "vct": vct,
        "name": next(iter(names.values())),
        "description": next(iter(descriptions.values())),
        "display": [
            {"locale": locale, "name": text, "description": descriptions[locale]} for locale, text in names.items()
        ],
        "claims": [
            {
                "path": [claim],
                "sd": "always",
                "display": [
                    {"locale": locale, "label": text, "name": text} for locale, text in _by_locale(labels).items()
                ],
            }
            for claim, labels in claims.items()
        ],
    }


def require_issuer_metadata(document: Mapping[str, Any], *, issuer: str) -> Mapping[str, Any]:
    """The document itself, when it is ``issuer``'s own and says where credentials are issued. Raises MetadataInvalid.

    Every endpoint must lie on the issuer's origin: a document must not send tokens elsewhere.
    """
    if document.get("credential_issuer") != issuer:
        raise MetadataInvalid("metadata_of_another", "credential_issuer is not the address asked")
    if not isinstance(document.get("credential_configurations_supported"), dict):
        raise MetadataInvalid("metadata_malformed", "no credential_configurations_supported")
    require_own_endpoints(
        document, issuer=issuer, required=("credential_endpoint",), optional=("nonce_endpoint", "notification_endpoint")
    )
    return document


def require_server_metadata(document: Mapping[str, Any], *, issuer: str) -> Mapping[str, Any]:
    """The authorization server's document, when it is ``issuer``'s own. Raises MetadataInvalid."""
    if document.get("issuer") != issuer:
        raise MetadataInvalid("metadata_of_another", "issuer is not the address asked")
    require_own_endpoints(
        document,
        issuer=issuer,
        required=("token_endpoint",),
        optional=("authorization_endpoint", "pushed_authorization_request_endpoint", "jwks_uri"),
    )
    return document


def require_own_endpoints(
    document: Mapping[str, Any], *, issuer: str, required: Sequence[str], optional: Sequence[str]
) -> None:
    """Refuse endpoints that are missing or lie on another origin than ``issuer``. Raises MetadataInvalid."""
    for name in (*required, *optional):
        if name not in document and name in optional:
            continue
        if not isinstance(document.get(name), str) or _origin(document[name]) != _origin(issuer):
            raise MetadataInvalid("metadata_malformed", f"{name} is missing or on another origin")


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise MetadataInvalid("metadata_malformed", "not a web address") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise MetadataInvalid("metadata_malformed", "not a web address")
    return parts.scheme, f"{parts.hostname}:{port or (443 if parts.scheme == 'https' else 80)}"
