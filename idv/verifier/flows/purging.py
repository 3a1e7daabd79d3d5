"""What must not stay: claims, photos and keys end with their purpose; records end after their retention."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q

from recovery_portal.kit.machine import IllegalTransition

from .. import policy
from ..machine import FaceCheckEvent, FaceCheckStatus, RequestEvent, RequestStatus
from ..models import FaceCheck, PresentationRequest, ProofingRequest, SealedImage, SpentResult
from .face_check import Judgement, decide, resume_face_check

log = structlog.get_logger(__name__)


def forget(*, request: PresentationRequest, at: datetime) -> None:
    """Erase claims, portrait, keys and waiting photos of a request whose purpose has ended. Idempotent.

    What still waits is cancelled. Result rows stay, without anything biometric in them.
    """
    with transaction.atomic():
        cancel_presentation(request=request, at=at)
        for running in request.face_checks.filter(status__in=["capturing", "checking"]):
            _give_up(running, at)
        SealedImage.objects.filter(face_check__request=request).delete()
        PresentationRequest.objects.filter(pk=request.pk, forgotten_at__isnull=True).update(
            seal_key=None, secrets_sealed=None, claims_sealed=None, forgotten_at=at
        )
    request.refresh_from_db()


def cancel_presentation(*, request: PresentationRequest, at: datetime) -> None:
    """Stop waiting for a wallet. Harmless when the request is over already."""
    try:
        request.apply(RequestEvent.CANCELLED, at=at)
    except IllegalTransition:
        request.refresh_from_db()


def purge(*, at: datetime) -> None:
    """Everything periodic, each part by itself harmless to repeat: expire, resume, erase, drop old records."""
    _expire_requests(at)
    ProofingRequest.objects.filter(status=ProofingRequest.Status.SENT, expires_at__lte=at).update(
        status=ProofingRequest.Status.EXPIRED, code_verifier_sealed=None, finished_at=at
    )
    forgettable = PresentationRequest.objects.filter(
        Q(collected_at__lte=at - policy.CLAIMS_LIFETIME), forgotten_at__isnull=True
    )
    for request in forgettable:
        forget(request=request, at=at)
    SpentResult.objects.filter(expires_at__lte=at).delete()
    old = at - policy.RECORD_RETENTION
    PresentationRequest.objects.filter(created_at__lte=old, forgotten_at__isnull=False).delete()
    ProofingRequest.objects.filter(created_at__lte=old).exclude(status=ProofingRequest.Status.SENT).delete()
    for face_check in FaceCheck.objects.filter(status=FaceCheckStatus.CHECKING):
        _tend(face_check, at)
    SealedImage.objects.filter(expires_at__lte=at).delete()


def _tend(face_check: FaceCheck, at: datetime) -> None:
    """One check; whatever goes wrong with it (a listener that fails, say) must not keep the others waiting."""
    try:
        if face_check.images.filter(expires_at__lte=at).exists():
            decide(face_check=face_check, judgement=Judgement(reason_code="photos_expired"), at=at)
        else:
            resume_face_check(face_check=face_check, at=at)
    except Exception:
        log.exception("face_check_not_tended", face_check=str(face_check.pk))


def _expire_requests(at: datetime) -> None:
    due = Q(status=RequestStatus.OPEN, expires_at__lte=at) | Q(
        status=RequestStatus.ANSWERED, answered_at__lte=at - policy.COLLECTION_LIFETIME
    )
    for request in PresentationRequest.objects.filter(due):
        try:
            request.apply(RequestEvent.LIFETIME_ENDED, at=at, reason_code="expired")
        except IllegalTransition:
            continue  # answered or collected between the two statements


def _give_up(face_check: FaceCheck, at: datetime) -> None:
    event = {
        FaceCheckStatus.CAPTURING: FaceCheckEvent.CHALLENGE_EXPIRED,
        FaceCheckStatus.CHECKING: FaceCheckEvent.PHOTOS_UNUSABLE,
    }[FaceCheckStatus(face_check.status)]
    try:
        face_check.apply(event, at=at, reason_code="request_over")
    except IllegalTransition:
        face_check.refresh_from_db()
