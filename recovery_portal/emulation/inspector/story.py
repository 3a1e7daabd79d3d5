"""One attempt as a story: each message once, with what both ends saw of it, among the steps of the attempt (pure)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recovery_portal.testing import shapes
from recovery_portal.testing.journal import in_order


@dataclass(frozen=True)
class Step:
    """A message from one party to another, or, where both are the same, something that a party did by itself.

    ``at`` is the house's time; ``after_s`` the seconds since the attempt began.
    """

    number: int
    at: datetime
    after_s: float
    sender: str
    receiver: str
    title: str
    line: str
    result: str
    is_bad: bool
    request: dict[str, Any]
    answer: dict[str, Any]

    @property
    def is_message(self) -> bool:
        return self.sender != self.receiver

    @property
    def request_text(self) -> str:
        return _told(self.request)

    @property
    def answer_text(self) -> str:
        return _told(self.answer)


@dataclass(frozen=True)
class _Moment:
    at: datetime
    order: int
    sender: str
    receiver: str
    title: str
    line: str
    result: str
    is_bad: bool
    request: dict[str, Any]
    answer: dict[str, Any]


def tell(
    attempt: shapes.Attempt, entries: Iterable[shapes.JournalEntry], proofing: shapes.Proofing | None
) -> list[Step]:
    """The steps in order. Of things that happened at the same moment, messages come first."""
    moments = [*_messages(entries), *_events(attempt), *(_decisions(proofing) if proofing else [])]
    began = datetime.fromisoformat(attempt.started_at)
    told = sorted(moments, key=lambda one: (one.at, one.order))
    return [
        Step(
            number=number,
            after_s=(one.at - began).total_seconds(),
            **{name: getattr(one, name) for name in Step.__dataclass_fields__ if name not in {"number", "after_s"}},
        )
        for number, one in enumerate(told, start=1)
    ]


def parties(steps: Sequence[Step]) -> list[str]:
    """Who takes part: the houses in their usual order, then everybody else as they come."""
    seen = dict.fromkeys(name for step in steps for name in (step.sender, step.receiver))
    usual = [name for name in ("browser", "portal", "provider", "wallet") if name in seen]
    return usual + [name for name in seen if name not in usual]


def _messages(entries: Iterable[shapes.JournalEntry]) -> list[_Moment]:
    """What was written down at both ends is one message: sent by the one, answered by the other."""
    by_message: dict[str, list[shapes.JournalEntry]] = {}
    for entry in in_order(entries):
        by_message.setdefault(entry.message or f"{entry.house} {entry.number}", []).append(entry)
    return [_message(ends) for ends in by_message.values()]


def _message(ends: list[shapes.JournalEntry]) -> _Moment:
    sent = next((one for one in ends if one.direction == "out"), ends[0])
    arrived = next((one for one in ends if one.direction == "in"), ends[0])
    result = sent.error or str(sent.status or "")
    return _Moment(
        at=datetime.fromisoformat(arrived.at),
        order=0,
        sender=sent.sender,
        receiver=sent.receiver,
        title=sent.kind,
        line=sent.line,
        result=f"{result} · {sent.milliseconds} ms",
        is_bad=bool(sent.error) or (sent.status or 0) >= 400,
        request={**sent.request, **arrived.request},
        answer={**sent.answer, **arrived.answer},
    )


def _events(attempt: shapes.Attempt) -> list[_Moment]:
    return [
        _Moment(
            at=datetime.fromisoformat(event.at),
            order=1,
            sender="portal",
            receiver="portal",
            title=event.event,
            line=f"{event.source or 'nothing'} → {event.target}",
            result=event.reason,
            is_bad=bool(event.reason),
            request={},
            answer={},
        )
        for event in attempt.events
    ]


def _decisions(proofing: shapes.Proofing) -> list[_Moment]:
    return [
        _Moment(
            at=datetime.fromisoformat(decision.decided_at),
            order=1,
            sender="provider",
            receiver="provider",
            title=decision.outcome,
            line=f"round {decision.round}, {decision.milliseconds} ms",
            result=decision.reason,
            is_bad=bool(decision.reason),
            request={},
            answer={
                "score": decision.score,
                "threshold": decision.threshold,
                "engine": decision.engine,
                "checks": {one.name: one.reason or ("passed" if one.ok else "failed") for one in decision.checks},
            },
        )
        for decision in proofing.decisions
    ]


def _told(members: dict[str, Any]) -> str:
    return json.dumps(members, indent=2, ensure_ascii=False) if members else ""
