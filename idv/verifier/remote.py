"""A provider's published documents: fetched through the one guarded client, kept for a short time, refused when odd."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from idv.protocol import strict_json
from recovery_portal.kit import http
from recovery_portal.kit.errors import DomainError

from . import policy
from .errors import ProviderUnavailable
from .models import IdentityProvider

_ENDPOINTS = ("pushed_authorization_request_endpoint", "authorization_endpoint", "token_endpoint", "jwks_uri")


def metadata(provider: IdentityProvider, *, at: datetime, fresh: bool = False) -> Mapping[str, str]:
    """The provider's authorization server metadata (RFC 8414), its endpoints all on the provider's own origin.

    Raises ProviderUnavailable (provider_unreachable, provider_answered_wrong, metadata_invalid).
    """
    fetched_at = provider.metadata_fetched_at
    if not fresh and fetched_at is not None and at < fetched_at + policy.METADATA_LIFETIME:
        kept: Mapping[str, str] = provider.metadata
        return kept
    provider.metadata = discover(provider.issuer, protocol=provider.protocol, algorithms=provider.pinned_algorithms)
    provider.metadata_fetched_at = at
    provider.save(update_fields=["metadata", "metadata_fetched_at"])
    return provider.metadata


def discover(issuer: str, *, protocol: str, algorithms: Collection[str] = ("ES256",)) -> dict[str, str]:
    """The metadata published at ``issuer``, whoever that is. Raises as ``metadata``."""
    if protocol == IdentityProvider.Protocol.OIDC:
        # OpenID Connect Discovery 4: behind the path, where RFC 8414 puts it before.
        document = _fetch_object(f"{issuer}/.well-known/openid-configuration")
        _check_openid(document, issuer, algorithms)
    else:
        document = _fetch_object(_well_known(issuer, "oauth-authorization-server"))
    _check(document, issuer)
    return {name: document[name] for name in ("issuer", *_ENDPOINTS)}


def _check_openid(document: Mapping[str, Any], issuer: str, algorithms: Collection[str]) -> None:
    """What an OpenID provider must be able to do before anybody is sent there (see ``oidc_wire``)."""
    for name, wanted in (
        ("token_endpoint_auth_methods_supported", {"private_key_jwt"}),
        ("code_challenge_methods_supported", {"S256"}),
        ("id_token_signing_alg_values_supported", set(algorithms)),
    ):
        offered = document.get(name)
        if not isinstance(offered, list) or not wanted & {str(each) for each in offered}:
            raise ProviderUnavailable("metadata_invalid", f"{name} at {issuer} has none of {', '.join(sorted(wanted))}")
    for name in ("authorization_response_iss_parameter_supported", "verified_claims_supported"):
        if document.get(name) is not True:
            raise ProviderUnavailable("metadata_invalid", f"{name} at {issuer} is not true")


def credential_issuer(issuer: str) -> dict[str, Any]:
    """What ``issuer`` says of the credentials it issues (OpenID4VCI 1.0 12.2). Raises ProviderUnavailable."""
    document = _fetch_object(_well_known(issuer, "openid-credential-issuer"))
    if document.get("credential_issuer") != issuer:
        raise ProviderUnavailable("metadata_invalid", f"issuer metadata at {issuer} names another issuer")
    return document


def result_keys(provider: IdentityProvider, kid: object, *, at: datetime) -> dict[str, Any]:
    """The keys that sign proofing results; the set may still lack ``kid``. Raises ProviderUnavailable."""
    return _kept_keys(provider, "result_keys", kid, at, lambda: _fetch_object(metadata(provider, at=at)["jwks_uri"]))


def credential_keys(provider: IdentityProvider, kid: object, *, at: datetime) -> dict[str, Any]:
    """The keys that sign credentials and status lists (SD-JWT VC, JWT VC issuer metadata). Raises as above."""
    return _kept_keys(provider, "credential_keys", kid, at, lambda: _credential_keys(provider.issuer))


def _kept_keys(
    provider: IdentityProvider, field: str, kid: object, at: datetime, fetch: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """A kept JWK set; fetched again when it is old or does not know ``kid``, but not in a loop."""
    kept: dict[str, Any] = getattr(provider, field)
    fetched_at: datetime | None = getattr(provider, f"{field}_fetched_at")
    known = any(isinstance(entry, dict) and entry.get("kid") == kid for entry in kept.get("keys", []))
    too_old = fetched_at is None or at >= fetched_at + policy.METADATA_LIFETIME
    paused = fetched_at is not None and at < fetched_at + policy.KEYS_REFETCH_PAUSE
    if too_old or (not known and not paused):
        keys = fetch().get("keys")
        if not isinstance(keys, list):
            raise ProviderUnavailable("keys_invalid", f"{provider.name}: no list of keys")
        kept = {"keys": keys, "seen": _seen(keys, kept.get("seen", {}), at)}
        setattr(provider, field, kept)
        setattr(provider, f"{field}_fetched_at", at)
        provider.save(update_fields=[field, f"{field}_fetched_at"])
    return kept


def _seen(keys: list[Any], before: Mapping[str, str], at: datetime) -> dict[str, str]:
    """Since when each key has been there: how old a provider's keys are, for the operator."""
    named = (entry.get("kid") for entry in keys if isinstance(entry, dict))
    return {kid: before.get(kid, at.isoformat()) for kid in named if isinstance(kid, str)}


