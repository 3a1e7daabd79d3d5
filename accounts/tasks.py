"""Work for the worker."""

from datetime import datetime

from celery import shared_task

from accounts import notices
from accounts.audit.sealing import seal_pending
from accounts.models import SentNotice, User
from accounts.passkeys.models import PasskeyChallenge
from recovery_portal.kit import clock


@shared_task(
    name="accounts.tasks.send_notice",
    autoretry_for=(OSError,),
    retry_backoff=5,
    max_retries=8,
    soft_time_limit=50,
    time_limit=60,
)
def send_notice(*, user_id: str, notice: str, address_index: int, at: str, context: dict[str, str]) -> None:
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        notices.deliver(
            user=user, notice=notice, address_index=address_index, at=datetime.fromisoformat(at), context=context
        )


@shared_task(name="accounts.tasks.sweep", soft_time_limit=50, time_limit=60)
def sweep() -> None:
    """Forget questions that nobody can answer any more, and letters of long ago; link audit rows whose process died
    before it could."""
    at = clock.now()
    PasskeyChallenge.objects.expired(at=at).delete()
    SentNotice.objects.outdated(at=at).delete()
    seal_pending()
