"""Answers and decisions whose signal found nobody at home, because a process died in between."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from idv.verifier.machine import RequestStatus
from recovery_portal.kit.errors import DomainError

from ..machine import State
from ..models import AttemptRequest, RecoveryAttempt
from .checking import conclude
from .presenting import hear_answer


def settle_lost(*, at: datetime) -> int:
    """Take up what was missed; returns how many attempts moved. Idempotent."""
    answered = AttemptRequest.objects.select_related("request").filter(
        attempt__state=State.AWAITING_PRESENTATION, request__status__in=[RequestStatus.ANSWERED, RequestStatus.REFUSED]
    )
    checked = RecoveryAttempt.objects.select_related("face_check").filter(
        state=State.CHECKING_FACE, face_check__status__in=["unusable", "passed", "failed"]
    )
    missed: list[Callable[[], None]] = [partial(hear_answer, request=asked.request, at=at) for asked in answered]
    missed += [partial(conclude, face_check=a.face_check, at=at) for a in checked if a.face_check is not None]
    return sum(_settle(one) for one in missed)


def _settle(one: Callable[[], None]) -> bool:
    try:
        one()
    except DomainError:  # the attempt moved while we looked
        return False
    return True
