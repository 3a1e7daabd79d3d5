"""What happens in the shell and belongs in the audit, for a room that keeps one."""

from django.dispatch import Signal

# kwargs: activity: str, at: datetime, initiated_by: User | None, details: dict[str, str]
registrations_changed = Signal()
