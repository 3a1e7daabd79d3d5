"""Whose signature on a received credential the wallet believes (rules, no network).

A wallet has no list of good issuers; it believes an issuer about itself. The keys are those the issuer publishes under
its own https address (SD-JWT VC, JWT VC issuer metadata). An issuer that publishes none is believed by the certificate
in the credential when that certificate names the issuer's address: the credential came from that very address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from idv.credentials import keys
from idv.credentials.trust import TrustedIssuer, TrustedIssuers, p256_key_of, require_issuer_name, unvouched_leaf_of


def self_described(*, issuer: str, vct: str, jwks: Sequence[Mapping[str, Any]]) -> TrustedIssuers:
    """One issuer, believed about one type, by the keys it publishes."""
    # Status is not asked on receipt, and standard issuers may issue without one.
    trusted = TrustedIssuer(issuer=issuer, vcts=frozenset({vct}), jwks=tuple(jwks), status_required=False)
    return TrustedIssuers([trusted])


def certified_keys(header: Mapping[str, Any], *, issuer: str, at: datetime) -> list[dict[str, Any]]:
    """The key of the certificate in a credential's header, if it names `issuer`. Raises IssuerUntrusted."""
    leaf = unvouched_leaf_of(header.get("x5c"), at=at)
    require_issuer_name(leaf, issuer)
    named = {"kid": header["kid"]} if isinstance(header.get("kid"), str) else {}
    return [{**keys.jwk_of(p256_key_of(leaf)), **named}]
