"""Doors for workers: ids in, one flow called."""

from celery import shared_task

from recovery_portal.kit import clock

from . import flows, policy


@shared_task(
    name="idv.verifier.tasks.check_face",
    soft_time_limit=policy.TASK_SOFT_LIMIT_S,
    time_limit=policy.TASK_HARD_LIMIT_S,
)
def check_face(*, face_check_id: str) -> None:
    """Measure and decide one Face Check; a lost worker's check is handed out again by the sweeper."""
    flows.check_face(face_check_id=face_check_id, at=clock.now())


@shared_task(name="idv.verifier.tasks.sweep", soft_time_limit=30, time_limit=40)
def sweep() -> None:
    """Expire what is due, resume what was abandoned, erase what is past its time."""
    flows.purge(at=clock.now())
