"""The portal's own key as a client of providers and as a verifier: made once, sealed, certified."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from idv.credentials import certificates, keys
from idv.protocol import did
from recovery_portal.kit.errors import DomainError

from . import own, policy
from .models import VerifierKey


class NotProvisioned(DomainError):
    """This installation has no verifier key and may not make one itself: ``manage.py provision_verifier``."""


def active_row(*, at: datetime) -> VerifierKey:
    """The key that signs now; in emulation it is made on first use. Raises NotProvisioned."""
    row = VerifierKey.objects.filter(retired_at__isnull=True).first()
    return row if row is not None else provision(at=at)


def signing_key(row: VerifierKey) -> keys.SigningKey:
    """The key in a row, opened."""
    return keys.from_pem(row.open_private_key().decode(), kid=row.kid, chain_pems=row.certificate_chain)


def provision(*, at: datetime) -> VerifierKey:
    """Make or import the verifier's key. Idempotent, also when two processes begin at once. Raises NotProvisioned.

    The files named by VERIFIER_KEY_FILE and VERIFIER_CERTIFICATES_FILE win; without them an emulation certifies itself
    by a development CA whose private key is thrown away at once.
    """
    key, anchor = _own_files() or _development_key(at)
    row = VerifierKey(kid=key.kid, certificate_chain=key.chain_pems(), trust_anchor=anchor, created_at=at)
    row.seal_private_key(key.private_pem().encode())
    try:
        with transaction.atomic():
            same = VerifierKey.objects.filter(kid=key.kid).first()
            if same is not None:
                return same
            if settings.VERIFIER_KEY_FILE:  # a new file is a rotation: the old key still verifies what it signed
                VerifierKey.objects.filter(retired_at__isnull=True).update(retired_at=at)
            row.save()
        return row
    except IntegrityError:
        return VerifierKey.objects.get(retired_at__isnull=True)


def published_jwks(*, at: datetime) -> dict[str, list[dict[str, str]]]:
    """Public keys of this portal as relying party: the active one, and retired ones while they may still be seen."""
    active_row(at=at)
    return {"keys": [signing_key(row).jwks_entry() for row in VerifierKey.objects.all()]}


def host() -> str:
    """The host that the certificate names (x509_san_dns)."""
    return urlsplit(settings.PORTAL_BASE_URL).hostname or "localhost"


def identifier() -> str:
    """This portal's did:web."""
    return did.web(settings.PORTAL_BASE_URL)


def did_document(*, at: datetime) -> dict[str, Any]:
    """The DID document: every key this portal ever signed with; the retired ones may no longer speak for it. The keys
    of credentials that the organisation issues are among them: it is one authority.

    A key retired a moment ago still signs the requests that were made with it, until they end.
    """
    active_row(at=at)
    rows = list(VerifierKey.objects.all())
    speaking = {row.kid for row in rows if row.retired_at is None or at < row.retired_at + policy.PRESENTATION_LIFETIME}
    return did.document(
        did=identifier(),
        origin=settings.PORTAL_BASE_URL,
        keys=[signing_key(row) for row in rows],
        current=speaking,
        issuing=own.issuer().keys(at=at),
    )


def did_configuration(*, at: datetime) -> dict[str, Any]:
    """The signed statement that this origin and this DID are one (DIF well-known DID configuration)."""
    key = signing_key(active_row(at=at))
    return did.configuration(did=identifier(), origin=settings.PORTAL_BASE_URL, key=key, at=at)


def rotate(*, at: datetime) -> VerifierKey:
    """Retire the active key for a new one: the file's, or in an emulation a made one. Raises NotProvisioned.

    The retired key stays published, and serves the requests that were made with it until they end.
    """
    key, anchor = _own_files() or _development_key(at)
    if VerifierKey.objects.filter(kid=key.kid).exists():
        raise NotProvisioned("verifier_key_unchanged", "VERIFIER_KEY_FILE still holds the old key")
    row = VerifierKey(kid=key.kid, certificate_chain=key.chain_pems(), trust_anchor=anchor, created_at=at)
    row.seal_private_key(key.private_pem().encode())
    with transaction.atomic():
        VerifierKey.objects.filter(retired_at__isnull=True).update(retired_at=at)
        row.save(force_insert=True)
    return row


def _own_files() -> tuple[keys.SigningKey, str] | None:
    if not settings.VERIFIER_KEY_FILE:
        return None
    try:
        private_pem = Path(settings.VERIFIER_KEY_FILE).read_text(encoding="ascii")
        chain = Path(settings.VERIFIER_CERTIFICATES_FILE).read_text(encoding="ascii")
        return keys.from_pem(private_pem, chain_pems=split_pems(chain)), ""
    except (OSError, UnicodeError, keys.KeyInvalid) as error:
        raise NotProvisioned("verifier_key_unreadable", str(error)) from error


def _development_key(at: datetime) -> tuple[keys.SigningKey, str]:
    if not settings.EMULATION:
        raise NotProvisioned("verifier_key_missing", "set VERIFIER_KEY_FILE and VERIFIER_CERTIFICATES_FILE")
    authority = certificates.development_ca(f"{settings.ORGANISATION_NAME} development CA", at)
    leaf = certificates.issue_leaf(
        authority,
        name=f"{settings.ORGANISATION_NAME} recovery portal",
        at=at,
        dns_names=[host()],
        uri_names=[settings.PORTAL_BASE_URL],
    )
    return leaf, authority.chain_pems()[0]


def split_pems(text: str) -> list[str]:
    """The certificates of a PEM bundle, one text each, in order."""
    end = "-----END CERTIFICATE-----"
    return [f"{part.strip()}\n{end}\n" for part in text.split(end) if part.strip()]
