"""What the provider holds about people, and about one of them."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min, QuerySet
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit.privacy import Holding

from .models import Photo, ProofingConsent, ProofingDecision, ProofingSession


def inventory(at: datetime) -> Iterator[Holding]:
    """Everything that a proofing leaves here, of everybody."""
    return _of(ProofingSession.objects.all())


def about(proofing: ProofingSession) -> Iterator[Holding]:
    """The same of one person's proofing."""
    return _of(ProofingSession.objects.filter(pk=proofing.pk))


def _of(proofings: QuerySet[ProofingSession]) -> Iterator[Holding]:
    photos = Photo.objects.filter(proofing__in=proofings)
    at_the_end = _("when the verification ends; 30 minutes after its start at most")
    for purpose, what in (("document", _("photos of the document")), ("selfie", _("photos of the face"))):
        own = photos.filter(purpose=purpose)
        yield Holding(
            what, own.count(), own.aggregate(oldest=Min("taken_at"))["oldest"],
            _("with the decision; at the latest when the verification ends"), is_sealed=True,
        )  # fmt: skip
    for field, what in (
        ("applicant_sealed", _("name and email address as typed")),
        ("document_sealed", _("what was read from the document")),
        ("portrait_sealed", _("the portrait of the document")),
    ):
        rows = proofings.filter(**{f"{field}__isnull": False})
        yield Holding(
            what, rows.count(), rows.aggregate(oldest=Min("created_at"))["oldest"], at_the_end, is_sealed=True
        )
    consents = ProofingConsent.objects.filter(proofing__in=proofings)
    yield Holding(
        _("consents: which text, when given or withdrawn; no name"), consents.count(),
        consents.aggregate(oldest=Min("given_at"))["oldest"], _("after 90 days"),
    )  # fmt: skip
    decisions = ProofingDecision.objects.filter(proofing__in=proofings)
    yield Holding(
        _("decisions: each check with its result; no name, no picture, no face vector"), decisions.count(),
        decisions.aggregate(oldest=Min("decided_at"))["oldest"], _("after 90 days"),
    )  # fmt: skip
