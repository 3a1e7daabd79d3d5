"""What the control API answers, once for both ends. Plain values only; imports nothing of the product."""

from dataclasses import dataclass, field
from typing import Any

from .wishes import Part


@dataclass(frozen=True)
class Health:
    role: str  # portal, provider, wallet, or all in one process
    version: str
    at: str


@dataclass(frozen=True)
class Houses:
    portal: str
    provider: str
    wallet: str


@dataclass(frozen=True)
class SeededUser:
    id: str
    user_principal_name: str
    display_name: str
    password: str | None = None


@dataclass(frozen=True)
class SeededGroup:
    id: str
    name: str


@dataclass(frozen=True)
class SeededProfile:
    id: str
    name: str
    mode: str


@dataclass(frozen=True)
class SeededExtension:
    id: str
    name: str
    resource_id: str


@dataclass(frozen=True)
class SeededOperator:
    user_principal_name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class AttemptEvent:
    event: str
    source: str
    target: str
    at: str
    reason: str


@dataclass(frozen=True)
class FaceTry:
    """One Face Check: ``passed``, ``failed``, ``unusable``, or still running."""

    status: str
    reason: str
    score: float | None


@dataclass(frozen=True)
class Attempt:
    """One recovery as operators see it. ``score`` is the last Face Check's confidence; ``terms`` are the profile's
    rules as they were when it began, in the words of ``NewProfile``."""

    id: str
    user_principal_name: str
    state: str
    reason: str
    mode: str
    profile: str
    started_at: str
    ended_at: str | None
    score: float | None
    match_detail: dict[str, Any]
    would_have: str
    correlation_id: str
    events: list[AttemptEvent]
    terms: dict[str, Any] = field(default_factory=dict)
    face_checks: list[FaceTry] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    @property
    def event_names(self) -> list[str]:
        return [event.event for event in self.events]


@dataclass(frozen=True)
class AuditRow:
    id: str
    at: str
    activity: str
    result: str
    reason: str
    service: str
    category: str
    target: str
    initiated_by: str
    correlation_id: str
    details: dict[str, str]


@dataclass(frozen=True)
class Letter:
    number: int
    at: str
    to: list[str]
    sender: str
    subject: str
    body: str


@dataclass(frozen=True)
class Links:
    """The values by which an attempt's messages are found in the journal, as beginnings of their digests, and the
    reference by which the provider knows its proofing ("" before its result has come)."""

    links: list[str]
    proofing_reference: str = ""


@dataclass(frozen=True)
class JournalEntry:
    """One protocol message as one house saw it, arriving (``in``) or leaving (``out``). Values that serve once are
    shown by the beginning of their digest (``#1a2b3c4d``), everything that is nobody's business as ``•••``.

    ``links``, ``exchange`` and ``message`` say which entries hang together; ``front`` that a browser carried it.
    """

    number: int
    at: str
    stamp: int
    house: str
    direction: str
    sender: str
    receiver: str
    kind: str
    front: bool
    line: str
    status: int | None
    error: str
    milliseconds: int
    request: dict[str, Any]
    answer: dict[str, Any]
    links: list[str]
    exchange: str
    message: str


@dataclass(frozen=True)
class Clock:
    at: str
    offset_s: float
    frozen_at: str | None


@dataclass(frozen=True)
class Seed:
    seed: int | None


@dataclass(frozen=True)
class Parts:
    face: Part
    reader: Part
    face_engine: str
    liveness_engine: str
    document_reader: str


@dataclass(frozen=True)
class Swept:
    tasks: list[str]


@dataclass(frozen=True)
class Check:
    """One examined fact of a decision; ``reason`` is empty when it is ``ok``."""

    name: str
    ok: bool
    reason: str


@dataclass(frozen=True)
class Decision:
    """What one round of the provider's checks found. ``score`` is the confidence of the face match."""

    round: int
    outcome: str
    reason: str
    decided_at: str
    score: float | None
    threshold: int
    engine: str
    milliseconds: int
    checks: list[Check]


@dataclass(frozen=True)
class Proofing:
    """One proofing as the provider's operators see it."""

    reference: str
    state: str
    verdict: str
    reason: str
    decisions: list[Decision]


@dataclass(frozen=True)
class DocumentNumber:
    """A document number that chooses an outcome while the scripted reader runs: ``unreadable`` and ``refused`` are
    codes, ``person`` is whose portrait the document bears."""

    number: str
    unreadable: str = ""
    refused: str = ""
    person: str = ""


@dataclass(frozen=True)
class Snapshot:
    id: str
    rows: int


@dataclass(frozen=True)
class ScenarioTold:
    """One scenario of the catalogue; ``outcome`` is the state in which it ends."""

    name: str
    title: str
    covers: list[str]
    device: str
    parts: Part
    outcome: str


@dataclass(frozen=True)
class ScenarioOutcome:
    """``differences`` says what came otherwise than expected; ``pages`` what was read after each step."""

    name: str
    passed: bool
    differences: list[str]
    pages: dict[str, str]
    attempt_id: str | None
    seconds: float


@dataclass(frozen=True)
class HeldId:
    """A Verified ID in the tester's wallet. Pictures among its claims are not shown."""

    id: str
    name: str
    type: str
    issuer: str
    received_at: str
    expires_at: str | None
    claims: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Reception:
    """None while the issuer wants to be asked again: the wallet does so when it is listed."""

    verified_id: HeldId | None


@dataclass(frozen=True)
class Sharing:
    """Whether the verifier heard the answer, and where it wants the browser to go on ("" for nowhere)."""

    was_told: bool
    continue_at: str
