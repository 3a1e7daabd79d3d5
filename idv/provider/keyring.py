"""The provider's own keys: made or read when they are first needed, kept sealed, rotated by an operator."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from idv.credentials import certificates, keys
from idv.credentials.keys import EncryptionKey, SigningKey
from idv.credentials.trust import IssuerUntrusted, require_issuer_name, unvouched_leaf_of
from idv.protocol import did
from recovery_portal.kit.errors import DomainError

from . import policy
from .models import IssuedCredential, ProviderKey

_Use = ProviderKey.Use
#: What ``rotate_keys`` renews. The development CA stays: who trusts it would have to fetch it again.
ROTATED = (_Use.CREDENTIAL, _Use.RESULT, _Use.ENCRYPTION)


class KeyUnusable(DomainError):
    """The operator's key or certificate files cannot serve; ``reason`` says what is wrong with them."""


def signing_key(use: str, *, at: datetime) -> SigningKey:
    """The active key for ``use``; a credential key comes with its certificate, without the anchor (HAIP 1.0)."""
    record = _find_active(use) or _make(use, at)
    return _opened(record)


def encryption_keys(*, at: datetime) -> list[EncryptionKey]:
    """The keys that open what wallets encrypt for us, the active one first; a retired one serves a day longer."""
    active = _find_active(_Use.ENCRYPTION) or _make(_Use.ENCRYPTION, at)
    retired = ProviderKey.objects.filter(use=_Use.ENCRYPTION, retired_at__gt=at - policy.ENCRYPTION_KEY_GRACE)
    return [
        keys.encryption_from_pem(record.open_private_key().decode(), kid=record.kid) for record in (active, *retired)
    ]


def published(use: str, *, at: datetime) -> dict[str, list[dict[str, str]]]:
    """The JWK set for ``use``: the active key, and retired ones while something that they signed may be shown."""
    return {"keys": [key.jwks_entry() for key in visible_keys(use, at=at)]}


def visible_keys(use: str, *, at: datetime) -> list[SigningKey]:
    """The keys behind ``published``, the active one first."""
    active = signing_key(use, at=at)
    retired = ProviderKey.objects.filter(use=use, retired_at__isnull=False)
    return [active, *(_opened(record) for record in retired if _still_speaks(record, at))]


def anchor_pem(*, at: datetime) -> str:
    """The development CA's certificate, for those who want to trust it."""
    return signing_key(_Use.ROOT, at=at).chain_pems()[0]


def identifier() -> str:
    """The issuer's did:web."""
    return did.web(settings.PROVIDER_BASE_URL)


def did_document(*, at: datetime) -> dict[str, Any]:
    """The DID document. A retired key that is still shown also still speaks: its credentials have not expired."""
    visible = visible_keys(_Use.CREDENTIAL, at=at)
    return did.document(
        did=identifier(), origin=settings.PROVIDER_BASE_URL, keys=visible, current=[key.kid for key in visible]
    )


def did_configuration(*, at: datetime) -> dict[str, Any]:
    """The signed statement that this origin and this DID are one (DIF well-known DID configuration)."""
    key = signing_key(_Use.CREDENTIAL, at=at)
    return did.configuration(did=identifier(), origin=settings.PROVIDER_BASE_URL, key=key, at=at)


def rotate(*, uses: Iterable[str], at: datetime) -> list[ProviderKey]:
    """Retire the active key of each use for a fresh one, or for the one in the operator's files. Raises KeyUnusable.

    All or none. What the old keys signed stays verifiable until the last credential expires.
    """
    fresh = [(use, _generate(use, at)) for use in uses]
    made = []
    with transaction.atomic():
        for use, key in fresh:
            if ProviderKey.objects.filter(kid=key.kid).exists():
                raise KeyUnusable("provider_key_unchanged", "PROVIDER_KEY_FILE still holds a key that was used")
            ProviderKey.objects.filter(use=use, retired_at__isnull=True).update(retired_at=at)
            made.append(_store(use, key, at))
    return made


def _still_speaks(record: ProviderKey, at: datetime) -> bool:
    if record.retired_at is None:
        return True
    if record.use != _Use.CREDENTIAL:
        return at < record.retired_at + policy.RESULT_LIFETIME
    # Its status lists live for minutes, its credentials for months.
    return (
        at < record.retired_at + policy.STATUS_LIST_LIFETIME
        or IssuedCredential.objects.filter(
            issued_at__gte=record.created_at, issued_at__lte=record.retired_at, expires_at__gt=at
        ).exists()
    )


def _find_active(use: str) -> ProviderKey | None:
    return ProviderKey.objects.filter(use=use, retired_at__isnull=True).first()


def _opened(record: ProviderKey) -> SigningKey:
    return keys.from_pem(record.open_private_key().decode(), kid=record.kid, chain_pems=list(record.certificate_chain))


def _make(use: str, at: datetime) -> ProviderKey:
    fresh = _generate(use, at)
    try:
        with transaction.atomic():
            return _store(use, fresh, at)
    except IntegrityError:  # another process was quicker; its key is the key
        return ProviderKey.objects.get(use=use, retired_at__isnull=True)


def _store(use: str, key: SigningKey, at: datetime) -> ProviderKey:
    record = ProviderKey(kid=key.kid, use=use, certificate_chain=key.chain_pems(), created_at=at)
    record.seal_private_key(key.private_pem().encode())
    record.save(force_insert=True)
    return record


def _generate(use: str, at: datetime) -> SigningKey:
    if use == _Use.ROOT:
        return certificates.development_ca(f"{settings.PROVIDER_NAME} development CA", at)
    if use != _Use.CREDENTIAL:
        return keys.generate()
    if settings.PROVIDER_KEY_FILE:
        return _from_files(at)
    return certificates.issue_leaf(
        signing_key(_Use.ROOT, at=at), name=settings.PROVIDER_NAME, at=at, uri_names=[settings.PROVIDER_BASE_URL]
    )


def _from_files(at: datetime) -> SigningKey:
    try:
        private_pem = Path(settings.PROVIDER_KEY_FILE).read_text(encoding="ascii")
        bundle = Path(settings.PROVIDER_CERTIFICATES_FILE).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise KeyUnusable("provider_key_unreadable", f"{type(error).__name__} at a file") from error
    chain = [block + _END + "\n" for block in bundle.split(_END) if "BEGIN CERTIFICATE" in block]
    if not chain:
        raise KeyUnusable("provider_certificate_missing", "PROVIDER_CERTIFICATES_FILE holds no certificate")
    try:
        key = keys.from_pem(private_pem, chain_pems=chain)
        # The same eyes that will look at it: coherent, valid now, without the anchor, in this issuer's name.
        require_issuer_name(unvouched_leaf_of(key.x5c(), at=at), settings.PROVIDER_BASE_URL)
    except (keys.KeyInvalid, IssuerUntrusted) as error:
        raise KeyUnusable(error.code, error.reason) from error
    return key


_END = "-----END CERTIFICATE-----"
