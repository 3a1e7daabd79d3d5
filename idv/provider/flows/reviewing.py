"""A person decides a border case: sees the photos as long as they are there, and says yes or no with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from ..errors import ProofingMoved
from ..machine import Event, State
from ..models import ProofingReview, ProofingSession


@dataclass(frozen=True)
class BorderCase:
    """What there is to look at. ``photos`` by their key, the document's first; ``document`` is what was read."""

    document: Mapping[str, str]
    photos: Mapping[str, bytes]


def look(*, proofing: ProofingSession, by: str, at: datetime) -> BorderCase:
    """Open the photos for an operator; that they looked is on record. Raises ProofingMoved when there is nothing left.

    One row at a time and in one transaction: what the person cancels meanwhile is not opened any more.
    """
    with transaction.atomic():
        _claim(proofing, at)
        photos = {
            photo.key: proofing.open(photo.sealed, purpose=f"photo-{photo.key}")
            for photo in proofing.photos.order_by("purpose", "id")
        }
        proofing.events.create(
            event="reviewOpened", source=proofing.state, target=proofing.state, at=at, reason=by[:50]
        )
        return BorderCase(proofing.document(), photos)


def conclude(*, proofing: ProofingSession, accepted: bool, reason: str, by: str, at: datetime) -> None:
    """Decide. The photos go in the same transaction. Raises ProofingMoved, also when somebody else has decided."""
    with transaction.atomic():
        _claim(proofing, at)
        if accepted:
            proofing.apply(Event.REVIEW_ACCEPTED, at=at, reason="review_accepted", verdict="verified")
        else:
            proofing.apply(
                Event.REVIEW_DECLINED,
                at=at,
                reason="review_declined",
                verdict="declined",
                reason_code="review_declined",
                document_sealed=None,
                portrait_sealed=None,
            )
        ProofingReview.objects.create(proofing=proofing, accepted=accepted, reason=reason, by=by, at=at)
        proofing.photos.all().delete()


def _claim(proofing: ProofingSession, at: datetime) -> None:
    """Hold the row while it waits for review; the UPDATE is the lock. Raises ProofingMoved."""
    waiting = ProofingSession.objects.filter(pk=proofing.pk, state=State.IN_REVIEW, expires_at__gt=at)
    if not waiting.update(state=State.IN_REVIEW):
        raise ProofingMoved(f"{proofing.pk} does not wait for review")
    proofing.refresh_from_db()
