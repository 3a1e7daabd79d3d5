"""What a person does on the way to a decision: join with a phone, say who they are, photograph, cancel."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from idv.face import liveness
from recovery_portal.kit import chance, queue
from recovery_portal.kit.images import AcceptedImage
from recovery_portal.kit.tokens import digest, new_token

from .. import policy
from ..document import SIDES
from ..errors import HandOffRefused, PhotosSeenBefore, ProofingOver, StepPaused
from ..machine import TABLE, Event, State
from ..models import HandOff, Photo, ProofingConsent, ProofingSession


@dataclass(frozen=True)
class Applicant:
    """What the person typed: a name to be spoken to by and an address. Never used as proof, never on a credential."""

    name: str
    email: str


def get_proofing(proofing_id: uuid.UUID, *, at: datetime) -> ProofingSession:
    """The proofing as it stands at ``at``; one that has outlived itself is ended here.

    Raises ProofingSession.DoesNotExist.
    """
    proofing = ProofingSession.objects.select_related("relying_party").get(pk=proofing_id)
    if at >= proofing.expires_at and State(proofing.state) in TABLE.active:
        end(proofing=proofing, event=Event.LIFETIME_ENDED, at=at)
    return proofing


def make_hand_off(*, proofing: ProofingSession, at: datetime) -> tuple[str, datetime]:
    """A fresh link secret for the QR code and when it stops working. Earlier ones stay good until their own time."""
    token = new_token()
    expires_at = min(at + policy.HAND_OFF_LIFETIME, proofing.expires_at)
    proofing.hand_offs.create(token_digest=digest(token), expires_at=expires_at)
    return token, expires_at


def get_hand_off(token: str, *, at: datetime) -> HandOff:
    """The hand-off that ``token`` opens, not yet used up. Raises HandOffRefused."""
    hand_off = (
        HandOff.objects.select_related("proofing__relying_party")
        .filter(token_digest=digest(token), used_at__isnull=True, expires_at__gt=at)
        .first()
    )
    if hand_off is None or hand_off.proofing.state != State.STARTED:
        raise HandOffRefused("unknown, used or out of date")
    return hand_off


@transaction.atomic
def join_by_hand_off(*, token: str, at: datetime) -> ProofingSession:
    """Let the device that scanned the code take part. Only the first one can. Raises HandOffRefused."""
    taken = HandOff.objects.filter(token_digest=digest(token), used_at__isnull=True, expires_at__gt=at).update(
        used_at=at
    )
    if not taken:
        raise HandOffRefused("unknown, used or out of date")
    proofing = get_proofing(HandOff.objects.get(token_digest=digest(token)).proofing_id, at=at)
    if (State(proofing.state), Event.DEVICE_JOINED) not in TABLE.transitions:
        raise HandOffRefused("another device has joined, or the proofing is over")
    proofing.apply(Event.DEVICE_JOINED, at=at, reason="phone")
    return proofing


def continue_here(*, proofing: ProofingSession, at: datetime) -> None:
    """Go on in the browser that the portal sent; codes already shown to a phone stop working."""
    with transaction.atomic():
        proofing.apply(Event.DEVICE_JOINED, at=at, reason="same_device")
        proofing.hand_offs.filter(used_at__isnull=True).update(used_at=at)


def give_details(*, proofing: ProofingSession, applicant: Applicant, at: datetime) -> None:
    """Take name and address, and record both consents with the texts that were shown (GDPR 9(2)(a): separately)."""
    sealed = proofing.seal(json.dumps({"name": applicant.name, "email": applicant.email}).encode(), purpose="applicant")
    with transaction.atomic():
        proofing.apply(Event.DETAILS_GIVEN, at=at, applicant_sealed=sealed)
        for kind, version in (
            (ProofingConsent.Kind.TERMS, policy.TERMS_VERSION),
            (ProofingConsent.Kind.BIOMETRICS, policy.BIOMETRIC_CONSENT_VERSION),
        ):
            proofing.consents.create(kind=kind, text_version=version, given_at=at)


def refuse_biometrics(*, proofing: ProofingSession, at: datetime) -> None:
    """End the proofing because the person does not want their face compared. Nothing was captured."""
    with transaction.atomic():
        proofing.apply(
            Event.CONSENT_REFUSED, at=at, reason="consent_refused", verdict="declined", reason_code="consent_refused"
        )


def choose_document(*, proofing: ProofingSession, country: str, kind: str, at: datetime) -> None:
    with transaction.atomic():
        proofing.apply(Event.DOCUMENT_CHOSEN, at=at, country=country, document_kind=kind, retake_code="")
        proofing.photos.all().delete()


def want_another_document(*, proofing: ProofingSession, at: datetime) -> None:
    with transaction.atomic():
        proofing.apply(Event.ANOTHER_DOCUMENT_WANTED, at=at, document_kind="", retake_code="")
        proofing.photos.all().delete()


def read_document_tips(*, proofing: ProofingSession, at: datetime) -> None:
    proofing.apply(Event.DOCUMENT_TIPS_READ, at=at)


def require_no_pause(proofing: ProofingSession, *, at: datetime) -> None:
    """Raises StepPaused while there is one."""
    if proofing.paused_until is not None and at < proofing.paused_until:
        raise StepPaused(proofing.paused_until)


def sides_of(proofing: ProofingSession) -> tuple[str, ...]:
    """Which sides of the chosen document are photographed, in order."""
    sides: tuple[str, ...] = tuple(SIDES[proofing.document_kind])
    return sides


def submit_document(*, proofing: ProofingSession, images: Mapping[str, AcceptedImage], at: datetime) -> None:
    """Seal the document's photos; after a retake the checks begin again with the selfie that is already there.

    Raises StepPaused, and PhotosSeenBefore for photos that were no use before: nothing has changed about them.
    """
    require_no_pause(proofing, at=at)
    if proofing.fingerprint({side: image.jpeg for side, image in images.items()}) in proofing.refused_photos:
        raise PhotosSeenBefore
    with transaction.atomic():
        follows = TABLE.next_state(State(proofing.state), Event.DOCUMENT_SUBMITTED)
        asks = _ask_for_decision(proofing, at) if follows is State.CHECKING else {}
        proofing.apply(Event.DOCUMENT_SUBMITTED, at=at, retake_code="", **asks)
        _keep_photos(proofing, "document", images, at)
        if asks:
            enqueue_decision(proofing)


def read_selfie_tips(*, proofing: ProofingSession, at: datetime) -> None:
    """Go to the camera with a fresh challenge: random, from here, for a few minutes. Raises StepPaused."""
    require_no_pause(proofing, at=at)
    proofing.apply(Event.SELFIE_TIPS_READ, at=at, **_fresh_challenge(at, liveness.movement_of(proofing.challenge)))


def renew_challenge(*, proofing: ProofingSession, at: datetime, movement: liveness.Movement | None = None) -> None:
    """Another challenge for a person who was slow, or who wants the camera moved; the old one no longer counts.

    ``movement`` None keeps to what moved in the old one.
    """
    if movement is liveness.Movement.CAMERA and not settings.PROVIDER_STILL_HEAD_ALLOWED:
        movement = None
    fresh = _fresh_challenge(at, movement or liveness.movement_of(proofing.challenge))
    if ProofingSession.objects.filter(pk=proofing.pk, state=State.SELFIE).update(**fresh):
        proofing.refresh_from_db(fields=list(fresh))


def challenge_is_live(proofing: ProofingSession, *, at: datetime) -> bool:
    return proofing.challenge_expires_at is not None and at < proofing.challenge_expires_at


def submit_selfie(*, proofing: ProofingSession, frames: Mapping[str, AcceptedImage], at: datetime) -> None:
    """Seal the frames, burn the challenge and ask for the decision."""
    with transaction.atomic():
        asks = _ask_for_decision(proofing, at)
        proofing.apply(Event.SELFIE_SUBMITTED, at=at, challenge_expires_at=None, retake_code="", **asks)
        _keep_photos(proofing, "selfie", frames, at)
        enqueue_decision(proofing)


def cancel(*, proofing: ProofingSession, at: datetime) -> None:
    """The person stops. Raises ProofingOver when there is nothing left to stop."""
    if State(proofing.state) not in TABLE.active:
        raise ProofingOver("cancelled after the end")
    end(proofing=proofing, event=Event.CANCELLED, at=at)


def end(*, proofing: ProofingSession, event: Event, at: datetime) -> None:
    """Apply an event after which nobody needs the person's data here, and erase it in the same transaction."""
    with transaction.atomic():
        proofing.apply(
            event,
            at=at,
            personal_key=b"",
            applicant_sealed=None,
            document_sealed=None,
            portrait_sealed=None,
            refused_photos=[],
        )
        proofing.photos.all().delete()
        if event is Event.CANCELLED:
            proofing.consents.update(withdrawn_at=at)
        proofing.offers.filter(redeemed_at__isnull=True, superseded_at__isnull=True).update(superseded_at=at)
        proofing.offers.update(secrets_sealed=None, claims_sealed=None)
        proofing.hand_offs.filter(used_at__isnull=True).update(used_at=at)


def enqueue_decision(proofing: ProofingSession) -> None:
    queue.enqueue("idv.provider.tasks.decide", proofing_id=str(proofing.pk), round=proofing.round)


def _ask_for_decision(proofing: ProofingSession, at: datetime) -> dict[str, Any]:
    return {"round": proofing.round + 1, "progress": 0, "enqueued_at": at, "lease_until": None}


def _fresh_challenge(at: datetime, movement: liveness.Movement) -> dict[str, Any]:
    return {
        "challenge": liveness.new_challenge(chance.lot(), movement),
        "challenge_nonce": new_token(),
        "challenge_expires_at": at + policy.CHALLENGE_LIFETIMES[movement],
    }


def _keep_photos(proofing: ProofingSession, purpose: str, images: Mapping[str, AcceptedImage], at: datetime) -> None:
    proofing.photos.filter(purpose=purpose).delete()
    Photo.objects.bulk_create(
        Photo(
            proofing=proofing,
            purpose=purpose,
            key=key,
            sealed=proofing.seal(image.jpeg, purpose=f"photo-{key}"),
            taken_at=at,
        )
        for key, image in images.items()
    )
