"""The end of an attempt, whatever it is: nothing of the person's document or face stays behind it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from idv.verifier import flows as verifier
from idv.verifier.models import PresentationRequest

from ..machine import Event
from ..models import RecoveryAttempt


def end(
    attempt: RecoveryAttempt,
    event: Event,
    *,
    at: datetime,
    reason: str = "",
    details: Mapping[str, str] | None = None,
    initiated_by: User | None = None,
    **facts: Any,
) -> None:
    """Apply an event after which no claim and no photo is needed, and erase them in the same transaction."""
    with transaction.atomic():
        untold: dict[str, Any] = {"verdict_json": {}}
        attempt.apply(event, at=at, reason=reason, details=details, initiated_by=initiated_by, **untold, **facts)
        forget_requests(attempt, at=at)


def forget_requests(attempt: RecoveryAttempt, *, at: datetime, apart_from: PresentationRequest | None = None) -> None:
    for asked in attempt.requests.select_related("request"):
        if apart_from is None or asked.request_id != apart_from.pk:
            verifier.forget(request=asked.request, at=at)
