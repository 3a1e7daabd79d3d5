"""Whom we believe about which credential, from the provider's row; and where a status comes from."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache

from idv.credentials import jose
from idv.credentials.certificates import key_id
from idv.credentials.keys import KeyInvalid, jwk_of, public_key_of, thumbprint
from idv.credentials.status_list import FetchedStatus, StatusSource
from idv.credentials.trust import IssuerUntrusted, TrustedIssuer, TrustedIssuers, p256_key_of
from recovery_portal.kit import http
from recovery_portal.kit.errors import DomainError

from . import own, policy, remote
from .models import IdentityProvider
from .own import OwnCredential

Asked = IdentityProvider | OwnCredential


def trusted_issuers(provider: Asked, *, at: datetime) -> TrustedIssuers:
    """Only ``provider``, only for its allowed types: by the operator's certification authorities, else by its keys.

    Authorities that the operator named for one type stand instead of the provider's for that type.

    One presentation request trusts one provider, so a credential of another registered provider is refused too.
    """
    if isinstance(provider, OwnCredential):
        return own.trusted(provider, at=at)
    authorities = tuple(certificates_in(provider.trusted_certificates))
    trusted = TrustedIssuer(
        issuer=provider.issuer,
        vcts=frozenset(provider.allowed_vcts),
        authorities=authorities,
        authorities_by_vct={row.vct: certificates_in(row.certificates) for row in provider.type_authorities.all()},
    )
    return TrustedIssuers([trusted]) if authorities else PublishedKeys([trusted], provider)


class PublishedKeys(TrustedIssuers):
    """Trust in the keys that a provider publishes on its own origin, asked for when a signature names one.

    A certificate in ``x5c`` then only names its key, which must be among the published ones; no chain is followed.
    """

    def __init__(self, issuers: list[TrustedIssuer], provider: IdentityProvider) -> None:
        super().__init__(issuers)
        object.__setattr__(self, "_provider", provider)

    def key_of(
        self, issuer: object, header: Mapping[str, Any], at: datetime, *, vct: object = None
    ) -> ec.EllipticCurvePublicKey:
        """As TrustedIssuers says; also raises ProviderUnavailable when the keys cannot be had."""
        if isinstance(vct, str) and vct in self.get(issuer).authorities_by_vct:
            return super().key_of(issuer, header, at, vct=vct)
        kid = _thumbprint_of_leaf(header["x5c"]) if "x5c" in header else header.get("kid")
        provider: IdentityProvider = self.__dict__["_provider"]
        published = remote.credential_keys(provider, kid, at=at)["keys"]
        if "x5c" in header:
            published = [{**entry, "kid": _thumbprint_of(entry)} for entry in published if isinstance(entry, dict)]
        try:
            return jose.key_in(published, kid)
        except jose.JoseInvalid as unknown:
            raise IssuerUntrusted("issuer_key_unknown", unknown.reason) from unknown


def _thumbprint_of_leaf(x5c: object) -> str:
    try:
        leaf = x509.load_der_x509_certificate(base64.b64decode(x5c[0], validate=True))  # type: ignore[index]
    except (ValueError, TypeError, KeyError, IndexError, binascii.Error) as error:
        raise IssuerUntrusted("certificate_chain_malformed", "not a DER certificate") from error
    return thumbprint(jwk_of(p256_key_of(leaf)))


def _thumbprint_of(entry: object) -> str:
    try:
        return thumbprint(jwk_of(public_key_of(entry)))
    except KeyInvalid:
        return ""  # a key that we cannot use names nothing


def certificates_in(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM bundle. Raises ValueError."""
    return x509.load_pem_x509_certificates(pem.encode("ascii")) if pem.strip() else []


def believed_authorities(provider: Asked) -> list[str]:
    """The key identifiers of every authority that may certify this provider's keys, as a hint for wallets.

    Empty when published keys count as well, or when an authority has no identifier: then a hint would leave out what
    is believed.
    """
    if isinstance(provider, OwnCredential):
        return []
    bundles = {row.vct: certificates_in(row.certificates) for row in provider.type_authorities.all()}
    own = certificates_in(provider.trusted_certificates)
    believed = [bundles.get(vct, own) for vct in provider.allowed_vcts]
    named = [key_id(authority) for authorities in believed for authority in authorities]
    if not all(believed) or None in named:
        return []
    return sorted({name for name in named if name})


def type_name(provider: Asked) -> str:
    """The W3C type by which ``provider`` names the same credential in ``jwt_vc_json``: the end of its ``vct``."""
    return str(provider.allowed_vcts[0]).rstrip("/").rpartition("/")[2]


def status_source(provider: Asked, trusted: TrustedIssuers) -> StatusSource:
    """Status lists of this provider, from its own origin only, through the guarded client; our own need no way."""
    if isinstance(provider, OwnCredential):
        return own.issuer()

    def fetch(uri: str) -> bytes:
        # A credential names the address to fetch; whoever forged or stole a key must not point us elsewhere (SSRF).
        if http.origin_of(uri) != http.origin_of(provider.issuer):
            raise http.FetchFailed("address_refused", "the status list is not on the provider's origin")
        answer = http.fetch(
            "GET",
            uri,
            headers={"Accept": "application/statuslist+jwt"},
            max_bytes=policy.STATUS_LIST_MAX_BYTES,
        )
        if answer.status != 200:
            raise http.FetchFailed("unreachable", f"{uri} answered {answer.status}")
        if answer.headers.get("content-type", "").partition(";")[0].strip() != "application/statuslist+jwt":
            raise http.FetchFailed("unreachable", "not a status list token")
        return answer.content

    return FetchedStatus(fetch=fetch, trusted=trusted, store=_ShortStore())


class _ShortStore:
    """Django's cache, for a minute at most: revocation must bite soon, whatever ttl the list claims."""

    def get(self, key: str) -> Any:
        try:
            return cache.get(f"verifier:{key}")
        except (OSError, DomainError):  # a cache that is away costs a fetch, not a recovery
            return None

    def set(self, key: str, value: Any, timeout: int) -> None:
        try:
            cache.set(f"verifier:{key}", value, min(timeout, int(policy.STATUS_CACHE_LIMIT.total_seconds())))
        except (OSError, DomainError):
            return
