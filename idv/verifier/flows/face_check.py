"""The live face is compared with the presented portrait. Engines measure, this flow decides."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from idv.face import liveness
from idv.face.errors import RETRY_CODES, FaceUnusable
from recovery_portal.kit import adapters, chance, images, queue, vault
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.machine import IllegalTransition

from .. import claims, policy, signals
from ..errors import FaceCheckRefused, NotCollectable
from ..machine import FaceCheckEvent, FaceCheckStatus, RequestStatus
from ..models import FaceCheck, PresentationRequest, SealedImage

CHECK_FACE = "idv.verifier.tasks.check_face"


def begin_face_check(
    *, request: PresentationRequest, threshold: int, at: datetime, movement: liveness.Movement | None = None
) -> FaceCheck:
    """The running Face Check of a collected presentation, or a new one with a challenge drawn by this server.

    ``movement`` None keeps to what moved in the last try. Raises FaceCheckRefused (not_presented, already_passed,
    too_many_tries).
    """
    running = request.face_checks.filter(status__in=["capturing", "checking"]).first()
    if running is not None and (running.status == FaceCheckStatus.CHECKING or _is_wanted(running, movement, at)):
        return running
    if running is not None:
        _expire_challenge(running, at)
    request.refresh_from_db()
    if request.status != RequestStatus.COLLECTED or request.claims_sealed is None:
        raise FaceCheckRefused("not_presented", f"request {request.pk} is {request.status}")
    made = request.face_checks.all()
    if made.filter(status=FaceCheckStatus.PASSED).exists():
        raise FaceCheckRefused("already_passed")
    unusable = made.filter(status=FaceCheckStatus.UNUSABLE).count()
    if tries_left(request=request) == 0 or unusable >= policy.UNUSABLE_TRIES:
        raise FaceCheckRefused("too_many_tries")
    last = made.order_by("-number").first()
    if movement is None:
        movement = liveness.movement_of(last.challenge) if last else liveness.Movement.HEAD
    try:
        with transaction.atomic():
            return FaceCheck.objects.create(
                request=request,
                number=(last.number if last else 0) + 1,
                challenge=liveness.new_challenge(chance.lot(), movement),
                threshold=threshold,
                created_at=at,
                expires_at=at + policy.CHALLENGE_LIFETIMES[movement],
            )
    except IntegrityError:  # two tabs: the database let one of them begin
        other = request.face_checks.filter(status__in=["capturing", "checking"]).first()
        if other is None:
            raise
        return other


def _is_wanted(running: FaceCheck, movement: liveness.Movement | None, at: datetime) -> bool:
    return running.expires_at > at and movement in {None, liveness.movement_of(running.challenge)}


def tries_left(*, request: PresentationRequest) -> int:
    """Decided tries that remain; photos that could not be used cost none."""
    return max(0, policy.DECIDED_TRIES - request.face_checks.filter(status=FaceCheckStatus.FAILED).count())


def submit_frames(*, face_check: FaceCheck, frames: Mapping[str, bytes], at: datetime) -> None:
    """Take the photos of one challenge (keyed as ``liveness.gather`` does), seal them and hand the check to a worker.

    Raises ImageRefused for a photo that is none (nothing happened: the person may take it again) and FaceCheckRefused.
    """
    if face_check.status != FaceCheckStatus.CAPTURING:
        raise FaceCheckRefused("not_capturing", face_check.status)
    if face_check.expires_at <= at:
        _expire_challenge(face_check, at)
        raise FaceCheckRefused("challenge_expired")
    if not liveness.is_complete(face_check.challenge, frames):
        raise FaceCheckRefused("frames_missing", f"{len(frames)} photos for {len(face_check.challenge)} steps")
    accepted = {pose: images.accept(data, max_side=liveness.PHOTO_SIDE) for pose, data in frames.items()}
    with transaction.atomic():
        try:
            face_check.apply(
                FaceCheckEvent.PHOTOS_SUBMITTED, at=at, submitted_at=at, enqueued_at=at, frames=len(accepted)
            )
        except IllegalTransition as lost:
            raise FaceCheckRefused("not_capturing", lost.reason) from lost
        SealedImage.objects.bulk_create(
            SealedImage(
                face_check=face_check,
                key=pose,
                sealed=face_check.request.seal(image.jpeg, purpose=_purpose(face_check, pose)),
                expires_at=at + policy.PHOTO_LIFETIME,
            )
            for pose, image in accepted.items()
        )
        queue.enqueue(CHECK_FACE, face_check_id=str(face_check.pk))


def resume_face_check(*, face_check: FaceCheck, at: datetime) -> None:
    """Hand a check out again when nobody claimed it, or when whoever did has been silent for too long."""
    with transaction.atomic():
        stale = FaceCheck.objects.filter(
            Q(claimed_at__isnull=True) | Q(claimed_at__lte=at - policy.ABANDONED_AFTER),
            pk=face_check.pk,
            status=FaceCheckStatus.CHECKING,
            enqueued_at__lte=at - policy.UNCLAIMED_AFTER,
        )
        if stale.update(enqueued_at=at):
            queue.enqueue(CHECK_FACE, face_check_id=str(face_check.pk))


def waiting_before(*, face_check: FaceCheck) -> int:
    """How many checks were handed in earlier and still wait for a worker; 0 as soon as this one is worked on."""
    if face_check.status != FaceCheckStatus.CHECKING or face_check.claimed_at is not None:
        return 0
    waiting = FaceCheck.objects.filter(status=FaceCheckStatus.CHECKING, claimed_at__isnull=True)
    return waiting.filter(submitted_at__lt=face_check.submitted_at).count()


def check_face(*, face_check_id: str, at: datetime) -> None:
    """Measure and decide one submitted check. Idempotent: whoever does not win the claim does nothing."""
    claimed = FaceCheck.objects.filter(
        Q(claimed_at__isnull=True) | Q(claimed_at__lte=at - policy.ABANDONED_AFTER),
        pk=face_check_id,
        status=FaceCheckStatus.CHECKING,
    )
    face_check = FaceCheck.objects.select_related("request").filter(pk=face_check_id).first()
    if face_check is None or not claimed.update(claimed_at=at, runs=face_check.runs + 1):
        return
    if face_check.runs >= policy.RUNS_PER_CHECK:
        decide(face_check=face_check, judgement=Judgement(reason_code="check_gave_up"), at=at)
        return
    decide(face_check=face_check, judgement=_judge(face_check, at), at=at)


@dataclass(frozen=True)
class Judgement:
    """What was measured. ``score`` is the confidence 0-100, None when nothing could be compared."""

    reason_code: str = ""
    score: float | None = None
    measured: Mapping[str, Any] | None = None


def decide(*, face_check: FaceCheck, judgement: Judgement, at: datetime) -> None:
    """Record the result, delete the photos and tell the listeners, in one transaction."""
    event, reason_code = _event(judgement, face_check.threshold)
    with transaction.atomic():
        try:
            face_check.apply(event, at=at, reason_code=reason_code, score=judgement.score, **(judgement.measured or {}))
        except IllegalTransition:
            return  # another worker was quicker; its photos are gone already
        SealedImage.objects.filter(face_check=face_check).delete()
        signals.face_check_decided.send(sender=FaceCheck, face_check=face_check, at=at)


def _event(judgement: Judgement, threshold: int) -> tuple[FaceCheckEvent, str]:
    code = judgement.reason_code
    if code in RETRY_CODES or code in _OURS_TO_REPEAT:
        return FaceCheckEvent.PHOTOS_UNUSABLE, code
    if code:
        return FaceCheckEvent.FACE_REFUSED, code
    if judgement.score is not None and judgement.score >= threshold:
        return FaceCheckEvent.FACE_MATCHED, ""
    return FaceCheckEvent.FACE_REFUSED, "below_threshold"


# Not the person's doing: they take the photos again and lose no try.
_OURS_TO_REPEAT = frozenset({"check_gave_up", "photos_expired", "engine_unavailable"})


def _judge(face_check: FaceCheck, at: datetime) -> Judgement:
    from idv.face import capture  # numbers by the million: for workers, and not for everybody who asks a wallet

    began = time.perf_counter()
    engine, live_engine = adapters.load("FACE_ENGINE"), adapters.load("LIVENESS_ENGINE")
    measured: dict[str, Any] = {
        "engine": engine.name,
        "engine_version": engine.version,
        "calibration": f"{engine.calibration.name} {engine.calibration.version}",
        "liveness_engine": f"{live_engine.name} {live_engine.version}",
    }
    score, portrait = None, b""
    try:
        photos, portrait = _open_photos(face_check, at), claims.open_portrait(face_check.request)
        found = capture.measure(
            reference=portrait,
            frames=photos,
            challenge=face_check.challenge,
            face_engine=engine,
            liveness_engine=live_engine,
        )
        reason_code, score = found.reason_code, found.confidence
        measured |= {"liveness_measures": found.measures, "portrait_quality": found.reference_quality}
    except FaceUnusable as unusable:
        reason_code = "portrait_unusable" if _portrait_is_at_fault(engine, portrait, unusable) else unusable.code
    except (vault.VaultError, NotCollectable, PhotosGone):
        reason_code = "photos_expired"
    measured["milliseconds"] = round((time.perf_counter() - began) * 1000)
    return Judgement(reason_code, score, measured)


def _portrait_is_at_fault(engine: Any, portrait: bytes, unusable: FaceUnusable) -> bool:
    """A credential whose portrait shows no face cannot be helped by new photos of the person: that is a refusal."""
    if unusable.code == "engine_unavailable":
        return False
    try:
        engine.embed(portrait)
    except FaceUnusable as at_fault:
        return at_fault.code != "engine_unavailable"
    return False


class PhotosGone(DomainError):
    """The photos of a check were deleted or are past their time."""


def _open_photos(face_check: FaceCheck, at: datetime) -> dict[str, bytes]:
    sealed = {image.key: image for image in face_check.images.filter(expires_at__gt=at)}
    if not liveness.is_complete(face_check.challenge, sealed):
        raise PhotosGone("photos_expired")
    return {
        pose: face_check.request.open(image.sealed, purpose=_purpose(face_check, pose))
        for pose, image in sealed.items()
    }


def _purpose(face_check: FaceCheck, pose: str) -> str:
    return f"photo:{face_check.pk}:{pose}"


def _expire_challenge(face_check: FaceCheck, at: datetime) -> None:
    try:
        face_check.apply(FaceCheckEvent.CHALLENGE_EXPIRED, at=at, reason_code="challenge_expired")
    except IllegalTransition:
        face_check.refresh_from_db()
