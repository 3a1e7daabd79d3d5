"""How a device becomes part of an attempt."""

from collections.abc import Collection
from datetime import datetime

from recovery_portal.kit import tokens

from ..consents import TEXT_VERSION
from ..models import AttemptDevice, Consent, RecoveryAttempt


def join(
    *,
    attempt: RecoveryAttempt,
    role: AttemptDevice.Role,
    browser: str,
    address: str,
    consents: Collection[str],
    at: datetime,
) -> tuple[AttemptDevice, str]:
    """A device takes part; its secret is returned once. Raises IntegrityError when the role is taken."""
    secret = tokens.new_token(32)
    device = AttemptDevice.objects.create(
        attempt=attempt,
        role=role,
        secret_digest=tokens.digest(secret),
        browser=browser[:64],
        address=address[:45],
        joined_at=at,
    )
    Consent.objects.bulk_create(
        Consent(attempt=attempt, device=device, kind=kind, text_version=TEXT_VERSION, given_at=at)
        for kind in sorted(consents)
    )
    return device, secret
