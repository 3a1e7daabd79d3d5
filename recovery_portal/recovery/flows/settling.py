"""Answers and decisions whose signal found nobody at home, because a process died in between."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from idv.verifier.machine import RequestStatus
from recovery_portal.kit import queue
from recovery_portal.kit.errors import DomainError

from ..machine import State
from ..models import AttemptRequest, RecoveryAttempt
from .checking import conclude
from .deciding import VALIDATE, conclude_claims
from .presenting import hear_answer

# Longer than a worker needs for an extension with both its tries.
_VALIDATION_LOST_AFTER = timedelta(seconds=30)


def settle_lost(*, at: datetime) -> int:
    """Take up what was missed; returns how many attempts moved. Idempotent. What waits for an extension is handed to a
    worker again."""
    answered = AttemptRequest.objects.select_related("request").filter(
        attempt__state=State.AWAITING_PRESENTATION, request__status__in=[RequestStatus.ANSWERED, RequestStatus.REFUSED]
    )
    checked = RecoveryAttempt.objects.select_related("face_check").filter(
        state=State.CHECKING_FACE, face_check__status__in=["unusable", "passed", "failed"]
    )
    undecided = RecoveryAttempt.objects.filter(state=State.FACE_CHECKED)
    untold = undecided.filter(verdict_due_at__lte=at)
    unvalidated = undecided.filter(verdict_due_at=None, moved_at__lte=at - _VALIDATION_LOST_AFTER)
    for attempt in unvalidated:
        queue.enqueue(VALIDATE, attempt_id=str(attempt.pk))
    missed: list[Callable[[], None]] = [partial(hear_answer, request=asked.request, at=at) for asked in answered]
    missed += [partial(conclude, face_check=a.face_check, at=at) for a in checked if a.face_check is not None]
    missed += [partial(conclude_claims, attempt_id=str(attempt.pk), at=at) for attempt in untold]
    return sum(_settle(one) for one in missed)


def _settle(one: Callable[[], None]) -> bool:
    try:
        one()
    except DomainError:  # the attempt moved while we looked
        return False
    return True
