"""What happened at the portal: attempts with their events, the audit, the letters that were sent."""

from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from accounts.audit.models import AuditEvent
from accounts.names import normalise_account_name
from recovery_portal.testing import shapes, wishes

from .. import queries
from ..doors import NotThere, operation
from ..inspector import gathering
from ..mail import LETTERS

_PORTAL: Final = frozenset({"portal"})
_AUDIT_MOST: Final = 1000


@operation("GET", "attempts", takes=wishes.WhoseAttempts, answers=list[shapes.Attempt], houses=_PORTAL)
def attempts(given: wishes.WhoseAttempts) -> list[shapes.Attempt]:
    """Recoveries, the newest first; of one account when it is named."""
    name = given.user_principal_name
    return queries.attempts(None if name is None else normalise_account_name(name), newest=given.newest)


@operation("GET", "attempts/<uuid:attempt_id>", answers=shapes.Attempt, houses=_PORTAL)
def attempt(attempt_id: UUID) -> shapes.Attempt:
    """One recovery."""
    found = queries.find_attempt(str(attempt_id))
    if found is None:
        raise NotThere("unknown_attempt", f"There is no attempt {attempt_id}.")
    return found


@operation("GET", "attempts/<uuid:attempt_id>/links", answers=shapes.Links, houses=_PORTAL)
def links(attempt_id: UUID) -> shapes.Links:
    """The values by which an attempt's messages are found in the journals of the houses."""
    found = queries.links_of(str(attempt_id))
    if found is None:
        raise NotThere("unknown_attempt", f"There is no attempt {attempt_id}.")
    return shapes.Links(found, queries.proofing_reference_of(str(attempt_id)))


@operation("GET", "attempts/<uuid:attempt_id>/bundle", answers=bytes, houses=_PORTAL)
def bundle(attempt_id: UUID) -> bytes:
    """One recovery as a file that `manage.py replay` walks again."""
    return gathering.bundle_of(attempt(attempt_id))


@operation("GET", "audit", takes=wishes.AuditSince, answers=list[shapes.AuditRow], houses=_PORTAL)
def audit(given: wishes.AuditSince) -> list[shapes.AuditRow]:
    """The audit trail, oldest first; after one row when it is named."""
    rows = AuditEvent.objects.order_by("at", "id")
    if given.since_id is not None:
        rows = rows.filter(_after(given.since_id))
    newest: list[Any] = list(rows.reverse()[:_AUDIT_MOST])
    return [
        shapes.AuditRow(
            id=str(row.pk),
            at=row.at.isoformat(),
            activity=row.activity,
            result=row.result,
            reason=row.reason,
            service=row.service,
            category=row.category,
            target=row.target_name,
            initiated_by=row.initiated_by_name,
            correlation_id=row.correlation_id,
            details=row.details,
        )
        for row in reversed(newest)
    ]


def _after(since_id: str) -> Q:
    """Rows of one moment have no order of their own: what stands beside the named row counts as after it."""
    try:
        since = AuditEvent.objects.filter(pk=UUID(since_id)).first()
    except ValueError:
        since = None
    if since is None:
        raise NotThere("unknown_row", "There is no audit row of that id.")
    return Q(at__gte=since.at) & ~Q(pk=since.pk)


@operation("GET", "mailbox", takes=wishes.LettersTo, answers=list[shapes.Letter], houses=_PORTAL)
def mailbox(given: wishes.LettersTo) -> list[shapes.Letter]:
    """Letters as they were sent, oldest first; to one address when it is named."""
    letters = [shapes.Letter(**entry) for entry in LETTERS.entries()]
    if given.to is None:
        return letters
    wanted = given.to.lower()
    return [letter for letter in letters if wanted in (address.lower() for address in letter.to)]


@operation("DELETE", "mailbox", houses=_PORTAL)
def clear_mailbox() -> None:
    """Forget the letters."""
    LETTERS.clear()
