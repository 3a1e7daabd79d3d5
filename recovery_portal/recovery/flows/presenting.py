"""Asking for the credential, device by device, and hearing the answer."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from idv.verifier import flows as verifier
from idv.verifier.errors import NotCollectable
from idv.verifier.machine import RequestStatus
from idv.verifier.models import IdentityProvider, PresentationRequest, ProofingRequest

from .. import queries
from ..machine import Event, State
from ..models import AttemptDevice, AttemptRequest, RecoveryAttempt
from . import closing

# The person picked another credential than the one just made; they may pick again.
PICK_AGAIN = frozenset({"other_proofing"})


def ask(*, attempt: RecoveryAttempt, device: AttemptDevice, at: datetime) -> None:
    """Fresh presentation requests for ``device``: one for a wallet on it, and, in the browser that started, one for a
    wallet on any other device. The Face Check follows where the request was made for (the relay rule)."""
    kinds = [True] if device.role == AttemptDevice.Role.COMPANION else [True, False]
    for same_device in kinds:
        AttemptRequest.objects.create(
            attempt=attempt, device=device, request=_request(attempt, device, same_device=same_device, at=at)
        )


def adopt(*, attempt: RecoveryAttempt, proofing: ProofingRequest, accepted: Mapping[str, str], at: datetime) -> None:
    """The provider said itself who it was, to the browser that started: there the Face Check follows, at once."""
    device = attempt.devices.get(role=AttemptDevice.Role.STARTER)
    request = verifier.adopt_claims(proofing=proofing, accepted=accepted, at=at)
    AttemptRequest.objects.create(attempt=attempt, device=device, request=request)
    attempt.apply(Event.PRESENTATION_VERIFIED, at=at, face_device=device)


def _request(
    attempt: RecoveryAttempt, device: AttemptDevice, *, same_device: bool, at: datetime
) -> PresentationRequest:
    provider = IdentityProvider.objects.get(pk=attempt.terms.provider_id)
    reference = attempt.proofing.proofing_reference if attempt.proofing else ""
    purpose = _("Recover your account at %(organisation)s") % {"organisation": settings.ORGANISATION_NAME}
    return verifier.request_presentation(
        provider=provider,
        proofing_reference=reference,
        purpose=str(purpose),
        account_hint=attempt.masked_account,
        # Whoever holds the wallet sees which browser is asking: in a relayed request it is not theirs.
        asked_from=attempt.starter.browser if attempt.starter else "",
        further_claims=attempt.terms.further_claims,
        same_device=same_device,
        return_path=reverse("recovery:presented") if same_device else "",
        # One waiting request for each way of answering; a new one supersedes the old.
        correlation_id=f"{attempt.correlation_id}:{device.role}:{'same' if same_device else 'cross'}",
        at=at,
    )


def collect_answer(*, attempt: RecoveryAttempt, device: AttemptDevice, response_code: str, at: datetime) -> None:
    """The wallet on ``device`` has sent the browser back. A code that was made for another device moves nothing."""
    asked = queries.find_request(device, same_device=True)
    if asked is not None and asked.request.status == RequestStatus.ANSWERED:
        _take(attempt, asked, response_code=response_code, at=at)


def hear_answer(*, request: PresentationRequest, at: datetime) -> None:
    """A wallet has answered ``request``, from wherever: a refused presentation ends the attempt, a declined one leaves
    it waiting, one from another device is taken at once (there is no browser to bring a code back)."""
    asked = AttemptRequest.objects.select_related("attempt", "device", "request").filter(request=request).first()
    if asked is None or asked.attempt.state != State.AWAITING_PRESENTATION:
        return
    if request.status == RequestStatus.REFUSED and request.reason_code not in PICK_AGAIN:
        closing.end(asked.attempt, Event.PRESENTATION_REFUSED, at=at, reason=request.reason_code)
    elif request.status == RequestStatus.ANSWERED and not request.same_device:
        _take(asked.attempt, asked, response_code=None, at=at)


def _take(attempt: RecoveryAttempt, asked: AttemptRequest, *, response_code: str | None, at: datetime) -> None:
    with transaction.atomic():
        try:
            verifier.collect(request=asked.request, response_code=response_code, at=at)
        except NotCollectable:
            return
        attempt.apply(Event.PRESENTATION_VERIFIED, at=at, face_device=asked.device)
        closing.forget_requests(attempt, at=at, apart_from=asked.request)
