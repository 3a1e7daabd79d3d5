"""A phone joins by QR code, after its owner has read who asks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from recovery_portal.kit import ratelimit, tokens

from ..errors import HandOffRefused
from ..machine import Event, State
from ..models import AttemptDevice, Consent, HandOff, RecoveryAttempt
from . import closing
from .joining import join
from .presenting import ask

_HOUR_S = 3600
_RENEWALS_PER_ATTEMPT = 30


@dataclass(frozen=True)
class HandedOff:
    """The phone has joined; ``secret`` is what its cookie will say."""

    attempt: RecoveryAttempt
    device: AttemptDevice
    secret: str = field(repr=False)


def invite(*, attempt: RecoveryAttempt, at: datetime) -> None:
    """Ask the browser that started for the credential, and offer to carry on with a phone."""
    ask(attempt=attempt, device=attempt.devices.get(role=AttemptDevice.Role.STARTER), at=at)
    open_hand_off(attempt=attempt, at=at)


def renew(*, attempt: RecoveryAttempt, device: AttemptDevice, at: datetime) -> None:
    """New requests and a new code in place of expired ones. Does nothing once a presentation has arrived. Raises
    RateLimited."""
    if attempt.state != State.AWAITING_PRESENTATION:
        return
    # Counted here and not where codes are made: the first one comes with the provider's answer, which is spent by then.
    ratelimit.hit("recovery.renew", str(attempt.pk), limit=_RENEWALS_PER_ATTEMPT, period_s=_HOUR_S)
    with transaction.atomic():
        if device.role == AttemptDevice.Role.STARTER and attempt.companion is None:
            invite(attempt=attempt, at=at)
        else:
            ask(attempt=attempt, device=device, at=at)


def open_hand_off(*, attempt: RecoveryAttempt, at: datetime) -> HandOff:
    """A fresh code in place of the earlier ones."""
    token = tokens.new_token()
    with transaction.atomic():
        attempt.hand_offs.filter(used_at=None, declined_at=None, expires_at__gt=at).update(expires_at=at)
        return HandOff.objects.create(
            attempt=attempt,
            token_digest=tokens.digest(token),
            token_sealed=HandOff.sealed(token),
            created_at=at,
            expires_at=at + timedelta(seconds=settings.RECOVERY_HAND_OFF_S),
        )


def get_hand_off(*, token: str, at: datetime) -> HandOff:
    """The open code behind ``token``; notes that a phone has looked at it. Raises HandOffRefused."""
    hand_off = (
        HandOff.objects.select_related("attempt").prefetch_related("attempt__devices")
        .filter(token_digest=tokens.digest(token))
        .first()
    )  # fmt: skip
    if hand_off is None:
        raise HandOffRefused("unknown")
    if hand_off.used_at is not None or hand_off.declined_at is not None:
        raise HandOffRefused("used")
    if not hand_off.is_open(at):
        raise HandOffRefused("expired")
    if hand_off.attempt.state != State.AWAITING_PRESENTATION or hand_off.attempt.expires_at <= at:
        raise HandOffRefused("attempt_over")
    HandOff.objects.filter(pk=hand_off.pk, opened_at=None).update(opened_at=at)
    return hand_off


def accept(*, token: str, browser: str, address: str, at: datetime) -> HandedOff:
    """*Continue* on the phone: burn the code, then let the phone join with its own request. Raises HandOffRefused.

    Continuing is consent to the comparison of the face; the page says so above the button.
    """
    hand_off = get_hand_off(token=token, at=at)
    open_ones = HandOff.objects.filter(pk=hand_off.pk, used_at=None, declined_at=None, expires_at__gt=at)
    if not open_ones.update(used_at=at):
        raise HandOffRefused("used")
    try:
        with transaction.atomic():
            device, secret = join(
                attempt=hand_off.attempt,
                role=AttemptDevice.Role.COMPANION,
                browser=browser,
                address=address,
                consents=[Consent.Kind.BIOMETRICS],
                at=at,
            )
            ask(attempt=hand_off.attempt, device=device, at=at)
    except IntegrityError as taken:
        raise HandOffRefused("used", "another phone has joined") from taken
    return HandedOff(hand_off.attempt, device, secret)


def decline(*, token: str, at: datetime) -> None:
    """*Decline* on the phone: whoever was shown the code did not ask for this, so the attempt ends. Raises
    HandOffRefused."""
    hand_off = get_hand_off(token=token, at=at)
    with transaction.atomic():
        open_ones = HandOff.objects.filter(pk=hand_off.pk, used_at=None, declined_at=None)
        if not open_ones.update(declined_at=at):
            raise HandOffRefused("used")
        closing.end(hand_off.attempt, Event.USER_CANCELLED, at=at, reason="declined_on_phone")
