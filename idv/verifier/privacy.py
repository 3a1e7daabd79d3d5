"""What the verifier holds about people."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit.privacy import Holding

from .models import FaceCheck, PresentationRequest, SealedImage


def inventory(at: datetime) -> Iterator[Holding]:
    """Photos, presented claims, and results without either."""
    photos = SealedImage.objects.aggregate(oldest=Min("face_check__submitted_at"))
    yield Holding(
        _("photos of a Face Check"), SealedImage.objects.count(), photos["oldest"],
        _("with the result of the check; 30 minutes at most"), is_sealed=True,
    )  # fmt: skip
    claims = PresentationRequest.objects.filter(claims_sealed__isnull=False)
    yield Holding(
        _("claims of a presented credential, with its portrait"), claims.count(),
        claims.aggregate(oldest=Min("answered_at"))["oldest"],
        _("at the end of the recovery; 60 minutes at most"), is_sealed=True,
    )  # fmt: skip
    results = FaceCheck.objects.all()
    yield Holding(
        _("results of Face Checks: score, reason, engine; no picture, no face vector"), results.count(),
        results.aggregate(oldest=Min("created_at"))["oldest"], _("after 90 days"),
    )  # fmt: skip
