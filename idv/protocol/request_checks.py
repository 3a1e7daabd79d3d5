"""What a wallet checks in a verifier's request before it shows any of it (OpenID4VP 1.0 sections 5.2, 5.9, 5.10)."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials import jose, trust
from idv.credentials.certificates import x509_hash
from idv.protocol import did
from recovery_portal.kit.errors import DomainError

#: The audience of a request to a wallet that was found without discovery (section 5.8).
WALLET_AUDIENCE = "https://self-issued.me/v2"
CLOCK_SKEW = timedelta(seconds=60)
_MIN_NONCE_CHARACTERS = 16


class PresentationMessageInvalid(DomainError):
    """A request, link or response of OpenID4VP that must be refused; ``code`` says why."""


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Whose key signs the request, by a certificate (``leaf``) or by a DID (no leaf); and the hosts it proves."""

    key: ec.EllipticCurvePublicKey
    names: tuple[str, ...]
    leaf: x509.Certificate | None


def signer_of(
    header: Mapping[str, Any],
    client_id: str,
    authorities: Sequence[x509.Certificate] | None,
    did_document: Mapping[str, Any] | None,
    at: datetime,
) -> Signer:
    """The signer that ``client_id`` promises (section 5.9.3). Raises DomainErrors of the rooms it asks."""
    prefix, _, rest = client_id.partition(":")
    if prefix in ("x509_hash", "x509_san_dns"):
        if authorities is None:
            leaf = trust.unvouched_leaf_of(header.get("x5c"), at=at)
        else:
            leaf = trust.leaf_of(header.get("x5c"), authorities=authorities, at=at)
        return Signer(key=trust.p256_key_of(leaf), names=tuple(trust.names_of(leaf)[1]), leaf=leaf)
    if prefix == "decentralized_identifier" and rest.startswith("did:jwk:"):
        return Signer(key=did.key_of_did_jwk(rest, kid=header.get("kid")), names=(), leaf=None)
    if prefix == "decentralized_identifier" and did_document is not None:
        key = did.key_in_document(did_document, did=rest, kid=header.get("kid"))
        return Signer(key=key, names=(did.document_location(rest)[0],), leaf=None)
    # Refused rather than shown as "unknown verifier": a person cannot judge a prefix.
    raise PresentationMessageInvalid("client_id_unsupported", "a kind of client_id that we cannot check")


def require_client(payload: Mapping[str, Any], signer: Signer, expected_client_id: str, response_uri: str) -> None:
    """Refuse a client_id that is not the link's and the signer's (section 5.9.3)."""
    # An ``iss`` may stand there and must be ignored (section 5): the client_id alone says who asks.
    if payload.get("client_id") != expected_client_id:
        raise PresentationMessageInvalid("client_id_mismatch", "client_id differs inside and outside")
    prefix, _, rest = expected_client_id.partition(":")
    if prefix == "x509_hash" and not (
        signer.leaf is not None and hmac.compare_digest(rest.encode("utf-8"), x509_hash(signer.leaf).encode("ascii"))
    ):
        raise PresentationMessageInvalid("client_id_mismatch", "the certificate is another one")
    if prefix == "x509_san_dns" and (rest not in signer.names or urlsplit(response_uri).hostname != rest):
        raise PresentationMessageInvalid("client_id_mismatch", "the host is not the certificate's")


def require_current(payload: Mapping[str, Any], at: datetime, expected_wallet_nonce: str | None) -> datetime:
    """When the request ends; it must be for wallets, valid now, and carry the wallet's nonce if one was sent."""
    expires_at, issued_at = jose.required_time_of(payload, "exp"), jose.required_time_of(payload, "iat")
    if payload.get("aud") != WALLET_AUDIENCE:
        raise PresentationMessageInvalid("request_for_another", "aud is not a wallet")
    if at >= expires_at or issued_at > at + CLOCK_SKEW:
        raise PresentationMessageInvalid("request_expired", "not valid now")
    if expected_wallet_nonce is not None and payload.get("wallet_nonce") != expected_wallet_nonce:
        raise PresentationMessageInvalid("request_not_fresh", "wallet_nonce is not ours")
    return expires_at


def require_supported(payload: Mapping[str, Any]) -> None:
    """Refuse what this wallet does not speak, rather than answer it half."""
    if payload.get("response_type") != "vp_token":
        raise PresentationMessageInvalid("request_unsupported", "response_type is not vp_token")
    if payload.get("response_mode") not in ("direct_post", "direct_post.jwt"):
        raise PresentationMessageInvalid("request_unsupported", "a response_mode that we do not speak")
    if "redirect_uri" in payload or "scope" in payload:
        raise PresentationMessageInvalid("request_unsupported", "redirect_uri or scope")
    nonce = payload.get("nonce")
    if not isinstance(nonce, str) or not _MIN_NONCE_CHARACTERS <= len(nonce) <= 512:
        raise PresentationMessageInvalid("request_malformed", "no nonce of reasonable length")
