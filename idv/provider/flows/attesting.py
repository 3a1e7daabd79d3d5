"""Wallets whose makers vouch for them: whom we believe about it, and a proof that is looked at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from django.conf import settings

from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from idv.protocol import client_attestation as wire
from idv.protocol.client_attestation import ClientAttestation, ClientAttestationInvalid
from recovery_portal.kit.errors import DomainError

from .. import policy
from ..errors import AttestationRefused
from ..models import WalletAttester, WalletClient
from . import seen, server_nonces

_PURPOSE = "attestation-challenge"


def register(
    *, issuer: str, name: str, jwks: Mapping[str, Any] | None, authorities: str, at: datetime
) -> tuple[WalletAttester, bool]:
    """Create or change the attester with this name; the second value says whether it is new."""
    changes = {"name": name, "jwks": jwks, "authorities": authorities, "enabled": True}
    return WalletAttester.objects.update_or_create(
        issuer=issuer, defaults=changes, create_defaults={**changes, "created_at": at}
    )


def find_attester(issuer: str) -> WalletAttester | None:
    """The enabled attester of this name."""
    return WalletAttester.objects.filter(issuer=issuer, enabled=True).first()


def is_on() -> bool:
    """Whether anybody's word for wallets is believed here."""
    return WalletAttester.objects.filter(enabled=True).exists()


def trusted_makers() -> TrustedIssuers:
    """Everybody whose word for wallets and their keys is believed; nobody, where no operator registered one."""
    return _trusted(list(WalletAttester.objects.filter(enabled=True)))


def new_challenge(*, at: datetime) -> str:
    """A challenge for a wallet's next proof."""
    return server_nonces.new(_PURPOSE, at=at)


def find(
    attestation: str, pop: str, *, client_id: str, required_of: WalletAttester | None = None, at: datetime
) -> ClientAttestation | None:
    """Who a request's two headers prove to be asking; None without headers, or where nobody's word is believed.

    Headers that are there must prove it. ``required_of``: without that attester's word it is refused. The proof is
    burned. Raises AttestationRefused: one answer for all that is wrong but a missing challenge.
    """
    if not attestation and not pop and required_of is None:
        return None
    believed = [required_of] if required_of else list(WalletAttester.objects.filter(enabled=True))
    if not believed:
        return None
    if required_of and not required_of.enabled:
        raise _refused("the wallet's attester is not believed any more")
    try:
        found = wire.open_pair(
            attestation, pop, trusted=_trusted(believed), expected_audience=settings.PROVIDER_BASE_URL, at=at
        )
    except ClientAttestationInvalid as refusal:
        raise _refused(f"{refusal.code}: {refusal.reason}") from refusal
    if client_id and client_id != found.client_id:
        raise _refused("attested as another client")
    named = WalletClient.objects.filter(client_id=found.client_id, attester__isnull=False).select_related("attester")
    if any(wallet.attester is not None and wallet.attester.issuer != found.attester for wallet in named):
        raise _refused("another maker vouches for a wallet than its own")
    if not server_nonces.is_ours(_PURPOSE, found.challenge, lifetime=policy.ATTESTATION_CHALLENGE_LIFETIME, at=at):
        raise AttestationRefused("use_attestation_challenge", "no challenge, or a stale one")
    try:
        seen.burn(f"attested:{found.instance_jkt}", found.jti, found.expires_at)
    except DomainError as replayed:
        raise _refused(replayed.reason) from replayed
    return found


def _trusted(attesters: Sequence[WalletAttester]) -> TrustedIssuers:
    return TrustedIssuers(
        [
            TrustedIssuer(
                issuer=attester.issuer,
                vcts=frozenset(),
                jwks=(attester.jwks or {}).get("keys", []),
                authorities=x509.load_pem_x509_certificates(attester.authorities.encode())
                if attester.authorities
                else (),
            )
            for attester in attesters
        ]
    )


def _refused(reason: str) -> AttestationRefused:
    return AttestationRefused("invalid_client", reason, status=401)
