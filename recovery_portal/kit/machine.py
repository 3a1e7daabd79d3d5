"""A state machine as a table: states × events, everything unlisted refused."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from .errors import DomainError

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class IllegalTransition(DomainError):
    """The event may not happen in this state."""


class Table(Generic[S, E]):
    """Transitions of one kind of record.

    ``transitions`` maps (state, event) to the next state; ``from_any_active`` maps events that every non-terminal state
    knows. A state is terminal when nothing leaves it.
    """

    def __init__(
        self,
        initial: S,
        transitions: Mapping[tuple[S, E], S],
        *,
        terminal: Iterable[S],
        from_any_active: Mapping[E, S] | None = None,
    ) -> None:
        self.initial = initial
        self.terminal = frozenset(terminal)
        states = type(initial)
        self.active = frozenset(states) - self.terminal
        spread = {(state, event): target for event, target in (from_any_active or {}).items() for state in self.active}
        self.transitions: dict[tuple[S, E], S] = {**spread, **transitions}

    def next_state(self, state: S, event: E) -> S:
        """Raises IllegalTransition."""
        try:
            return self.transitions[state, event]
        except KeyError:
            raise IllegalTransition("illegal_transition", f"{event} in {state}") from None

    def as_mermaid(self) -> str:
        """The table as a Mermaid state diagram, in the table's own order."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial.name}"]
        lines += [f"    {s.name} --> {t.name}: {e.value}" for (s, e), t in self.transitions.items()]
        lines += [f"    {s.name} --> [*]" for s in type(self.initial) if s in self.terminal]
        return "\n".join(lines)
