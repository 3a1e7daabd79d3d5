"""From *Recover your account* to the provider and back."""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import notices
from accounts.names import normalise_account_name
from accounts.queries import find_user
from idv.verifier import flows as verifier
from idv.verifier.errors import ProofingRefused, ProviderUnavailable
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import http_peer, queue, ratelimit

from .. import disowning, preflight, queries
from ..errors import ConsentMissing, NotOffered
from ..machine import GRANTED, Event, State
from ..models import AttemptDevice, Consent, RecoveryAttempt
from . import assisting, closing, handing_off, presenting
from .assisting import TELL_OWNER
from .joining import join

_HOUR_S = 3600
# The request at the provider is over, yet nothing was found out about the person: they may go again.
_GO_AGAIN = frozenset({"provider_unreachable", "code_refused"})


@dataclass(frozen=True)
class Started:
    """A new attempt and the secret by which its browser is known: the only moment the secret exists here."""

    attempt: RecoveryAttempt
    device: AttemptDevice
    secret: str = field(repr=False)


def start(
    *,
    account_name: str,
    address: str,
    browser: str,
    consents: Collection[str],
    at: datetime,
    replaces: RecoveryAttempt | None = None,
    without_camera: bool = False,
) -> Started:
    """Begin a recovery of ``account_name`` in one browser. Unknown names begin one, too.

    ``without_camera`` waits for an operator at once: no face is compared, so nobody has to agree that it is.
    Raises RateLimited, ConsentMissing, NotOffered (no profile is enabled at all), AssistanceRefused (not_offered).
    """
    account_name = normalise_account_name(account_name)
    needed = {Consent.Kind.RECOVERY.value} if without_camera else set(Consent.Kind.values)
    if not needed <= set(consents):
        raise ConsentMissing("consent_missing")
    _count_start(account_name, address)
    user = find_user(account_name)
    profile = queries.find_profile_for_name(account_name)
    if profile is None:
        raise NotOffered("no_profile_enabled")
    with transaction.atomic():
        # A pass that was handed out keeps its recovery: signing in with it is what the terms wait for.
        if replaces is not None and replaces.is_active and State(replaces.state) not in GRANTED:
            closing.end(replaces, Event.REPLACED, at=at, reason="started_anew")
        attempt = RecoveryAttempt.begin(user=user, account_name=account_name, profile=profile, at=at)
        device, secret = join(
            attempt=attempt, role=AttemptDevice.Role.STARTER, browser=browser, address=address, consents=consents, at=at
        )
        if without_camera:
            assisting.ask(attempt=attempt, device=device, at=at)
    return Started(attempt, device, secret)


def _count_start(account_name: str, address: str) -> None:
    """Brakes for one address, and for one address on one account: whoever floods from elsewhere locks no owner out."""
    block = http_peer.network(address)
    ratelimit.hit("recovery.start.address", block, limit=settings.RECOVERY_STARTS_PER_ADDRESS, period_s=_HOUR_S)
    ratelimit.hit(
        "recovery.start.account",
        f"{account_name}|{block}",
        limit=settings.RECOVERY_STARTS_PER_ACCOUNT,
        period_s=_HOUR_S,
    )


def send_to_provider(*, attempt: RecoveryAttempt, at: datetime) -> str | None:
    """Check what must be true, then ask the provider for a proofing; its address, or None when it cannot be now.

    What is in the way is recorded with its reason; the visitor reads one page for all of it. Also used to go again
    after coming back without an answer. Raises IllegalTransition, AttemptMoved.
    """
    provider = IdentityProvider.objects.get(pk=attempt.terms.provider_id)
    obstacle = preflight.find_obstacle(user=attempt.user, account_name=attempt.account_name, provider=provider, at=at)
    if obstacle:
        attempt.apply(Event.PREFLIGHT_FAILED, at=at, reason=obstacle)
        return None
    try:
        proofing = verifier.start_proofing(
            provider=provider,
            correlation_id=attempt.correlation_id,
            redirect_uri=f"{settings.PORTAL_BASE_URL}{reverse('recovery:return')}",
            high_assurance=attempt.terms.high_assurance,
            at=at,
        )
    except ProviderUnavailable as down:
        attempt.apply(Event.PREFLIGHT_FAILED, at=at, reason=down.code)
        return None
    first = attempt.state == State.STARTED
    with transaction.atomic():
        attempt.apply(Event.SENT_TO_PROVIDER, at=at, proofing=proofing)
        if first:
            queue.enqueue(TELL_OWNER, attempt_id=str(attempt.pk))
    return proofing.authorization_url


def tell_owner(*, attempt_id: str, at: datetime) -> None:
    """Every address on file learns of it, with the link that stops it. A flood of starts becomes no flood of mail; the
    letters about a pass and about completion have no brake."""
    attempt = RecoveryAttempt.objects.select_related("user").filter(pk=attempt_id).first()
    if attempt is None or attempt.user is None:
        return
    try:
        ratelimit.hit(
            "recovery.notice", str(attempt.user.pk), limit=settings.RECOVERY_NOTICES_PER_ACCOUNT, period_s=_HOUR_S
        )
    except ratelimit.RateLimited:
        return
    starter = attempt.starter
    notices.send(
        user=attempt.user,
        notice="recovery_started",
        at=at,
        context={"browser": starter.browser if starter else "", "not_me_url": disowning.link(attempt)},
    )


def receive_result(*, attempt: RecoveryAttempt, code: str, issuer: str, state: str, at: datetime) -> None:
    """The person is back from the provider. What its signed letter says moves the attempt; a return that answers no
    request of this attempt moves nothing."""
    if attempt.proofing is None:
        return
    try:
        result = verifier.finish_proofing(proofing=attempt.proofing, code=code, issuer=issuer, state=state, at=at)
    except ProofingRefused as refused:
        if refused.code != "proofing_unknown_state" and refused.code not in _GO_AGAIN:
            attempt.apply(Event.PROVIDER_RESULT_INVALID, at=at, reason=refused.code)
        return
    if result.verdict != "verified":
        attempt.apply(Event.PROVIDER_DECLINED, at=at, reason=result.reason_code or "declined")
        return
    if result.claims is not None and not set(attempt.terms.further_claims) <= result.claims.keys():
        attempt.apply(Event.PROVIDER_RESULT_INVALID, at=at, reason="claim_missing")
        return
    with transaction.atomic():
        attempt.apply(Event.PROVIDER_VERIFIED, at=at)
        if result.claims is None:
            handing_off.invite(attempt=attempt, at=at)
        else:
            presenting.adopt(attempt=attempt, proofing=attempt.proofing, accepted=result.claims, at=at)


def come_back_empty(*, attempt: RecoveryAttempt, error: str, issuer: str, state: str, at: datetime) -> None:
    """Back from the provider with an error in place of a code. It is not signed and says nothing about the person: the
    request is over, the attempt stays where it is, and they may go again."""
    if attempt.proofing is None:
        return
    with contextlib.suppress(ProofingRefused):
        verifier.decline_proofing(proofing=attempt.proofing, error=error, issuer=issuer, state=state, at=at)
