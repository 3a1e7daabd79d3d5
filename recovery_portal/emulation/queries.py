"""What testers read of the portal's records."""

from django.db.models import QuerySet

from recovery_portal.kit import tokens
from recovery_portal.recovery.models import RecoveryAttempt
from recovery_portal.testing import shapes

from .journal.reading import LINK_LENGTH


def attempts(account_name: str | None, *, newest: int) -> list[shapes.Attempt]:
    """The newest first."""
    rows = _rows() if account_name is None else _rows().filter(account_name=account_name)
    return [_attempt(row) for row in rows.order_by("-started_at", "-pk")[:newest]]


def find_attempt(attempt_id: str) -> shapes.Attempt | None:
    row = _rows().filter(pk=attempt_id).first()
    return _attempt(row) if row else None


def _rows() -> QuerySet[RecoveryAttempt]:
    return RecoveryAttempt.objects.select_related("face_check").prefetch_related(
        "events", "devices", "requests__request__face_checks"
    )


def _attempt(row: RecoveryAttempt) -> shapes.Attempt:
    terms = row.terms
    return shapes.Attempt(
        id=str(row.pk),
        user_principal_name=row.account_name,
        state=row.state,
        reason=row.reason_code,
        mode=terms.mode,
        profile=terms.profile_name,
        started_at=row.started_at.isoformat(),
        ended_at=row.ended_at.isoformat() if row.ended_at else None,
        score=row.face_check.score if row.face_check else None,
        match_detail=row.match_detail,
        would_have=row.would_have,
        correlation_id=row.correlation_id,
        events=[
            shapes.AttemptEvent(event.event, event.source, event.target, event.at.isoformat(), event.reason)
            for event in row.events.all()
        ],
        terms={
            "mode": terms.mode,
            "match_confidence": terms.match_confidence,
            "face_check_threshold": terms.face_check_threshold,
            "reveal": terms.pass_reveal,
            "old_methods": terms.old_methods,
            "still_head_allowed": terms.still_head_allowed,
        },
        devices=[device.role for device in row.devices.all()],
        face_checks=[
            shapes.FaceTry(check.status, check.reason_code, check.score)
            for asked in row.requests.all()
            for check in sorted(asked.request.face_checks.all(), key=lambda one: one.number)
        ],
    )


def links_of(attempt_id: str) -> list[str] | None:
    """Beginnings of the digests of every value that only this attempt has; None for an attempt that is not there."""
    row = RecoveryAttempt.objects.select_related("proofing").filter(pk=attempt_id).first()
    if row is None:
        return None
    digests = [tokens.digest(row.correlation_id), *row.devices.values_list("secret_digest", flat=True)]
    digests += row.hand_offs.values_list("token_digest", flat=True)
    digests += row.requests.values_list("request__reference_digest", flat=True)
    if row.proofing is not None:
        digests.append(row.proofing.state_digest)
    return sorted({digest[:LINK_LENGTH] for digest in digests})


def proofing_reference_of(attempt_id: str) -> str:
    """The reference by which the provider knows the attempt's proofing; "" before its result has come."""
    row = RecoveryAttempt.objects.select_related("proofing").filter(pk=attempt_id).first()
    return row.proofing.proofing_reference if row and row.proofing else ""
