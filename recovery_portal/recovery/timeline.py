"""What happened in one attempt, from every record that knows of it, in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import SentNotice
from idv.verifier.models import FaceCheck, ProofingRequest

from . import words
from .models import RecoveryAttempt
from .words import Words

# Letters about the pass and the new method follow the last step at once.
_AFTER_THE_END = timedelta(minutes=1)

STEP = gettext_lazy("Step")
PROVIDER = gettext_lazy("Provider")
WALLET = gettext_lazy("Wallet")
FACE = gettext_lazy("Face Check")
DEVICE = gettext_lazy("Device")
NOTICE = gettext_lazy("Notice")
EXTENSION = gettext_lazy("Extension")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line. ``code`` is what the machine calls ``what``, ``reason`` is a code; ``milliseconds`` counts from the
    start of the attempt."""

    at: datetime
    source: Promise
    what: Words
    code: str = ""
    reason: str = ""
    detail: str = ""
    milliseconds: int = 0


def entries(attempt: RecoveryAttempt, *, with_scores: bool, at: datetime) -> list[Entry]:
    """Everything about ``attempt``; a fixed number of queries. Scores only for who may read them."""
    told = chain(
        _steps(attempt), _provider(attempt), _wallet(attempt), _faces(attempt, with_scores), _devices(attempt),
        _extension(attempt), _notices(attempt, at),
    )  # fmt: skip
    # A step comes before what it caused in the same moment.
    ordered = sorted(told, key=lambda entry: (entry.at, entry.source is not STEP))
    start = attempt.started_at
    return [
        Entry(**{**vars(entry), "milliseconds": max(0, int((entry.at - start).total_seconds() * 1000))})
        for entry in ordered
    ]


def _steps(attempt: RecoveryAttempt) -> Iterator[Entry]:
    for event in attempt.events.all():
        target = str(words.of_state(event.target))
        has_moved = event.source and event.source != event.target
        moved = f"{words.of_state(event.source)} → {target}" if has_moved else target
        yield Entry(
            at=event.at,
            source=STEP,
            what=words.of_event(event.event),
            code=event.event,
            reason=event.reason,
            detail="; ".join([moved, *event.activities]),
        )


def _provider(attempt: RecoveryAttempt) -> Iterator[Entry]:
    asked = ProofingRequest.objects.filter(correlation_id=attempt.correlation_id).select_related("provider")
    for proofing in asked.order_by("created_at"):
        yield Entry(at=proofing.created_at, source=PROVIDER, what=_("asked %s") % proofing.provider.name)
        if proofing.finished_at is not None:
            yield Entry(
                at=proofing.finished_at,
                source=PROVIDER,
                what=proofing.get_status_display(),
                reason=proofing.reason_code,
                detail=_("reference %s") % proofing.proofing_reference if proofing.proofing_reference else "",
            )


def _wallet(attempt: RecoveryAttempt) -> Iterator[Entry]:
    for asked in attempt.requests.select_related("request", "device"):
        request = asked.request
        way = _("same device") if request.same_device else _("another device")
        yield Entry(
            at=request.created_at,
            source=WALLET,
            what=_("credential asked for"),
            detail=f"{asked.device.get_role_display()}, {way}",
        )
        ended_at = request.answered_at or request.collected_at
        if ended_at is not None:
            yield Entry(
                at=ended_at,
                source=WALLET,
                what=words.STATUSES.get(request.status, request.status),
                reason=request.reason_code,
                detail=request.credential_vct,
            )


def _faces(attempt: RecoveryAttempt, with_scores: bool) -> Iterator[Entry]:
    checks = FaceCheck.objects.filter(request__recovery__attempt=attempt).order_by("created_at")
    for check in checks:
        if check.submitted_at is not None:
            yield Entry(
                at=check.submitted_at, source=FACE, what=_("photos of try %d") % check.number,
                detail=_("%d photos") % check.frames,
            )  # fmt: skip
        if check.decided_at is not None:
            score = "" if check.score is None else _("score %(score).1f, threshold %(threshold)d") % {
                "score": check.score, "threshold": check.threshold,
            }  # fmt: skip
            yield Entry(
                at=check.decided_at, source=FACE, what=words.STATUSES.get(check.status, check.status),
                reason=check.reason_code,
                detail=score if with_scores else "",
            )  # fmt: skip


def _extension(attempt: RecoveryAttempt) -> Iterator[Entry]:
    for call in attempt.extension_calls.all():
        failed = _("claims that failed: %s") % ", ".join(map(str, call.failed_claims)) if call.failed_claims else ""
        figures = _("%(ms)d ms, tries: %(tries)d") % {"ms": call.duration_ms, "tries": call.tries}
        yield Entry(
            at=call.at,
            source=EXTENSION,
            what=f"{call.extension_name}: {call.get_outcome_display()}",
            reason=str(call.error_code or ""),
            detail="; ".join(part for part in (figures, failed) if part),
        )


def _devices(attempt: RecoveryAttempt) -> Iterator[Entry]:
    for device in attempt.devices.all():
        yield Entry(
            at=device.joined_at, source=DEVICE, what=_("%s joined") % device.get_role_display(), detail=device.browser
        )
    for consent in attempt.consents.all():
        yield Entry(
            at=consent.given_at, source=DEVICE, what=_("consent given"),
            detail=f"{consent.get_kind_display()} ({consent.text_version})",
        )  # fmt: skip
    for hand_off in attempt.hand_offs.all():
        for moment, what in (
            (hand_off.opened_at, _("the code was opened on a phone")),
            (hand_off.declined_at, _("the phone declined")),
        ):
            if moment is not None:
                yield Entry(at=moment, source=DEVICE, what=what)


def _notices(attempt: RecoveryAttempt, at: datetime) -> Iterator[Entry]:
    if attempt.user_id is None:
        return
    until = (attempt.ended_at or at) + _AFTER_THE_END
    for sent in SentNotice.objects.filter(user=attempt.user_id, at__gte=attempt.started_at, at__lte=until):
        yield Entry(
            at=sent.at, source=NOTICE, what=words.NOTICES.get(sent.notice, sent.notice),
            detail=_("%(delivered)d of %(addresses)d letters delivered")
            % {"delivered": sent.delivered, "addresses": sent.addresses},
        )  # fmt: skip
