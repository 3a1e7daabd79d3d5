"""The decision: engines measure, this flow decides, one row per check says why."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from idv.face import capture, grid
from idv.face.errors import RETRY_CODES, FaceUnusable
from recovery_portal.kit import adapters
from recovery_portal.kit.errors import DomainError

from .. import policy, portraits
from ..document import DocumentReader
from ..document.errors import DocumentUnreadable
from ..errors import ProofingMoved
from ..machine import Event, State
from ..models import DecisionCheck, ProofingDecision, ProofingSession
from .steps import enqueue_decision

_Outcome = ProofingDecision.Outcome
_Weight = DecisionCheck.Weight


class WorkLost(DomainError):
    """The round is no longer ours: cancelled, expired, or taken over by another worker."""


@dataclass
class Findings:
    """What one round of checks found; becomes a ProofingDecision."""

    threshold: int
    outcome: str = _Outcome.DECLINED
    reason_code: str = ""
    checks: list[tuple[str, bool, str, str]] = field(default_factory=list)
    score: float | None = None
    engine: str = ""
    engine_version: str = ""
    calibration: str = ""
    document: dict[str, str] = field(default_factory=dict)
    portrait: bytes = b""
    photographed: str = ""  # fingerprint of the document's photos

    def conclude(self, outcome: str, reason_code: str = "") -> "Findings":
        self.outcome, self.reason_code = outcome, reason_code
        return self

    def note(self, name: str, ok: bool, reason_code: str = "", *, weight: str = _Weight.DECISIVE) -> bool:
        self.checks.append((name, ok, reason_code, weight))
        return ok

    def note_grid(self, name: str, strength: float) -> None:
        """A pattern like a screen's is for whoever reads the decision; nothing hangs on it."""
        ok = strength < grid.SUSPICIOUS
        self.note(name, ok, "" if ok else "screen_suspected", weight=_Weight.NOTED)


def threshold() -> int:
    """Confidence 0-100 that selfie and portrait must reach; 70 is a false match rate of 1 in 1000 by default."""
    return int(settings.PROVIDER_FACE_MATCH_THRESHOLD)


def decide(*, proofing_id: uuid.UUID, round: int, at: datetime) -> str:
    """Read the document, judge the selfie, compare, record. Returns the outcome, or "" when there was nothing to do.

    Safe to run twice and at once: a lease lets one worker in, and the record is a compare-and-set. A worker that dies
    leaves the lease to run out; the page's next question, or the sweeper, asks again.
    """
    if not _take_lease(proofing_id, round, at):
        return ""
    started = time.monotonic()

    def report(percent: int) -> None:
        seen_at = at + timedelta(seconds=time.monotonic() - started)
        mine = ProofingSession.objects.filter(pk=proofing_id, state=State.CHECKING, round=round)
        if not mine.update(progress=percent, lease_until=seen_at + policy.LEASE):
            raise WorkLost("work_lost", f"{proofing_id} round {round}")

    proofing = ProofingSession.objects.get(pk=proofing_id)
    try:
        findings = _examine(proofing, report, at)
        return _record(proofing, findings, started, at)
    except (WorkLost, ProofingMoved):
        return ""
    except Exception:
        # A fault of ours is not the person's try: free the round so that the next question starts it again.
        ProofingSession.objects.filter(pk=proofing_id, round=round).update(lease_until=None)
        raise


def ask_again_if_lost(*, proofing: ProofingSession, at: datetime) -> bool:
    """Send the round to a worker again when nobody has been working on it for a while."""
    if proofing.state != State.CHECKING:
        return False
    with transaction.atomic():
        lost = (
            ProofingSession.objects.filter(pk=proofing.pk, state=State.CHECKING, round=proofing.round)
            .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=at))
            .filter(enqueued_at__lte=at - policy.ENQUEUE_AGAIN_AFTER)
            .update(enqueued_at=at)
        )
        if lost:
            enqueue_decision(proofing)
    return bool(lost)


def waiting_before(*, proofing: ProofingSession) -> int:
    """How many decisions were asked for earlier and still wait for a worker; 0 as soon as this one is worked on."""
    if proofing.state != State.CHECKING or proofing.lease_until is not None:
        return 0
    waiting = ProofingSession.objects.filter(state=State.CHECKING, lease_until__isnull=True)
    return waiting.filter(enqueued_at__lt=proofing.enqueued_at).count()


def _take_lease(proofing_id: uuid.UUID, round: int, at: datetime) -> bool:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=at)
    mine = ProofingSession.objects.filter(free, pk=proofing_id, state=State.CHECKING, round=round)
    return bool(mine.update(lease_until=at + policy.LEASE))


