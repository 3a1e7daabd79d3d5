"""The PIN: its shape, what it costs to try one, and how long to wait after wrong ones (rules, no database)."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta

from argon2.low_level import Type, hash_secret_raw

PIN_LENGTH = 6
FREE_TRIES = 5
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)

# OWASP password storage cheat sheet, the minimum for Argon2id: 19 MiB, two passes, one lane.
_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1

_SHAPE = re.compile(rf"[0-9]{{{PIN_LENGTH}}}")


def is_well_formed(pin: str) -> bool:
    return _SHAPE.fullmatch(pin) is not None


def is_too_easy(pin: str) -> bool:
    """One digit repeated, or a straight run up or down: the first PINs anybody tries."""
    steps = {(int(later) - int(earlier)) % 10 for earlier, later in itertools.pairwise(pin)}
    return steps in ({0}, {1}, {9})


def stretch(pin: str, salt: bytes) -> bytes:
    """32 bytes that cost a memory-hard computation per guess."""
    return hash_secret_raw(
        pin.encode(), salt, time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, hash_len=32, type=Type.ID
    )


def pause_until(failed_attempts: int, at: datetime) -> datetime | None:
    """When the next try is allowed after so many wrong ones in a row; None while tries are free."""
    beyond = failed_attempts - FREE_TRIES
    if beyond < 0:
        return None
    return at + min(_FIRST_PAUSE * 2 ** min(beyond, 16), _LONGEST_PAUSE)
