"""What the issuer holds about people."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit.privacy import Holding

from .models import IssuedCredential, Offer


def inventory(at: datetime) -> Iterator[Holding]:
    """Claims on their way into a wallet, and that a credential exists."""
    offered = Offer.objects.filter(claims_sealed__isnull=False)
    yield Holding(
        _("claims of a credential of the organisation that is offered"), offered.count(),
        offered.aggregate(oldest=Min("made_at"))["oldest"], _("when it is issued; 15 minutes at most"), is_sealed=True,
    )  # fmt: skip
    issued = IssuedCredential.objects.all()
    yield Holding(
        _("that a credential of the organisation was issued, by its request id; nothing of what it says"),
        issued.count(), issued.aggregate(oldest=Min("issued_at"))["oldest"], _("90 days after it expires"),
    )  # fmt: skip
