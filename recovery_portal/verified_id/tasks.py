"""Doors for workers: ids in, one flow called."""

from celery import shared_task

from recovery_portal.kit import clock

from . import flows


@shared_task(name="recovery_portal.verified_id.tasks.deliver", soft_time_limit=25, time_limit=30)
def deliver(*, callback_id: int) -> None:
    """Make one call to a program; a lost or failed one is handed out again by the sweep."""
    flows.deliver(callback_id=callback_id, at=clock.now())


@shared_task(name="recovery_portal.verified_id.tasks.sweep", soft_time_limit=25, time_limit=30)
def sweep() -> None:
    """Hand out calls that are due, end requests whose time is over, erase what is past its purpose."""
    flows.sweep(at=clock.now())
