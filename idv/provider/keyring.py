"""The provider's own keys, made when they are first needed and kept sealed."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from idv.credentials import certificates, keys
from idv.credentials.keys import SigningKey

from .models import ProviderKey

_Use = ProviderKey.Use


def signing_key(use: str, *, at: datetime) -> SigningKey:
    """The active key for ``use``; a credential key comes with its certificate, without the anchor (HAIP 1.0)."""
    record = _find_active(use)
    if record is None:
        record = _make(use, at)
    return keys.from_pem(record.open_private_key().decode(), kid=record.kid, chain_pems=list(record.certificate_chain))


def published(use: str, *, at: datetime) -> dict[str, list[dict[str, str]]]:
    """The JWK set of every key that ever signed for ``use``: what an old one signed stays verifiable."""
    signing_key(use, at=at)
    entries = []
    for record in ProviderKey.objects.filter(use=use):
        entries.append(keys.from_pem(record.open_private_key().decode(), kid=record.kid).jwks_entry())
    return {"keys": entries}


def anchor_pem(*, at: datetime) -> str:
    """The development CA's certificate, for those who want to trust it."""
    return signing_key(_Use.ROOT, at=at).chain_pems()[0]


def _find_active(use: str) -> ProviderKey | None:
    return ProviderKey.objects.filter(use=use, retired_at__isnull=True).first()


def _make(use: str, at: datetime) -> ProviderKey:
    fresh = _generate(use, at)
    record = ProviderKey(kid=fresh.kid, use=use, certificate_chain=fresh.chain_pems(), created_at=at)
    record.seal_private_key(fresh.private_pem().encode())
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:  # another process was quicker; its key is the key
        return ProviderKey.objects.get(use=use, retired_at__isnull=True)
    return record


def _generate(use: str, at: datetime) -> SigningKey:
    if use == _Use.ROOT:
        return certificates.development_ca(f"{settings.PROVIDER_NAME} development CA", at)
    if use == _Use.CREDENTIAL:
        return certificates.issue_leaf(
            signing_key(_Use.ROOT, at=at),
            name=settings.PROVIDER_NAME,
            at=at,
            uri_names=[settings.PROVIDER_BASE_URL],
        )
    return keys.generate()
