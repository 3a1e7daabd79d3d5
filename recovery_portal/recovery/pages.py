"""Where a person is: one page for each state and each device. Every view asks here and nowhere else."""

from enum import StrEnum
from typing import Final, NamedTuple

from .machine import State
from .models import AttemptDevice, RecoveryAttempt


class Page(StrEnum):
    """The values are URL names."""

    INFORMATION = "start"
    PROVIDER = "provider"
    PRESENT = "present"
    FACE = "face"
    ASSISTANCE = "assistance"
    CHECKING = "checking"
    NUMBER = "number"
    NUMBER_SHOWN = "number-shown"
    CONFIRMED = "confirmed"
    PASS = "pass"  # noqa: S105 - a name
    OTHER_DEVICE = "other-device"
    SIGNED_IN = "signed-in"
    COMPLETED = "completed"
    EVALUATED = "evaluated"
    REFUSED = "refused"
    MISMATCH = "mismatch"
    UNAVAILABLE = "unavailable"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Holder(StrEnum):
    """Whose step it is."""

    STARTER = "starter"
    FACE = "face"  # the device that did, or does, the Face Check, or asked for help without one
    REVEAL = "reveal"  # the device that may show the pass
    ANYONE = "anyone"


class Pages(NamedTuple):
    holder: Holder
    here: Page
    elsewhere: Page


def _everywhere(page: Page) -> Pages:
    return Pages(Holder.ANYONE, page, page)


PAGE_BY_STATE: Final[dict[State, Pages]] = {
    State.STARTED: Pages(Holder.STARTER, Page.INFORMATION, Page.OTHER_DEVICE),
    State.AT_PROVIDER: Pages(Holder.STARTER, Page.PROVIDER, Page.OTHER_DEVICE),
    State.AWAITING_PRESENTATION: _everywhere(Page.PRESENT),
    State.PRESENTED: Pages(Holder.FACE, Page.FACE, Page.OTHER_DEVICE),
    State.AWAITING_ASSISTANCE: Pages(Holder.FACE, Page.ASSISTANCE, Page.OTHER_DEVICE),
    State.CHECKING_FACE: Pages(Holder.FACE, Page.CHECKING, Page.OTHER_DEVICE),
    State.FACE_CHECKED: Pages(Holder.FACE, Page.CHECKING, Page.OTHER_DEVICE),
    State.AWAITING_NUMBER: Pages(Holder.FACE, Page.NUMBER, Page.NUMBER_SHOWN),
    State.MATCHED: Pages(Holder.REVEAL, Page.CONFIRMED, Page.OTHER_DEVICE),
    State.PASS_ISSUED: Pages(Holder.REVEAL, Page.PASS, Page.OTHER_DEVICE),
    State.SIGNED_IN: _everywhere(Page.SIGNED_IN),
    State.COMPLETED: _everywhere(Page.COMPLETED),
    State.EVALUATED: _everywhere(Page.EVALUATED),
    State.REFUSED: _everywhere(Page.REFUSED),
    State.MISMATCHED: _everywhere(Page.MISMATCH),
    State.UNAVAILABLE: _everywhere(Page.UNAVAILABLE),
    State.EXPIRED: _everywhere(Page.EXPIRED),
    State.CANCELLED: _everywhere(Page.CANCELLED),
}


def is_held_by(attempt: RecoveryAttempt, device: AttemptDevice) -> bool:
    """Whether the attempt's present step is ``device``'s."""
    match PAGE_BY_STATE[State(attempt.state)].holder:
        case Holder.ANYONE:
            return True
        case Holder.STARTER:
            return device.role == AttemptDevice.Role.STARTER
        case Holder.FACE:
            return attempt.face_device_id == device.pk
        case Holder.REVEAL:
            return attempt.reveal_device_id == device.pk


def page_for(attempt: RecoveryAttempt, device: AttemptDevice) -> Page:
    """The one page of ``attempt`` that ``device`` may see now."""
    pages = PAGE_BY_STATE[State(attempt.state)]
    return pages.here if is_held_by(attempt, device) else pages.elsewhere
