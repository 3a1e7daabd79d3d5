"""Which messages belong together, and the same run told twice in the same words (pure)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from .shapes import JournalEntry


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


def written(entries: Iterable[JournalEntry]) -> str:
    """Every entry as a line of JSON, in order, but for what no seed and no stopped clock can make equal: ``stamp`` and
    ``milliseconds`` are measured by the machine's own clock, ``number`` goes on from run to run. Signatures and
    ciphertext are in no journal."""
    told = [asdict(entry) for entry in in_order(entries)]
    for one in told:
        del one["stamp"], one["milliseconds"], one["number"]
    return "\n".join(json.dumps(one, sort_keys=True, ensure_ascii=False) for one in told)
