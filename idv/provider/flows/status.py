"""Token Status List: a random place for each credential, and the signed list that says which still count."""

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from idv.credentials import status_list
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit.errors import DomainError

from .. import keyring, policy
from ..models import CredentialOffer, IssuedCredential, ProviderKey, StatusChange, StatusListRecord

_PLACES_TRIED_MAX = 20


def uri_of(list_id: uuid.UUID) -> str:
    return f"{settings.PROVIDER_BASE_URL}/status/{list_id}"


def reserve(
    *,
    offer: CredentialOffer,
    proofing_reference: str,
    notification_digest: str,
    issued_at: datetime,
    expires_at: datetime,
) -> IssuedCredential:
    """Record a credential at a random free place: neighbours on the list say nothing about each other."""
    into = _open_list(issued_at)
    for _ in range(_PLACES_TRIED_MAX):
        try:
            with transaction.atomic():
                return IssuedCredential.objects.create(
                    offer=offer,
                    proofing_reference=proofing_reference,
                    status_list=into,
                    status_index=secrets.randbelow(policy.STATUS_LIST_SIZE),
                    notification_digest=notification_digest,
                    issued_at=issued_at,
                    expires_at=expires_at,
                )
        except IntegrityError:
            continue
    raise DomainError("status_list_full", f"no free place on {into.pk}")


def token(*, list_id: uuid.UUID, at: datetime) -> str:
    """The signed list at its address. Raises ProtocolRefused(404)."""
    if not StatusListRecord.objects.filter(pk=list_id).exists():
        raise ProtocolRefused("not_found", "no such list", status=404)
    statuses = status_list.StatusList(policy.STATUS_LIST_SIZE, policy.STATUS_BITS)
    marked = IssuedCredential.objects.filter(status_list_id=list_id).exclude(status=IssuedCredential.Status.VALID)
    for index, value in marked.values_list("status_index", "status"):
        statuses.set(index, value)
    return status_list.to_token(
        statuses,
        uri=uri_of(list_id),
        issuer=settings.PROVIDER_BASE_URL,
        issued_at=at,
        expires_at=at + policy.STATUS_LIST_LIFETIME,
        ttl_s=policy.STATUS_TTL_S,
        key=keyring.signing_key(ProviderKey.Use.CREDENTIAL, at=at),
    )


def set_status(*, proofing_reference: str, status: IssuedCredential.Status, reason: str, by: str, at: datetime) -> int:
    """Mark every credential of one proofing; how many there were. An invalid one never becomes valid again."""
    with transaction.atomic():
        changed = (
            IssuedCredential.objects.filter(proofing_reference=proofing_reference)
            .exclude(status=IssuedCredential.Status.INVALID)
            .update(status=status, status_reason=reason[:200], status_changed_at=at)
        )
        if changed:
            StatusChange.objects.create(
                proofing_reference=proofing_reference,
                status=status,
                reason=reason[:200],
                by=by[:150],
                at=at,
                credentials=changed,
            )
    return changed


def _open_list(at: datetime) -> StatusListRecord:
    newest = StatusListRecord.objects.order_by("-created_at").first()
    if newest is not None and newest.credentials.count() < policy.STATUS_LIST_FILL_MAX:
        return newest
    return StatusListRecord.objects.create(created_at=at)
