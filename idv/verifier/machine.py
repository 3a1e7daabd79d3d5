"""Which state may follow which, for a presentation request and for one Face Check."""

from enum import StrEnum

from recovery_portal.kit.machine import Table


class RequestStatus(StrEnum):
    """Where a presentation request stands."""

    OPEN = "open"
    ANSWERED = "answered"
    COLLECTED = "collected"
    DECLINED = "declined"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class RequestEvent(StrEnum):
    PRESENTATION_VERIFIED = "presentationVerified"
    PRESENTATION_REFUSED = "presentationRefused"
    WALLET_DECLINED = "walletDeclined"
    COLLECTED = "collected"
    LIFETIME_ENDED = "lifetimeEnded"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


_R, _E = RequestStatus, RequestEvent
REQUESTS: Table[RequestStatus, RequestEvent] = Table(
    _R.OPEN,
    {
        (_R.OPEN, _E.PRESENTATION_VERIFIED): _R.ANSWERED,
        (_R.OPEN, _E.PRESENTATION_REFUSED): _R.REFUSED,
        (_R.OPEN, _E.WALLET_DECLINED): _R.DECLINED,
        (_R.ANSWERED, _E.COLLECTED): _R.COLLECTED,
    },
    terminal={_R.COLLECTED, _R.DECLINED, _R.REFUSED, _R.EXPIRED, _R.SUPERSEDED, _R.CANCELLED},
    from_any_active={
        _E.LIFETIME_ENDED: _R.EXPIRED,
        _E.SUPERSEDED: _R.SUPERSEDED,
        _E.CANCELLED: _R.CANCELLED,
    },
)


class FaceCheckStatus(StrEnum):
    """Where one try at the Face Check stands. ``unusable`` photos are taken again and cost no try."""

    CAPTURING = "capturing"
    CHECKING = "checking"
    UNUSABLE = "unusable"
    PASSED = "passed"
    FAILED = "failed"


class FaceCheckEvent(StrEnum):
    PHOTOS_SUBMITTED = "photosSubmitted"
    CHALLENGE_EXPIRED = "challengeExpired"
    PHOTOS_UNUSABLE = "photosUnusable"
    FACE_MATCHED = "faceMatched"
    FACE_REFUSED = "faceRefused"


_F, _C = FaceCheckStatus, FaceCheckEvent
FACE_CHECKS: Table[FaceCheckStatus, FaceCheckEvent] = Table(
    _F.CAPTURING,
    {
        (_F.CAPTURING, _C.PHOTOS_SUBMITTED): _F.CHECKING,
        (_F.CAPTURING, _C.CHALLENGE_EXPIRED): _F.UNUSABLE,
        (_F.CHECKING, _C.PHOTOS_UNUSABLE): _F.UNUSABLE,
        (_F.CHECKING, _C.FACE_MATCHED): _F.PASSED,
        (_F.CHECKING, _C.FACE_REFUSED): _F.FAILED,
    },
    terminal={_F.UNUSABLE, _F.PASSED, _F.FAILED},
)
