"""Which messages belong together, and the same run told twice in the same words (pure)."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from .shapes import JournalEntry

_FINGERPRINT: Final = re.compile(r"#[0-9a-f]{8}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# Made at random, and no secret: key identifiers, places in a status list.
_RANDOM: Final = frozenset({"kid", "idx", "x5t#S256"})
_TOLD: Final = (
    "house", "direction", "sender", "receiver", "kind", "front", "line", "status", "error", "request", "answer",
)  # fmt: skip


def in_order(entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    """As they happened, whatever the houses' clocks were set to."""
    return sorted(entries, key=lambda entry: (entry.stamp, entry.house, entry.number))


def hanging_together(entries: Sequence[JournalEntry], seeds: Iterable[str]) -> list[JournalEntry]:
    """The entries that are tied to ``seeds`` (beginnings of digests) by a value that serves once, directly or through
    others, in order."""
    by_tie: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        for tie in _ties(entry):
            by_tie.setdefault(tie, []).append(index)
    waiting, found = list(seeds), set[int]()
    seen = set(waiting)
    while waiting:
        for index in by_tie.get(waiting.pop(), []):
            if index not in found:
                found.add(index)
                fresh = _ties(entries[index]) - seen
                seen |= fresh
                waiting += fresh
    return in_order(entries[index] for index in found)


def _ties(entry: JournalEntry) -> set[str]:
    return {*entry.links, f"exchange {entry.exchange}", *([f"message {entry.message}"] if entry.message else [])}


def normalised(entries: Iterable[JournalEntry]) -> str:
    """What was said, without what differs between two runs of the same: numbers, durations, and values drawn at random,
    which become ``#1``, ``#2`` … in the order in which they first appear. Times stay: stop the clock for equal ones."""
    told = [{name: asdict(entry)[name] for name in ("at", *_TOLD)} for entry in in_order(entries)]
    text = "\n".join(json.dumps(_bare(one), sort_keys=True, ensure_ascii=False) for one in told)
    known: dict[str, str] = {}
    return _FINGERPRINT.sub(lambda found: known.setdefault(found.group(0), f"#{len(known) + 1}"), text)


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _bare(one) for name, one in value.items() if name not in _RANDOM}
    return [_bare(one) for one in value] if isinstance(value, list) else value
