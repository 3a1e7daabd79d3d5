"""The face was the holder's: does the credential belong to the account? Names, attributes, and the organisation's own
word where the profile asks for it."""

import math
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from idv.verifier import flows as verifier
from idv.verifier.claims import CollectedPresentation
from idv.verifier.errors import NotCollectable
from recovery_portal.kit import queue

from .. import pairing, queries
from ..bindings import Binding, broken
from ..claim_validation import ExtensionError
from ..machine import Event, State
from ..matching import Confidence, Match, Name, match
from ..models import ExtensionCall, RecoveryAttempt, Terms
from ..name_rules import Rule
from . import closing
from .validating import Question, ask_extension

VALIDATE = "recovery_portal.recovery.tasks.validate_claims"
CONCLUDE = "recovery_portal.recovery.tasks.conclude_claims"
_INTERNAL = frozenset({"proofingReference"})


def decide(attempt: RecoveryAttempt, *, at: datetime) -> None:
    """Match at once; where an extension is to be asked, a worker does it, as that takes seconds and a transaction must
    not wait for somebody else's server."""
    if attempt.terms.extension_id:
        queue.enqueue(VALIDATE, attempt_id=str(attempt.pk))
    else:
        _conclude(attempt, _compare(attempt, at)[0], at)


def validate_claims(*, attempt_id: str, at: datetime) -> None:
    """Match with the extension's word, and keep the verdict until its time. Idempotent: an attempt that has moved on,
    or whose verdict is there, is left alone.

    Only whose names match is asked about, so that nobody else's claims leave the house; who waits must not be able to
    tell by that (SP 800-63A-4 3.1.2.1, ASVS 6.3.8). Every verdict therefore has the same time to come in.
    """
    attempt = _waiting(attempt_id).filter(verdict_due_at=None).first()
    if attempt is None:
        return
    began = time.monotonic()
    found, collected = _compare(attempt, at)
    if found.matched and collected is not None:
        found = _with_extension(attempt, found, collected, at)
    taken = time.monotonic() - began
    due = verdict_after(taken, every=settings.RECOVERY_VERDICT_S)
    kept = {"matched": found.matched, "reason": found.reason, "detail": found.detail}
    untold = RecoveryAttempt.objects.filter(pk=attempt.pk, state=State.FACE_CHECKED, verdict_due_at=None)
    if untold.update(verdict_json=kept, verdict_due_at=at + timedelta(seconds=due)):
        queue.enqueue(CONCLUDE, after_s=max(0, due - taken), attempt_id=str(attempt.pk))


def verdict_after(taken_s: float, *, every: float) -> float:
    """Seconds from the beginning until a verdict is told: the first stroke of a clock that strikes ``every`` so many,
    however soon it was known; the next one for an extension that outlasted even its time limits. 0 tells at once."""
    return every * max(1, math.ceil(taken_s / every)) if every else 0.0


def conclude_claims(*, attempt_id: str, at: datetime) -> None:
    """Tell a verdict whose time has come. Idempotent. Raises AttemptMoved."""
    attempt = _waiting(attempt_id).filter(verdict_due_at__lte=at).first()
    if attempt is not None:
        with transaction.atomic():
            _conclude(attempt, Match(**attempt.verdict_json), at)


def _waiting(attempt_id: str) -> QuerySet[RecoveryAttempt]:
    found = RecoveryAttempt.objects.select_related("user", "face_check__request")
    return found.filter(pk=attempt_id, state=State.FACE_CHECKED)


def _with_extension(attempt: RecoveryAttempt, found: Match, collected: CollectedPresentation, at: datetime) -> Match:
    assert attempt.user is not None  # somebody's names have matched
    starter = attempt.starter
    wanted = {"firstName", "lastName", *attempt.terms.extension_claims}
    question = Question(
        user=attempt.user,
        claims={name: value for name, value in collected.claims.items() if name in wanted - _INTERNAL},
        correlation_id=attempt.correlation_id,
        client_ip=starter.address if starter else "",
        attempt=attempt,
    )
    call = ask_extension(extension_id=attempt.terms.extension_id, question=question, at=at)
    detail = {**found.detail, "extension": call.extension_name, "claimValidation": call.outcome}
    if call.error_code is not None:
        detail["extensionError"] = ExtensionError(call.error_code).title
        return Match(False, "extension_error", detail)
    if call.outcome == ExtensionCall.Outcome.PASSED:
        return Match(True, "", detail)
    detail["failedClaims"] = " ".join(call.failed_claims)
    return Match(False, "claims_refused", detail)


def _conclude(attempt: RecoveryAttempt, found: Match, at: datetime) -> None:
    terms = attempt.terms
    facts: dict[str, Any] = {"match_detail": found.detail}
    told = {**found.detail, "matchConfidence": terms.match_confidence}
    if terms.is_evaluation:
        event = Event.EVALUATION_MATCHED if found.matched else Event.EVALUATION_MISMATCHED
        facts["would_have"] = "pass_issued" if found.matched else found.reason
        closing.end(attempt, event, at=at, reason=found.reason, details=told, **facts)
    elif not found.matched:
        closing.end(attempt, Event.IDENTITY_MISMATCHED, at=at, reason=found.reason, details=told, **facts)
    elif attempt.reveal_device_id == attempt.face_device_id:
        closing.end(attempt, Event.IDENTITY_MATCHED, at=at, details=told, **facts)
    else:
        number, choices = pairing.draw()
        closing.end(
            attempt,
            Event.IDENTITY_MATCHED_NUMBER_DUE,
            at=at,
            details=told,
            pairing_number=number,
            pairing_choices=choices,
            **facts,
        )


def _compare(attempt: RecoveryAttempt, at: datetime) -> tuple[Match, CollectedPresentation | None]:
    terms = attempt.terms
    none = {"confidence": terms.match_confidence}
    assert attempt.face_check is not None  # it has just passed
    try:
        collected = verifier.read_claims(request=attempt.face_check.request, at=at)
    except NotCollectable as gone:
        return Match(False, gone.code, none), None
    if attempt.user_id is None:
        return Match(False, "unknown_account", none), None
    user = User.objects.get(pk=attempt.user_id)
    if not user.account_enabled:
        return Match(False, "account_disabled", none), None
    return compare(terms, collected, user), collected


def compare(terms: Terms, collected: CollectedPresentation, user: User) -> Match:
    """Names, then the attributes that must agree, then homonyms among those whose attributes agree as well. With an
    extension homonyms are its to tell apart (facts 1.5)."""
    bindings = [Binding(name) for name in terms.bindings]
    confidence, rules = Confidence(terms.match_confidence), frozenset(Rule(name) for name in terms.match_rules)
    presented, directory = Name(collected.first_name, collected.last_name), Name(user.given_name, user.surname)
    others = () if terms.extension_id else queries.names_of_others(user, bindings=bindings, claims=collected.claims)
    found = match(presented, directory, others=others, confidence=confidence, rules=rules)
    if not bindings or found.reason in {"name_blank", "name_mismatch"}:
        return found
    wrong = broken(bindings, collected.claims, queries.known_of(user))
    agreed = {binding.value: "different" if binding in wrong else "equal" for binding in bindings}
    detail = {**found.detail, **agreed}
    return Match(False, "attribute_mismatch", detail) if wrong else Match(found.matched, found.reason, detail)
