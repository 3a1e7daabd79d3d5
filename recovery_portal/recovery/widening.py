"""What lets somebody recover who could not, or by less proof than before (pure).

Not a list of fields but a question about people: is there anybody for whom what holds after a change is more than what
held before it? Whoever can be in any groups at all counts, so that an empty group that is filled tomorrow counts, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from .matching import Confidence

# From nothing to an operator's word alone.
_ASSISTED = ("off", "twoOperators", "oneOperator")


class Wider(StrEnum):
    """In which way."""

    PEOPLE = "people"
    PROVIDER = "provider"
    CONFIDENCE = "confidence"
    THRESHOLD = "threshold"
    RULES = "rules"
    BINDINGS = "bindings"
    EXTENSION = "extension"
    STILL_HEAD = "stillHead"
    ASSISTANCE = "assistance"
    ONE_READER = "oneReader"
    REVEAL = "reveal"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An enabled profile, as far as it decides who recovers and by which proof."""

    in_production: bool
    everybody: bool
    groups: frozenset[UUID]
    provider: str
    confidence: str
    threshold: int
    rules: frozenset[str]
    bindings: frozenset[str]
    extension: str
    still_head_allowed: bool
    assistance: str
    high_assurance: bool
    reveals_in_starting_browser: bool


@dataclass(frozen=True)
class Reach:
    """All enabled profiles in the order in which they are asked, and the groups whose members no profile is for."""

    profiles: tuple[Standing, ...]
    excluded: frozenset[UUID]


@dataclass(frozen=True)
class _Winner:
    """A profile and who can get to it: somebody who is in none of ``closed`` and, unless it is for everybody, in one of
    its groups. ``standing`` None stands for people whom no profile is for."""

    standing: Standing | None
    closed: frozenset[UUID]

    def has(self, closed: frozenset[UUID]) -> bool:
        return self.standing is None or self.standing.everybody or bool(self.standing.groups - closed)


def widened(before: Reach, after: Reach) -> frozenset[Wider]:
    """In which ways ``after`` is wider than ``before``; empty where nobody gains anything."""
    found: set[Wider] = set()
    earlier = list(_winners(before))
    for winner in _winners(after):
        new = winner.standing
        if new is None or not new.in_production:
            continue
        # Somebody who was excluded, is not any more, and gets here.
        if (before.excluded - winner.closed) and winner.has(winner.closed):
            found.add(Wider.PEOPLE)
        for old in earlier:
            closed = winner.closed | old.closed
            if winner.has(closed) and old.has(closed):
                found.update(_gained(old.standing, new))
    return frozenset(found)


def _winners(reach: Reach) -> Iterator[_Winner]:
    closed = reach.excluded
    for standing in reach.profiles:
        yield _Winner(standing, closed)
        if standing.everybody:
            return
        closed |= standing.groups
    yield _Winner(None, closed)


def _gained(old: Standing | None, new: Standing) -> Iterator[Wider]:
    """What somebody gains for whom ``old`` held and ``new``, in Production, holds now."""
    if old is None or not old.in_production:
        yield Wider.PEOPLE
        return
    if new.provider != old.provider:
        yield Wider.PROVIDER
    if (old.confidence, new.confidence) == (Confidence.EXACT, Confidence.RELAXED):
        yield Wider.CONFIDENCE
    if new.threshold < old.threshold:
        yield Wider.THRESHOLD
    if new.rules - old.rules:
        yield Wider.RULES
    if old.bindings - new.bindings:
        yield Wider.BINDINGS
    # An extension also decides on namesakes, who are refused without one: taking one on is a gain for them.
    if new.extension != old.extension:
        yield Wider.EXTENSION
    if new.still_head_allowed and not old.still_head_allowed:
        yield Wider.STILL_HEAD
    if _ASSISTED.index(new.assistance) > _ASSISTED.index(old.assistance):
        yield Wider.ASSISTANCE
    if old.high_assurance and not new.high_assurance:
        yield Wider.ONE_READER
    if new.reveals_in_starting_browser and not old.reveals_in_starting_browser:
        yield Wider.REVEAL
