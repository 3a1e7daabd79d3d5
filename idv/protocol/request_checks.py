"""What a wallet checks in a verifier's request before it shows any of it (OpenID4VP 1.0 sections 5.2, 5.9, 5.10)."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from idv.credentials import jose, trust
from idv.credentials.certificates import x509_hash
from recovery_portal.kit.errors import DomainError

#: The audience of a request to a wallet that was found without discovery (section 5.8).
WALLET_AUDIENCE = "https://self-issued.me/v2"
CLOCK_SKEW = timedelta(seconds=60)
_MIN_NONCE_CHARACTERS = 16


class PresentationMessageInvalid(DomainError):
    """A request, link or response of OpenID4VP that must be refused; ``code`` says why."""


def require_client(
    payload: Mapping[str, Any], leaf: x509.Certificate, expected_client_id: str, response_uri: str
) -> tuple[str, ...]:
    """The DNS names that the leaf proves, when the client_id is the link's and the leaf's (section 5.9.3)."""
    if payload.get("client_id") != expected_client_id or payload.get("iss", expected_client_id) != expected_client_id:
        raise PresentationMessageInvalid("client_id_mismatch", "client_id differs inside and outside")
    prefix, _, rest = expected_client_id.partition(":")
    hosts = trust.names_of(leaf)[1]
    if prefix == "x509_hash":
        if not hmac.compare_digest(rest.encode("utf-8"), x509_hash(leaf).encode("ascii")):
            raise PresentationMessageInvalid("client_id_mismatch", "the certificate is another one")
    elif prefix == "x509_san_dns":
        if rest not in hosts or urlsplit(response_uri).hostname != rest:
            raise PresentationMessageInvalid("client_id_mismatch", "the host is not the certificate's")
    else:
        # Refused rather than shown as "unknown verifier": a person cannot judge a prefix.
        raise PresentationMessageInvalid("client_id_unsupported", "a kind of client_id that we cannot check")
    return tuple(hosts)


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
    if "redirect_uri" in payload or "transaction_data" in payload or "scope" in payload:
        # transaction_data of a type that a wallet does not know must be refused (section 8.4).
        raise PresentationMessageInvalid("request_unsupported", "redirect_uri, scope or transaction_data")
    nonce = payload.get("nonce")
    if not isinstance(nonce, str) or not _MIN_NONCE_CHARACTERS <= len(nonce) <= 512:
        raise PresentationMessageInvalid("request_malformed", "no nonce of reasonable length")
