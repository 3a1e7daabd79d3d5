"""Reason codes in words for the person: what to do, never what was measured."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from idv.face import errors as face_errors

from .machine import Event
from .models import RecoveryAttempt

_FACE_REFUSALS: dict[str, Promise] = {
    "challenge_expired": _("That took a little too long. Please take the photos again; the order may have changed."),
    "frames_missing": face_errors.SENTENCES["frames_missing"],
    "not_capturing": _("These photos were sent already."),
}
_TRY_AGAIN = _(
    "We could not confirm that it is you. Find even light, take off glasses and anything that covers your face, and try"
    " again."
)
_ONCE_MORE = _("The photos could not be checked this time, and that was not your doing. Please take them again.")
_OURS = frozenset({"check_gave_up", "photos_expired", "engine_unavailable", "request_over"})


def face_refusal(code: str) -> Promise:
    """Why photos were not taken in. Every code has a sentence."""
    return _FACE_REFUSALS.get(code, _ONCE_MORE)


def after_face_check(attempt: RecoveryAttempt) -> Promise | None:
    """What to say when somebody is back at the camera; None at the first visit."""
    last = attempt.events.order_by("-id").first()
    if last is None:
        return None
    if last.event == Event.FACE_CHECK_TRY_FAILED:
        return _TRY_AGAIN
    if last.event == Event.FRAMES_UNUSABLE:
        if last.reason in _OURS:
            return _ONCE_MORE
        return _FACE_REFUSALS.get(last.reason) or face_errors.sentence(last.reason)
    return None
