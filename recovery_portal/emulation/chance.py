"""The lots of an emulation whose tester set a seed. What is secret is drawn elsewhere, and stays unforeseeable."""

import random
from typing import Final

from . import state

_NAME: Final = "seed"
_DRAWN: Final = "lots"


def seeded() -> random.Random | None:
    """The hook of ``kit.chance.lot``: the next lot of the seed, None while none is set."""
    seed = state.read(_NAME)
    if seed is None:
        return None
    return random.Random(f"{seed}:{state.next_number(_DRAWN)}")  # noqa: S311 - a test's, and nothing secret


def set_seed(seed: int) -> None:
    """The first lot is the next to be drawn."""
    state.write(_NAME, seed)
    state.forget(f"{_DRAWN}:count")


def current() -> int | None:
    found: int | None = state.read(_NAME)
    return found


def reset() -> None:
    state.forget(_NAME)
