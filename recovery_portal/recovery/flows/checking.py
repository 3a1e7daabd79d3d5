"""The Face Check on the device that presented, and what its decision leads to."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from idv.face.liveness import Movement
from idv.verifier import flows as verifier
from idv.verifier.errors import FaceCheckRefused
from idv.verifier.machine import FaceCheckStatus
from idv.verifier.models import FaceCheck
from recovery_portal.kit import tokens

from ..machine import Event, State
from ..models import AttemptRequest, RecoveryAttempt
from . import closing
from .deciding import decide


def running_face_check(*, attempt: RecoveryAttempt, at: datetime, movement: Movement | None = None) -> FaceCheck | None:
    """The challenge to show, drawn anew when the last one is over, or when something else than asked for moves in it.
    None when the tries are used up: the attempt has then ended."""
    if movement is Movement.CAMERA and not attempt.terms.still_head_allowed:
        movement = None
    asked = AttemptRequest.objects.select_related("request").get(attempt=attempt, request__collected_at__isnull=False)
    try:
        return verifier.begin_face_check(
            request=asked.request, threshold=attempt.terms.face_check_threshold, at=at, movement=movement
        )
    except FaceCheckRefused as refused:
        closing.end(attempt, Event.FACE_CHECK_FAILED, at=at, reason=refused.code)
        return None


def submit_frames(*, attempt: RecoveryAttempt, challenge: str, frames: Mapping[str, bytes], at: datetime) -> None:
    """Hand the photos of the running challenge to the worker. ``challenge`` is the nonce that came with the page (the
    check's id): photos that were taken for an earlier one do not count.

    Raises ImageRefused and FaceCheckRefused; then nothing happened and the person takes the photos again.
    """
    face_check = running_face_check(attempt=attempt, at=at)
    if face_check is None:
        return
    if not tokens.same(challenge, str(face_check.pk)):
        raise FaceCheckRefused("challenge_expired", "taken for another challenge")
    with transaction.atomic():
        # The worker may be quicker than this transaction only where it is this process: state first.
        attempt.apply(Event.FRAMES_SUBMITTED, at=at, face_check=face_check)
        verifier.submit_frames(face_check=face_check, frames=frames, at=at)


def conclude(*, face_check: FaceCheck, at: datetime) -> None:
    """The Face Check is decided: ask for better photos, allow another try, end the attempt, or find out whose it is.

    Idempotent, and silent where the attempt has moved on without this check.
    """
    attempt = (
        RecoveryAttempt.objects.select_related("user")
        .filter(face_check=face_check, state=State.CHECKING_FACE)
        .first()
    )  # fmt: skip
    if attempt is None:
        return
    figures = {"threshold": str(face_check.threshold)}
    if face_check.score is not None:
        figures["score"] = f"{face_check.score:.1f}"
    with transaction.atomic():
        match face_check.status:
            case FaceCheckStatus.UNUSABLE:
                attempt.apply(Event.FRAMES_UNUSABLE, at=at, reason=face_check.reason_code)
            case FaceCheckStatus.FAILED if verifier.tries_left(request=face_check.request):
                attempt.apply(Event.FACE_CHECK_TRY_FAILED, at=at, reason=face_check.reason_code, details=figures)
            case FaceCheckStatus.FAILED:
                closing.end(attempt, Event.FACE_CHECK_FAILED, at=at, reason=face_check.reason_code, details=figures)
            case FaceCheckStatus.PASSED:
                attempt.apply(Event.FACE_CHECK_PASSED, at=at, details=figures)
                decide(attempt, at=at)