def _credential_keys(issuer: str) -> dict[str, Any]:
    document = _fetch_object(_well_known(issuer, "jwt-vc-issuer"))
    if document.get("issuer") != issuer:
        raise ProviderUnavailable("metadata_invalid", f"issuer metadata at {issuer} names another issuer")
    inline, address = document.get("jwks"), document.get("jwks_uri")
    if isinstance(inline, dict):
        return inline
    if not isinstance(address, str) or http.origin_of(address) != http.origin_of(issuer):
        raise ProviderUnavailable("metadata_invalid", "jwks_uri is not on the provider's origin")
    return _fetch_object(address)


def _well_known(issuer: str, name: str) -> str:
    """RFC 8414 3.1: the well-known part stands between host and path."""
    origin = http.origin_of(issuer)
    return f"{origin}/.well-known/{name}{issuer.removeprefix(origin)}"


def _check(document: Mapping[str, Any], issuer: str) -> None:
    # RFC 8414 3.3: a document that names another issuer is an attempt to stand in for this one.
    if document.get("issuer") != issuer:
        raise ProviderUnavailable("metadata_invalid", f"metadata at {issuer} names another issuer")
    for name in _ENDPOINTS:
        value = document.get(name)
        # People and codes are sent only to the origin that the operator registered (ASVS 5.0 3.7.2, RFC 9700 4.4).
        if not isinstance(value, str) or http.origin_of(value) != http.origin_of(issuer):
            raise ProviderUnavailable("metadata_invalid", f"{name} is not on the provider's origin")


def _fetch_object(url: str) -> dict[str, Any]:
    try:
        answer = http.fetch("GET", url, headers={"Accept": "application/json"})
        if answer.status != 200:
            raise ProviderUnavailable("provider_answered_wrong", f"{url} answered {answer.status}")
        if b"\\u0000" in answer.content:  # what is fetched is kept, and PostgreSQL keeps no NUL
            raise ProviderUnavailable("provider_answered_wrong", f"{url}: a NUL in a text")
        return strict_json.load_object(answer.content)
    except http.FetchFailed as failed:
        raise ProviderUnavailable("provider_unreachable", f"{failed.code}: {failed.reason}") from failed
    except ProviderUnavailable:
        raise
    except DomainError as odd:
        raise ProviderUnavailable("provider_answered_wrong", f"{url}: {odd.code}") from odd
