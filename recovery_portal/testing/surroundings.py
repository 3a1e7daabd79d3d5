"""What surrounds a recovery: letters, the audit, time, and everything that can break."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from . import shapes, wishes

if TYPE_CHECKING:
    from .client import RecoveryClient

TARGETS: tuple[str, ...] = get_args(wishes.Target)
_PATIENCE_S = 20.0
_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Mailbox:
    """Every letter that was sent."""

    client: RecoveryClient = field(repr=False)

    def letters(self, to: str | None = None) -> list[shapes.Letter]:
        """Oldest first; those to one address, if it is given."""
        return self.client.mailbox(to)

    @property
    def subjects(self) -> list[str]:
        return [letter.subject for letter in self.letters()]

    def newest(self, to: str | None = None) -> shapes.Letter:
        """Raises AssertionError when there is none."""
        letters = self.letters(to)
        assert letters, f"There is no letter to {to or 'anybody'}."
        return letters[-1]

    def wait_for(self, words: str, to: str | None = None) -> shapes.Letter:
        """The newest letter with these words in its subject; workers send letters a moment later. Raises
        AssertionError when none comes."""
        ends = time.monotonic() + _PATIENCE_S
        while True:
            found = [letter for letter in self.letters(to) if words in letter.subject]
            if found:
                return found[-1]
            assert time.monotonic() < ends, f"No letter about {words!r} came; there is: {self.subjects}"
            time.sleep(0.2)

    def link_in(self, letter: shapes.Letter, containing: str = "") -> str:
        """The web address in it. Raises AssertionError when there is none such."""
        found = [address for address in _ADDRESS.findall(letter.body) if containing in address]
        assert found, f"No address with {containing!r} stands in {letter.subject!r}."
        return found[0]

    def empty(self) -> None:
        self.client.clear_mailbox()


@dataclass
class AuditTrail:
    """What the directory's audit has written down since the test began."""

    client: RecoveryClient = field(repr=False)
    _since: str | None = None

    def __post_init__(self) -> None:
        already = self.client.audit()
        self._since = already[-1].id if already else None

    def rows(self) -> list[shapes.AuditRow]:
        """Oldest first."""
        return self.client.audit(self._since)

    @property
    def activities(self) -> list[str]:
        return [row.activity for row in self.rows()]

    def only(self, activity: str) -> list[shapes.AuditRow]:
        return [row for row in self.rows() if row.activity == activity]


@dataclass(frozen=True)
class RecoveryClock:
    """The clock of all three houses: of attempts, passes, credentials, certificates, sessions and counted tries alike.
    What falls due when it is moved is done at once. Only the memory of known browsers keeps the machine's time."""

    client: RecoveryClient = field(repr=False)

    @property
    def now(self) -> str:
        """ISO 8601."""
        return self.client.clock().at

    def forward(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        self.client.move_clock(seconds + 60 * minutes + 3600 * hours + 86_400 * days)

    def stand_still_at(self, moment: str) -> None:
        """For results that are the same every time."""
        self.client.freeze_clock(moment)

    def reset(self) -> None:
        self.client.reset_clock()


@dataclass(frozen=True)
class Faults:
    """What breaks, until the end of the test: provider, broker, worker, mail, status_list, claims_extension."""

    client: RecoveryClient = field(repr=False)

    def turn_off(self, target: str) -> None:
        """It does not answer at all."""
        self.client.set_fault(_target(target), off=True)

    def slow_down(self, target: str, *, milliseconds: int) -> None:
        self.client.set_fault(_target(target), latency_ms=milliseconds)

    def fail_sometimes(self, target: str, *, rate: float) -> None:
        """Of a rate of 0.25 every fourth call fails."""
        self.client.set_fault(_target(target), error_rate=rate)

    def mend(self) -> None:
        """Nothing is broken any more."""
        self.client.clear_faults()


def _target(word: str) -> wishes.Target:
    if word not in TARGETS:
        raise ValueError(f"Nothing called {word!r} can break; there is: {', '.join(TARGETS)}.")
    return word  # type: ignore[return-value]
