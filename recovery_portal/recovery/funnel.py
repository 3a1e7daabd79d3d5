"""Where people stop, and how long each step takes them: counted in the database, in a fixed number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from .models import AttemptDevice, Milestone

STEPS = tuple(Milestone.Step)


@dataclass(frozen=True)
class Slice:
    """Which attempts to look at. ``phone`` is True for those that a second device joined, False for one device."""

    since: datetime
    profile_id: UUID | None = None
    provider_id: UUID | None = None
    phone: bool | None = None


@dataclass(frozen=True)
class Row:
    """One step: how many attempts reached it, how many of the step before did not, and how long they took from there.

    Shares are percentages 0-100; times are milliseconds, None where nobody got there.
    """

    step: Milestone.Step
    reached: int
    lost: int
    share: float
    lost_share: float
    median_ms: int | None
    ninetieth_ms: int | None


@dataclass(frozen=True)
class Share:
    """How one profile, provider or way of taking part fares: started, matched, and registered a method."""

    key: object
    started: int
    matched: int
    registered: int


def milestones(of: Slice) -> QuerySet[Milestone]:
    rows = Milestone.objects.filter(started_at__gte=of.since)
    if of.profile_id is not None:
        rows = rows.filter(profile_id=of.profile_id)
    if of.provider_id is not None:
        rows = rows.filter(provider_id=of.provider_id)
    if of.phone is not None:
        joined = Exists(AttemptDevice.objects.filter(attempt=OuterRef("attempt"), role=AttemptDevice.Role.COMPANION))
        rows = rows.filter(joined if of.phone else ~joined)
    return rows


def funnel(of: Slice) -> list[Row]:
    """Every step in order. Two queries."""
    rows = milestones(of)
    reached = dict(rows.values_list("step").annotate(n=Count("*")).order_by())
    times = _times(rows)
    table: list[Row] = []
    first, before = reached.get(Milestone.Step.STARTED, 0), None
    for step in STEPS:
        count = reached.get(step.value, 0)
        lost = 0 if before is None else max(0, before - count)
        median, ninetieth = (None, None) if step is Milestone.Step.STARTED else times.get(step.value, (None, None))
        table.append(Row(step, count, lost, _percent(count, first), _percent(lost, before or 0), median, ninetieth))
        before = count
    return table


def _times(rows: QuerySet[Milestone]) -> Mapping[str, tuple[int | None, int | None]]:
    """Median and 90th percentile by nearest rank."""
    ranked = rows.annotate(
        rank=Window(RowNumber(), partition_by="step", order_by="milliseconds"),
        n=Window(Count("*"), partition_by="step"),
    ).filter(Q(rank=(F("n") + 1) / 2) | Q(rank=(F("n") * 9 + 9) / 10))
    found: dict[str, list[int]] = {}
    for step, milliseconds in ranked.values_list("step", "milliseconds").order_by("step", "rank"):
        found.setdefault(step, []).append(milliseconds)
    return {step: (values[0], values[-1]) for step, values in found.items()}


def shares(of: Slice, by: str) -> list[Share]:
    """The same month by ``profile_id`` or ``provider_id``, the busiest first. One query."""
    rows = milestones(of).filter(step__in=["started", "matched", "registered"])
    counted = rows.values(by).annotate(
        started=Count("id", filter=Q(step="started")),
        matched=Count("id", filter=Q(step="matched")),
        registered=Count("id", filter=Q(step="registered")),
    )
    return [
        Share(row[by], row["started"], row["matched"], row["registered"]) for row in counted.order_by("-started", by)
    ]


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
