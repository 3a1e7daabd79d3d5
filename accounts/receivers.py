"""What the API's shell announces and the audit keeps."""

from datetime import datetime

from django.dispatch import receiver

from accounts.audit import flows as audit
from accounts.models import User
from recovery_portal.api.signals import registrations_changed


@receiver(registrations_changed, dispatch_uid="accounts.registrations_changed")
def on_registration_change(
    activity: str, at: datetime, initiated_by: User | None, details: dict[str, str], **_: object
) -> None:
    audit.record(
        activity=activity,
        at=at,
        initiated_by=initiated_by,
        service="Core Directory",
        category="ApplicationManagement",
        details=details,
    )
