"""How measures are taken and told."""

import json
import statistics
import time
from collections.abc import Callable


def alternately(rounds: int, *actions: Callable[[], object]) -> list[float]:
    """Median milliseconds of each action, the actions taking turns; one turn is not counted."""
    taken: list[list[float]] = [[] for _ in actions]
    for number in range(rounds + 1):
        for times, action in zip(taken, actions, strict=True):
            began = time.perf_counter()
            action()
            if number:
                times.append((time.perf_counter() - began) * 1000)
    return [statistics.median(times) for times in taken]


class Report:
    def __init__(self) -> None:
        self.rows: list[tuple[str, float, str, float, float]] = []

    def add(self, what: str, ms: float, bare: str, bare_ms: float) -> None:
        self.rows.append((what, ms, bare, bare_ms, ms / bare_ms))

    def print(self) -> None:
        print(f"{'step':42}{'ms':>9}{'per s':>9}   {'bare':34}{'ms':>9}{'ratio':>8}")
        for what, ms, bare, bare_ms, ratio in self.rows:
            print(f"{what:42}{ms:9.3f}{1000 / ms:9.0f}   {bare:34}{bare_ms:9.3f}{ratio:8.2f}")
        print(json.dumps({what: round(ratio, 3) for what, *_, ratio in self.rows}))
