"""Where a request of another program stands, and what it is told of."""

from enum import StrEnum

from recovery_portal.kit.machine import Table


class Status(StrEnum):
    WAITING = "waiting"  # for a wallet
    RETRIEVED = "retrieved"  # a wallet has fetched it
    PRESENTED = "presented"  # the credential is here; the Face Check is not
    CHECKING = "checking"  # a worker compares
    HANDED_OVER = "handedOver"  # the wallet has the credential, and has not said that it keeps it
    VERIFIED = "verified"
    ADDED = "added"
    FAILED = "failed"


class Event(StrEnum):
    FETCHED = "fetched"
    CREDENTIAL_CAME = "credentialCame"
    PHOTOS_SENT = "photosSent"
    PHOTOS_AGAIN = "photosAgain"
    ALL_HELD = "allHeld"
    HANDED_OVER = "handedOver"
    KEPT = "kept"
    SOMETHING_FAILED = "somethingFailed"


_S, _E = Status, Event
TABLE: Table[Status, Event] = Table(
    _S.WAITING,
    {
        (_S.WAITING, _E.FETCHED): _S.RETRIEVED,
        (_S.WAITING, _E.CREDENTIAL_CAME): _S.PRESENTED,
        (_S.WAITING, _E.ALL_HELD): _S.VERIFIED,
        (_S.RETRIEVED, _E.CREDENTIAL_CAME): _S.PRESENTED,
        (_S.RETRIEVED, _E.ALL_HELD): _S.VERIFIED,
        (_S.PRESENTED, _E.PHOTOS_SENT): _S.CHECKING,
        (_S.CHECKING, _E.PHOTOS_AGAIN): _S.PRESENTED,
        (_S.CHECKING, _E.ALL_HELD): _S.VERIFIED,
        (_S.WAITING, _E.HANDED_OVER): _S.HANDED_OVER,
        (_S.RETRIEVED, _E.HANDED_OVER): _S.HANDED_OVER,
        (_S.HANDED_OVER, _E.KEPT): _S.ADDED,
    },
    terminal={_S.VERIFIED, _S.ADDED, _S.FAILED},
    from_any_active={_E.SOMETHING_FAILED: _S.FAILED},
)

# What the program is called back with when a request arrives in a state, and when one for issuing fails.
TOLD: dict[Status, str] = {
    _S.RETRIEVED: "request_retrieved",
    _S.VERIFIED: "presentation_verified",
    _S.ADDED: "issuance_successful",
    _S.FAILED: "presentation_error",
}
NOT_ISSUED = "issuance_error"
