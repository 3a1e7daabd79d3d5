"""A clock that testers move. Every process of the house reads the same offset; the houses are moved together."""

from datetime import UTC, datetime, timedelta
from typing import Final

from . import state

_NAME: Final = "clock"
# Beyond it, dates of documents and certificates overflow what databases and X.509 can say.
FURTHEST_S: Final = 50 * 365 * 86_400


def moved(present: datetime) -> datetime:
    """The hook of ``kit.clock.now``."""
    setting = state.read(_NAME) or {}
    if frozen := setting.get("frozen_at"):
        return datetime.fromisoformat(frozen)
    return present + timedelta(seconds=setting.get("offset_s", 0))


def set_offset(seconds: float) -> None:
    state.write(_NAME, {"offset_s": seconds})


def freeze(at: datetime) -> None:
    state.write(_NAME, {"frozen_at": at.astimezone(UTC).isoformat()})


def reset() -> None:
    state.forget(_NAME)


def setting() -> dict[str, float | str | None]:
    """``offset_s``, and ``frozen_at`` when the clock stands still."""
    found = state.read(_NAME) or {}
    return {"offset_s": found.get("offset_s", 0), "frozen_at": found.get("frozen_at")}
