"""What is drawn by lot for people to do: challenges at the camera, numbers to match. Never keys, tokens or codes."""

import random

from . import hooks

_FATE = random.SystemRandom()


def lot() -> random.Random:
    """Unforeseeable; an emulation may have set a seed, from which every lot of a test is drawn the same again."""
    seeded = hooks.find("CHANCE_HOOK")
    drawn: random.Random | None = seeded() if seeded else None
    return drawn or _FATE
