"""What happens without anybody asking: ends, erasures, and work that got lost."""

from datetime import datetime

from .. import policy
from ..errors import ProofingMoved
from ..machine import TABLE, Event, State
from ..models import (
    AccessToken,
    CredentialOffer,
    HandOff,
    IssuanceNonce,
    OperatorLink,
    Photo,
    ProofingSession,
    PushedRequest,
    SeenAssertion,
    WalletAuthorization,
)
from .deciding import ask_again_if_lost
from .steps import end


def expire_due(*, at: datetime) -> int:
    """End every proofing that has outlived itself, and erase the person from it."""
    due = ProofingSession.objects.filter(expires_at__lte=at, state__in=[s.value for s in TABLE.active])
    ended = 0
    for proofing in due.iterator():
        try:
            end(proofing=proofing, event=Event.LIFETIME_ENDED, at=at)
            ended += 1
        except ProofingMoved:
            continue
    return ended


def find_lost_work(*, at: datetime) -> int:
    """Send decisions that nobody works on to a worker again."""
    waiting = ProofingSession.objects.filter(state=State.CHECKING)
    return sum(ask_again_if_lost(proofing=proofing, at=at) for proofing in waiting.iterator())


def purge(*, at: datetime) -> dict[str, int]:
    """Delete what has served its time; how many rows of each went. Photos live 24 hours at most (G2)."""
    gone = {
        "photos": Photo.objects.filter(taken_at__lte=at - policy.IMAGES_KEPT_AT_MOST),
        "nonces": IssuanceNonce.objects.filter(expires_at__lte=at),
        "tokens": AccessToken.objects.filter(expires_at__lte=at - policy.ACCESS_TOKEN_LIFETIME),
        "assertions": SeenAssertion.objects.filter(expires_at__lte=at),
        "operator_links": OperatorLink.objects.filter(expires_at__lte=at),
        "requests": PushedRequest.objects.filter(expires_at__lte=at - policy.IMAGES_KEPT_AT_MOST),
        "wallet_requests": WalletAuthorization.objects.filter(expires_at__lte=at - policy.IMAGES_KEPT_AT_MOST),
        "hand_offs": HandOff.objects.filter(expires_at__lte=at - policy.IMAGES_KEPT_AT_MOST),
        "proofings": ProofingSession.objects.filter(created_at__lte=at - policy.RECORDS_KEPT),
    }
    counts = {name: rows.delete()[0] for name, rows in gone.items()}
    # A test offer has no proofing whose end would take its claims along. A token may still be waiting for them.
    counts["offers"] = CredentialOffer.objects.filter(
        expires_at__lte=at - policy.BOUND_TOKEN_LIFETIME, claims_sealed__isnull=False
    ).update(secrets_sealed=None, claims_sealed=None)
    return counts
