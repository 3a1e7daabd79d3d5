"""What every house does for a tester: its clock, its faults, its parts, and starting afresh."""

from datetime import UTC, datetime

from django.conf import settings

from recovery_portal.kit import clock as the_clock
from recovery_portal.testing import shapes, wishes
from recovery_portal.testing.strict import InputRefused

from .. import chance, clock, faults, limits, parts, sweeping
from ..doors import operation
from ..flows import snapshots
from ..journal.writing import ROLL


@operation("GET", "health", answers=shapes.Health)
def health() -> shapes.Health:
    """Which house this is, and what time it is there."""
    return shapes.Health(role=settings.ROLE, version="1", at=the_clock.now().isoformat())


@operation("GET", "houses", answers=shapes.Houses)
def houses() -> shapes.Houses:
    """The addresses of the three houses of this installation."""
    return shapes.Houses(settings.PORTAL_BASE_URL, settings.PROVIDER_BASE_URL, settings.WALLET_URL)


@operation("GET", "clock", answers=shapes.Clock)
def read_clock() -> shapes.Clock:
    """What time it is here."""
    found = clock.setting()
    frozen_at = found["frozen_at"]
    return shapes.Clock(
        at=the_clock.now().isoformat(),
        offset_s=float(found["offset_s"] or 0),
        frozen_at=str(frozen_at) if frozen_at else None,
    )


@operation("PUT", "clock", takes=wishes.ClockSetting, answers=shapes.Clock)
def set_clock(given: wishes.ClockSetting) -> shapes.Clock:
    """Move the clock by seconds from the machine's own, or stop it at a moment. Sessions and counted tries go along."""
    before = the_clock.now()
    if (given.offset_s is None) == (given.frozen_at is None):
        raise InputRefused("Give offset_s, or frozen_at, and not both.")
    if given.offset_s is not None:
        if not -clock.FURTHEST_S <= given.offset_s <= clock.FURTHEST_S:
            raise InputRefused(f"offset_s is between {-clock.FURTHEST_S} and {clock.FURTHEST_S}.")
        clock.set_offset(given.offset_s)
    else:
        clock.freeze(_moment(given.frozen_at or ""))
    limits.bring_forward((the_clock.now() - before).total_seconds())
    return read_clock()


@operation("DELETE", "clock", answers=shapes.Clock)
def reset_clock() -> shapes.Clock:
    """The machine's own time again."""
    clock.reset()
    return read_clock()


@operation("POST", "sweep", answers=shapes.Swept)
def sweep() -> shapes.Swept:
    """Do now what the beat does every few seconds: a clock that was moved takes effect at once."""
    return shapes.Swept(tasks=sweeping.sweep())


@operation("GET", "seed", answers=shapes.Seed)
def read_seed() -> shapes.Seed:
    """The seed of this house's lots."""
    return shapes.Seed(chance.current())


@operation("PUT", "seed", takes=wishes.SeedSetting, answers=shapes.Seed)
def set_seed(given: wishes.SeedSetting) -> shapes.Seed:
    """Draw challenges and numbers to match from a seed, from its first lot on. Keys, tokens and codes are never."""
    chance.set_seed(given.seed)
    return read_seed()


@operation("DELETE", "seed", answers=shapes.Seed)
def reset_seed() -> shapes.Seed:
    """Unforeseeable lots again."""
    chance.reset()
    return read_seed()


@operation("GET", "faults", answers=list[wishes.Fault])
def read_faults() -> list[wishes.Fault]:
    """The faults that are set here."""
    return [wishes.Fault(target=target, **fault) for target, fault in faults.current().items()]  # type: ignore[arg-type]


@operation("PUT", "faults", takes=wishes.Fault, answers=list[wishes.Fault])
def set_fault(given: wishes.Fault) -> list[wishes.Fault]:
    """Make one target slow, unreliable or gone."""
    faults.set_fault(given.target, latency_ms=given.latency_ms, error_rate=given.error_rate, off=given.off)
    return read_faults()


@operation("DELETE", "faults", answers=list[wishes.Fault])
def clear_faults() -> list[wishes.Fault]:
    """Everything works again."""
    faults.clear()
    return read_faults()


@operation("GET", "parts", answers=shapes.Parts)
def read_parts() -> shapes.Parts:
    """Which eye and which reader run."""
    names = {name: parts.chosen(name, getattr(settings, name)) for name in parts.SETTINGS}
    return shapes.Parts(
        face=parts.kind_of(names["FACE_ENGINE"]),
        reader=parts.kind_of(names["DOCUMENT_READER"]),
        face_engine=names["FACE_ENGINE"],
        liveness_engine=names["LIVENESS_ENGINE"],
        document_reader=names["DOCUMENT_READER"],
    )


@operation("PUT", "parts", takes=wishes.PartsChoice, answers=shapes.Parts)
def choose_parts(given: wishes.PartsChoice) -> shapes.Parts:
    """Let the real parts run, or the scripted ones that do what their input says."""
    parts.choose(face=given.face, reader=given.reader)
    return read_parts()


@operation("DELETE", "parts", answers=shapes.Parts)
def reset_parts() -> shapes.Parts:
    """The parts that the installation names."""
    parts.reset()
    return read_parts()


@operation("GET", "journal", answers=list[shapes.JournalEntry])
def read_journal() -> list[shapes.JournalEntry]:
    """Every protocol message that reached or left this house, the oldest first; secrets masked."""
    return [shapes.JournalEntry(**entry) for entry in ROLL.entries()]


@operation("DELETE", "journal")
def clear_journal() -> None:
    """Forget the messages."""
    ROLL.clear()


@operation("POST", "snapshots", takes=wishes.SnapshotName, answers=shapes.Snapshot)
def take_snapshot(given: wishes.SnapshotName) -> shapes.Snapshot:
    """Put every row of this house away under a name."""
    return shapes.Snapshot(id=given.id, rows=snapshots.take(given.id))


@operation("POST", "restore", takes=wishes.SnapshotName)
def restore_snapshot(given: wishes.SnapshotName) -> None:
    """This house as it was when the snapshot was taken."""
    snapshots.bring_back(given.id)


@operation("POST", "reset")
def reset() -> None:
    """Nobody and nothing but keys, parties, roles and operators; clock, faults, parts and mailbox as at first."""
    snapshots.empty()


@operation("DELETE", "limits")
def forget_limits() -> None:
    """Nobody has tried anything too often."""
    limits.forget()


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputRefused("frozen_at is a moment such as 2026-11-27T12:00:00Z.") from error
    if not 2000 <= found.year <= 2100:
        raise InputRefused("frozen_at is a moment between 2000 and 2100.")
    return found