def _examine(proofing: ProofingSession, report: Callable[[int], None], at: datetime) -> Findings:
    findings = Findings(threshold=threshold())
    photos = list(proofing.photos.all())
    images = {p.key: proofing.open(p.sealed, purpose=f"photo-{p.key}") for p in photos}
    sides = {p.key: images[p.key] for p in photos if p.purpose == "document"}
    frames = {p.key: images[p.key] for p in photos if p.purpose == "selfie"}
    findings.photographed = proofing.fingerprint(sides)
    report(10)
    try:
        reading = reader_for(proofing).read(proofing.document_kind, sides, at=at)
    except DocumentUnreadable as refusal:
        findings.note("document_readable", False, refusal.code, weight=_Weight.RETAKE)
        return findings.conclude(_Outcome.DOCUMENT_UNUSABLE, refusal.code)
    findings.note("document_readable", True, weight=_Weight.RETAKE)
    if proofing.high_assurance:
        findings.note("two_readers_agree", True, weight=_Weight.RETAKE)  # else it would not be readable
    for check in reading.checks:
        findings.note(check.name, check.ok, check.reason_code)
    for sign in reading.signs:
        findings.note(sign.name, sign.ok, sign.reason_code, weight=_Weight.NOTED)
    findings.note_grid("document_no_screen", grid.strength(sides["front"]))
    if reading.fields.issuing_country != proofing.country:
        findings.note("country_as_chosen", False, "other_country", weight=_Weight.RETAKE)
        return findings.conclude(_Outcome.DOCUMENT_UNUSABLE, "other_country")
    findings.note("country_as_chosen", True, weight=_Weight.RETAKE)
    if not reading.accepted:
        return findings.conclude(_Outcome.DECLINED, reading.first_refusal)
    report(40)
    return _compare(proofing, reading, frames, findings, report)


def reader_for(proofing: ProofingSession) -> DocumentReader:
    """The reader that the relying party's assurance asks for."""
    reader: DocumentReader = adapters.load(
        "HIGH_ASSURANCE_DOCUMENT_READER" if proofing.high_assurance else "DOCUMENT_READER"
    )
    return reader


def _compare(
    proofing: ProofingSession,
    reading: Any,
    frames: dict[str, bytes],
    findings: Findings,
    report: Callable[[int], None],
) -> Findings:
    engine = adapters.load("FACE_ENGINE")
    findings.engine, findings.engine_version = engine.name, engine.version
    findings.calibration = f"{engine.calibration.name} {engine.calibration.version}"
    try:
        engine.embed(reading.portrait)
    except FaceUnusable as refusal:
        _our_fault(refusal)
        findings.note("portrait_usable", False, refusal.code, weight=_Weight.RETAKE)
        return findings.conclude(_Outcome.DOCUMENT_UNUSABLE, "portrait_unusable")
    findings.note("portrait_usable", True, weight=_Weight.RETAKE)
    report(60)
    try:
        measured = capture.measure(
            reference=reading.portrait,
            frames=frames,
            challenge=proofing.challenge,
            face_engine=engine,
            liveness_engine=adapters.load("LIVENESS_ENGINE"),
        )
    except FaceUnusable as refusal:
        _our_fault(refusal)
        findings.note("selfie_usable", False, refusal.code, weight=_Weight.RETAKE)
        return findings.conclude(_Outcome.SELFIE_UNUSABLE, refusal.code)
    findings.note("selfie_usable", True, weight=_Weight.RETAKE)
    report(90)
    retry = measured.reason_code in RETRY_CODES
    weight = _Weight.RETAKE if retry else _Weight.DECISIVE
    if not findings.note("liveness", measured.live, measured.reason_code, weight=weight) or measured.confidence is None:
        return findings.conclude(_Outcome.SELFIE_UNUSABLE if retry else _Outcome.DECLINED, measured.reason_code)
    findings.note_grid("selfie_no_screen", measured.measures["grid"])
    findings.score = round(measured.confidence, 2)
    matched = measured.confidence >= findings.threshold
    findings.note("face_match", matched, "" if matched else "face_mismatch")
    near = measured.confidence >= findings.threshold - policy.REVIEW_BAND
    if not matched and not (near and proofing.relying_party.manual_review):
        return findings.conclude(_Outcome.DECLINED, "face_mismatch")
    findings.document = _document_fields(reading)
    findings.portrait = portraits.for_credential(reading.portrait)
    if not matched:
        return findings.conclude(_Outcome.REVIEW, "face_mismatch")
    # Real documents may have a portrait that measures askew: a person looks, where there is one; nobody is refused.
    sign = next((sign for sign in reading.signs if not sign.ok), None)
    if sign is not None and proofing.relying_party.manual_review:
        return findings.conclude(_Outcome.REVIEW, sign.reason_code)
    return findings.conclude(_Outcome.VERIFIED)


