"""Token Status List: a random place for each credential, the signed list, and what it says of one."""

import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from idv.credentials import status_list
from idv.credentials.sd_jwt import StatusReference
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit.errors import DomainError

from .. import keyring, policy, signals
from ..models import IssuedCredential, Offer

_PLACES_TRIED_MAX = 20


def uri_of(number: int) -> str:
    return f"{settings.PORTAL_BASE_URL}/verified-id/issuer/status/{number}"


def reserve(*, offer: Offer, notification_digest: str, issued_at: datetime, expires_at: datetime) -> IssuedCredential:
    """Record a credential at a random free place: neighbours on the list say nothing about each other."""
    number = _open_list()
    for _ in range(_PLACES_TRIED_MAX):
        try:
            with transaction.atomic():
                return IssuedCredential.objects.create(
                    contract=offer.contract,
                    offer=offer,
                    correlation_id=offer.correlation_id,
                    status_list=number,
                    status_index=secrets.randbelow(policy.STATUS_LIST_SIZE),
                    notification_digest=notification_digest,
                    issued_at=issued_at,
                    expires_at=expires_at,
                )
        except IntegrityError:
            continue
    raise DomainError("status_list_full", f"no free place on {number}")


@transaction.atomic
def revoke(*, credential_id: UUID, by: object, at: datetime) -> bool:
    """A revoked credential never counts again. False when it was revoked before."""
    found = IssuedCredential.objects.filter(pk=credential_id, revoked_at__isnull=True)
    if not found.update(revoked_at=at):
        return False
    credential = IssuedCredential.objects.select_related("contract").get(pk=credential_id)
    signals.credential_revoked.send(sender=IssuedCredential, credential=credential, by=by, at=at)
    return True


def token(*, number: int, at: datetime) -> str:
    """The signed list at its address. Raises ProtocolRefused(404)."""
    rows = IssuedCredential.objects.filter(status_list=number)
    if not rows.exists():
        raise ProtocolRefused("not_found", "no such list", status=404)
    statuses = status_list.StatusList(policy.STATUS_LIST_SIZE, policy.STATUS_BITS)
    for index in rows.filter(revoked_at__isnull=False).values_list("status_index", flat=True):
        statuses.set(index, status_list.INVALID)
    return status_list.to_token(
        statuses,
        uri=uri_of(number),
        issuer=settings.PORTAL_BASE_URL,
        issued_at=at,
        expires_at=at + policy.STATUS_LIST_LIFETIME,
        ttl_s=policy.STATUS_TTL_S,
        key=keyring.signing_key(at=at),
    )


def status_of(reference: StatusReference) -> int:
    """Of one credential of ours, asked without going over the network. Raises StatusUnavailable."""
    address, _, number = reference.uri.rpartition("/")
    row = None
    if number.isascii() and number.isdigit() and len(number) < 10 and uri_of(int(number)) == f"{address}/{number}":
        row = IssuedCredential.objects.filter(status_list=int(number), status_index=reference.idx).first()
    if row is None:
        raise status_list.StatusUnavailable("status_index_out_of_bounds", "no credential of ours stands there")
    return status_list.VALID if row.revoked_at is None else status_list.INVALID


def _open_list() -> int:
    newest: int = IssuedCredential.objects.aggregate(newest=Max("status_list"))["newest"] or 1
    is_full = IssuedCredential.objects.filter(status_list=newest).count() >= policy.STATUS_LIST_FILL_MAX
    return newest + 1 if is_full else newest
