"""Linking what was written into the chain, and walking the chain to find what does not fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import F
from django.db.models.query import QuerySet

from accounts.audit.chain import link_of, mac_of
from accounts.audit.models import AuditChainHead, AuditEvent

_BATCH = 500
_GAP_SHOWN = 1000
# A row waits for its link from its commit until right after it; longer only when a process died in between.
GRACE = timedelta(minutes=10)

Kind = Literal["changed", "missing", "relinked", "cut", "unlinked", "beyond", "anchor"]


@dataclass(frozen=True)
class Fault:
    """Something that does not fit. ``changed``: the row says something else than when it was written; ``missing``: a
    number without a row; ``relinked``: the link is not the row's; ``cut``: the chain ends before its head;
    ``unlinked``: a row that was never linked; ``beyond``: a row after the head; ``anchor``: not the link noted earlier.
    """

    kind: Kind
    sequence: int | None
    event_id: str = ""


def seal_pending() -> int:
    """Link every committed row that waits; returns how many. Safe in any number of processes at once."""
    linked = 0
    while AuditEvent.objects.filter(sequence__isnull=True).exists():
        done = _seal_some()
        linked += done
        if done < _BATCH:  # whoever writes a further row seals it after their own commit
            break
    return linked


@transaction.atomic
def _seal_some() -> int:
    # The UPDATE takes the row's lock on PostgreSQL and the write lock on SQLite, before anything is read.
    if not AuditChainHead.objects.filter(pk=AuditChainHead.THE_ROW).update(sequence=F("sequence")):
        AuditChainHead.objects.bulk_create([AuditChainHead()], ignore_conflicts=True)
        AuditChainHead.objects.filter(pk=AuditChainHead.THE_ROW).update(sequence=F("sequence"))
    head = AuditChainHead.objects.get(pk=AuditChainHead.THE_ROW)
    waiting = list(AuditEvent.objects.filter(sequence__isnull=True).order_by("at", "id")[:_BATCH])
    for event in waiting:
        head.sequence += 1
        head.link = link_of(head.link, event.mac, head.sequence)
        # The one write that an audit row sees after its birth: its place in the chain, once.
        plain: QuerySet[AuditEvent] = QuerySet(AuditEvent).filter(pk=event.pk, sequence__isnull=True)
        plain.update(sequence=head.sequence, link=head.link)
    head.save(update_fields=["sequence", "link"])
    return len(waiting)


def head() -> AuditChainHead:
    """Where the chain ends now. Noted somewhere else, it shows later that the end was not cut off."""
    return AuditChainHead.objects.filter(pk=AuditChainHead.THE_ROW).first() or AuditChainHead()


def faults(*, at: datetime, anchor: tuple[int, str] | None = None) -> Iterator[Fault]:
    """Walk the whole chain. ``anchor`` is a number and its link that were noted before. Nothing is yielded when every
    row is there as it was written."""
    end = head()
    before, expected = "", 1
    anchored = anchor is None
    rows = AuditEvent.objects.filter(sequence__isnull=False, sequence__lte=end.sequence).order_by("sequence")
    for event in rows.iterator(chunk_size=2000):
        number = event.sequence or 0
        yield from _gap(expected, number)
        if mac_of(event) != event.mac:
            yield Fault("changed", number, str(event.pk))
        if number == expected and link_of(before, event.mac, number) != event.link:
            yield Fault("relinked", number, str(event.pk))
        if anchor and number == anchor[0]:
            anchored = event.link == anchor[1]
        before, expected = event.link, number + 1
    if expected <= end.sequence:
        yield from _gap(expected, end.sequence + 1)
    elif before != end.link:
        yield Fault("cut", end.sequence)
    if not anchored and anchor:
        yield Fault("anchor", anchor[0])
    yield from _outside(at)


def _gap(first: int, after: int) -> Iterator[Fault]:
    """The missing numbers, a thousand at most: a forged number must not keep the walk busy for ever."""
    for absent in range(first, min(after, first + _GAP_SHOWN)):
        yield Fault("missing", absent)


def _outside(at: datetime) -> Iterator[Fault]:
    for event in AuditEvent.objects.filter(sequence__gt=head().sequence).order_by("sequence"):
        yield Fault("beyond", event.sequence, str(event.pk))
    for event in AuditEvent.objects.filter(sequence__isnull=True).order_by("at", "id"):
        if mac_of(event) != event.mac:
            yield Fault("changed", None, str(event.pk))
        elif event.at < at - GRACE:
            yield Fault("unlinked", None, str(event.pk))
