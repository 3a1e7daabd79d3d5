"""Work for the beat; each task calls one flow and may run twice."""

import contextlib

from celery import shared_task

from recovery_portal.kit import clock
from recovery_portal.kit.machine import IllegalTransition

from . import flows
from .errors import AttemptMoved


@shared_task(name="recovery_portal.recovery.tasks.expire_due", soft_time_limit=50, time_limit=60)
def expire_due() -> None:
    """End what nobody went on with."""
    flows.expire_due(at=clock.now())


@shared_task(name="recovery_portal.recovery.tasks.settle_lost", soft_time_limit=50, time_limit=60)
def settle_lost() -> None:
    """Take up answers whose signal was lost with its process."""
    flows.settle_lost(at=clock.now())


@shared_task(name="recovery_portal.recovery.tasks.validate_claims", soft_time_limit=25, time_limit=30)
def validate_claims(*, attempt_id: str) -> None:
    """Ask an extension about one attempt's claims."""
    with contextlib.suppress(AttemptMoved, IllegalTransition):  # it ended meanwhile, or another worker was sooner
        flows.validate_claims(attempt_id=attempt_id, at=clock.now())


@shared_task(name="recovery_portal.recovery.tasks.conclude_claims", soft_time_limit=25, time_limit=30)
def conclude_claims(*, attempt_id: str) -> None:
    """Tell the verdict on one attempt's claims, whose time has come."""
    with contextlib.suppress(AttemptMoved, IllegalTransition):
        flows.conclude_claims(attempt_id=attempt_id, at=clock.now())


@shared_task(name="recovery_portal.recovery.tasks.tell_owner", soft_time_limit=50, time_limit=60)
def tell_owner(*, attempt_id: str) -> None:
    """Write to the owner that a recovery was started."""
    flows.tell_owner(attempt_id=attempt_id, at=clock.now())
