"""Work for Celery. Arguments are ids; each task calls one flow."""

import uuid

from celery import shared_task

from recovery_portal.kit import clock

from . import policy
from .flows import deciding, housekeeping


@shared_task(
    name="idv.provider.tasks.decide",
    soft_time_limit=policy.DECIDE_SOFT_LIMIT_S,
    time_limit=policy.DECIDE_HARD_LIMIT_S,
)
def decide(*, proofing_id: str, round: int) -> None:
    """Safe to deliver twice: the flow takes a lease and writes once."""
    deciding.decide(proofing_id=uuid.UUID(proofing_id), round=round, at=clock.now())


@shared_task(name="idv.provider.tasks.sweep")
def sweep() -> None:
    at = clock.now()
    housekeeping.expire_due(at=at)
    housekeeping.find_lost_work(at=at)
    housekeeping.purge(at=at)
