"""The issuer's own keys: made when first needed, kept sealed, apart from those that requests are signed with."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from idv.credentials import keys
from idv.credentials.keys import SigningKey
from idv.protocol import did

from . import policy
from .models import IssuedCredential, IssuerKey


def identifier() -> str:
    """The organisation's did:web: the same authority that asks for credentials issues its own."""
    return did.web(settings.PORTAL_BASE_URL)


def signing_key(*, at: datetime) -> SigningKey:
    """The key that signs now."""
    return _opened(IssuerKey.objects.filter(retired_at__isnull=True).first() or _make(at))


def visible_keys(*, at: datetime) -> list[SigningKey]:
    """The active key first, and retired ones while something that they signed may be shown."""
    active = signing_key(at=at)
    retired = IssuerKey.objects.filter(retired_at__isnull=False)
    return [active, *(_opened(row) for row in retired if _still_speaks(row, at))]


def rotate(*, at: datetime) -> IssuerKey:
    """Sign with a new key from now on. What the old one signed stays verifiable until it expires."""
    with transaction.atomic():
        IssuerKey.objects.filter(retired_at__isnull=True).update(retired_at=at)
        return _make(at)


def _still_speaks(row: IssuerKey, at: datetime) -> bool:
    assert row.retired_at is not None
    # What was issued in its last hour is dated down to the hour before.
    return (
        at < row.retired_at + policy.STATUS_LIST_LIFETIME
        or IssuedCredential.objects.filter(issued_at__lte=row.retired_at, expires_at__gt=at).exists()
    )


def _opened(row: IssuerKey) -> SigningKey:
    return keys.from_pem(row.open_private_key().decode(), kid=row.kid)


def _make(at: datetime) -> IssuerKey:
    fresh = keys.generate()
    row = IssuerKey(kid=fresh.kid, created_at=at)
    row.seal_private_key(fresh.private_pem().encode())
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # another process was quicker; its key is the key
        return IssuerKey.objects.get(retired_at__isnull=True)
    return row
