"""Writing down what happened."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from django.db import transaction

from accounts.audit.models import AuditEvent
from accounts.audit.sealing import seal_pending

if TYPE_CHECKING:
    from accounts.models import User

REASON_MAX_LENGTH = AuditEvent._meta.get_field("reason").max_length or 0


def record(
    *,
    activity: str,
    at: datetime,
    result: Literal["success", "failure"] = "success",
    target: "User | None" = None,
    initiated_by: "User | None" = None,
    application: str = "",
    reason: str = "",
    details: Mapping[str, str] | None = None,
    correlation_id: str = "",
    service: str = "Account Recovery",
    category: str = "UserManagement",
) -> AuditEvent:
    """Append one event, in the caller's transaction: what is rolled back has not happened and is not audited.

    `application` names the program that did it where no person stands behind it.
    """
    event = AuditEvent.objects.create(
        activity=activity,
        at=at,
        result=result,
        reason=reason[:REASON_MAX_LENGTH],
        target=target,
        target_name=target.user_principal_name if target else "",
        initiated_by=initiated_by,
        initiated_by_name=initiated_by.user_principal_name if initiated_by else application,
        details=dict(details or {}),
        correlation_id=correlation_id,
        service=service,
        category=category,
    )
    # After the commit: under its own short lock, so that no two flows wait for each other's whole transactions.
    transaction.on_commit(seal_pending, robust=True)
    return event
