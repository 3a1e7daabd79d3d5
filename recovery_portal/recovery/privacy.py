"""What recoveries hold about people, and one recovery about one of them."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import SentNotice
from idv.verifier.models import FaceCheck, PresentationRequest, SealedImage
from recovery_portal.kit.privacy import Holding

from .models import (
    Assistance,
    AttemptDevice,
    AttemptEvent,
    AttemptReview,
    ExtensionCall,
    IdentityRecord,
    RecoveryAttempt,
    RecoveryBlock,
)


def inventory(at: datetime) -> Iterator[Holding]:
    """Records of everybody's recoveries; photos and claims are the verifier's to tell."""
    yield from _records(RecoveryAttempt.objects.all())
    yield Holding(
        _("identity records: date of birth, keyed digest of a document's number"),
        IdentityRecord.objects.count(), None, _("as long as your organisation keeps them"),
    )  # fmt: skip
    blocks, letters = RecoveryBlock.objects.all(), SentNotice.objects.all()
    kept = _("as long as your organisation keeps its audit records")
    yield Holding(
        _("blocked accounts: who, by whom, why"), blocks.count(),
        blocks.aggregate(oldest=Min("blocked_at"))["oldest"], kept,
    )  # fmt: skip
    yield Holding(
        _("letters about accounts: kind and time, neither text nor address"), letters.count(),
        letters.aggregate(oldest=Min("at"))["oldest"], _("after 90 days"),
    )  # fmt: skip


def about(attempt: RecoveryAttempt) -> Iterator[Holding]:
    """Everything that one recovery has left in this house."""
    requests = PresentationRequest.objects.filter(pk__in=attempt.requests.values("request"))
    photos = SealedImage.objects.filter(face_check__request__in=requests)
    yield Holding(
        _("photos of the Face Check"), photos.count(), None, _("as soon as they have been compared"), is_sealed=True
    )
    claims = requests.filter(claims_sealed__isnull=False)
    yield Holding(
        _("name and portrait from your Verified ID"), claims.count(), None, _("when this recovery ends"), is_sealed=True
    )
    yield Holding(
        _("results of Face Checks; no picture, no face vector"),
        FaceCheck.objects.filter(request__in=requests).count(), None, _("after 90 days"),
    )  # fmt: skip
    yield from _records(RecoveryAttempt.objects.filter(pk=attempt.pk))


def _records(attempts: QuerySet[RecoveryAttempt]) -> Iterator[Holding]:
    started = attempts.aggregate(oldest=Min("started_at"))["oldest"]
    kept = _("as long as your organisation keeps its audit records")
    yield Holding(_("recoveries: account, times, outcome"), attempts.count(), started, kept)
    yield Holding(_("steps of recoveries"), AttemptEvent.objects.filter(attempt__in=attempts).count(), started, kept)
    yield Holding(
        _("calls of extensions: outcome and names of claims, not what they said"),
        ExtensionCall.objects.filter(attempt__in=attempts).count(), started, kept,
    )  # fmt: skip
    yield Holding(
        _("reviews of refusals: who decided what, and why"),
        AttemptReview.objects.filter(attempt__in=attempts).count(), started, kept,
    )  # fmt: skip
    yield Holding(
        _("recoveries without a camera: who made sure, and how"),
        Assistance.objects.filter(attempt__in=attempts).count(), started, kept,
    )  # fmt: skip
    yield Holding(
        _("browsers that took part: kind and secret's digest"),
        AttemptDevice.objects.filter(attempt__in=attempts).count(), started, kept,
    )  # fmt: skip