def _our_fault(refusal: FaceUnusable) -> None:
    if refusal.code == "engine_unavailable":
        raise refusal


def _record(proofing: ProofingSession, findings: Findings, started: float, at: datetime) -> str:
    elapsed = time.monotonic() - started
    decided_at = at + timedelta(seconds=elapsed)
    findings = _within_tries(proofing, findings)
    event, changes = _consequence(proofing, findings, decided_at)
    with transaction.atomic():
        proofing.apply(event, at=decided_at, reason=findings.reason_code, progress=None, lease_until=None, **changes)
        decision = proofing.decisions.create(
            round=proofing.round,
            outcome=findings.outcome,
            reason_code=findings.reason_code,
            decided_at=decided_at,
            score=findings.score,
            threshold=findings.threshold,
            engine=findings.engine,
            engine_version=findings.engine_version,
            calibration=findings.calibration,
            milliseconds=int(elapsed * 1000),
        )
        DecisionCheck.objects.bulk_create(
            DecisionCheck(decision=decision, name=name, ok=ok, reason_code=reason, weight=weight)
            for name, ok, reason, weight in findings.checks
        )
        _delete_photos(proofing, findings.outcome)
    return findings.outcome


def _within_tries(proofing: ProofingSession, findings: Findings) -> Findings:
    """The last allowed try that fails is a refusal, not another invitation (NIST SP 800-63A: limit attempts)."""
    if findings.outcome == _Outcome.DOCUMENT_UNUSABLE and proofing.document_tries + 1 >= policy.TRIES_MAX:
        return findings.conclude(_Outcome.DECLINED, "too_many_document_tries")
    if findings.outcome == _Outcome.SELFIE_UNUSABLE and proofing.selfie_tries + 1 >= policy.TRIES_MAX:
        return findings.conclude(_Outcome.DECLINED, "too_many_selfie_tries")
    return findings


def _consequence(proofing: ProofingSession, findings: Findings, at: datetime) -> tuple[Event, dict[str, Any]]:
    code = findings.reason_code
    if findings.outcome == _Outcome.DOCUMENT_UNUSABLE:
        tries = proofing.document_tries + 1
        seen = [] if code in _NOT_THE_PHOTOS_FAULT else [findings.photographed]
        return Event.DOCUMENT_UNUSABLE, {
            "retake_code": code,
            "document_tries": tries,
            "paused_until": _pause(tries, at),
            "refused_photos": [*proofing.refused_photos, *seen],
        }
    if findings.outcome == _Outcome.SELFIE_UNUSABLE:
        tries = proofing.selfie_tries + 1
        return Event.SELFIE_UNUSABLE, {"retake_code": code, "selfie_tries": tries, "paused_until": _pause(tries, at)}
    if findings.outcome in {_Outcome.VERIFIED, _Outcome.REVIEW}:
        found = {
            "document_sealed": proofing.seal(json.dumps(findings.document).encode(), purpose="document"),
            "portrait_sealed": proofing.seal(findings.portrait, purpose="portrait"),
        }
        if findings.outcome == _Outcome.VERIFIED:
            return Event.IDENTITY_VERIFIED, {"verdict": "verified", **found}
        # A person needs longer than a machine: whoever hands in photos at the last moment is not cut off by that.
        return Event.REVIEW_NEEDED, {"expires_at": max(proofing.expires_at, at + policy.REVIEW_LIFETIME), **found}
    return Event.IDENTITY_DECLINED, {"verdict": "declined", "reason_code": code}


def _pause(tries: int, at: datetime) -> datetime | None:
    return at + policy.PAUSE if tries == policy.TRIES_BEFORE_PAUSE else None


# The same photos may do after another choice, or when we are well again.
_NOT_THE_PHOTOS_FAULT = frozenset({"other_country", "wrong_kind", "reader_unavailable"})


def _delete_photos(proofing: ProofingSession, outcome: str) -> None:
    """What is still needed for the next round stays; everything else goes with the decision."""
    gone = {_Outcome.DOCUMENT_UNUSABLE: ["document"], _Outcome.SELFIE_UNUSABLE: ["selfie"], _Outcome.REVIEW: []}
    proofing.photos.filter(purpose__in=gone.get(_Outcome(outcome), ["document", "selfie"])).delete()


def _document_fields(reading: Any) -> dict[str, str]:
    fields = reading.fields
    return {
        "given_names": fields.given_names,
        "surname": fields.surname,
        "date_of_birth": fields.date_of_birth.isoformat(),
        "sex": fields.sex,
        "document_number": fields.document_number,
        "expiry_date": fields.expiry_date.isoformat(),
        "issuing_country": fields.issuing_country,
        "nationality": fields.nationality,
    }
