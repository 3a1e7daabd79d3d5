"""What may follow what in a recovery: the one table of states × events, and what each event is called in the audit."""

from enum import StrEnum
from typing import Final, Literal, NamedTuple

from recovery_portal.kit.machine import Table


class State(StrEnum):
    STARTED = "started"
    AT_PROVIDER = "atProvider"
    AWAITING_PRESENTATION = "awaitingPresentation"
    PRESENTED = "presented"
    AWAITING_ASSISTANCE = "awaitingAssistance"
    CHECKING_FACE = "checkingFace"
    FACE_CHECKED = "faceChecked"
    AWAITING_NUMBER = "awaitingNumber"
    MATCHED = "matched"
    PASS_ISSUED = "passIssued"  # noqa: S105 - a name
    SIGNED_IN = "signedIn"
    COMPLETED = "completed"
    EVALUATED = "evaluated"
    REFUSED = "refused"
    MISMATCHED = "mismatched"
    UNAVAILABLE = "unavailable"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Event(StrEnum):
    STARTED = "started"  # the first row of every attempt; leads nowhere, so the table does not hold it
    PREFLIGHT_FAILED = "preflightFailed"
    SENT_TO_PROVIDER = "sentToProvider"
    PROVIDER_VERIFIED = "providerVerified"
    PROVIDER_DECLINED = "providerDeclined"
    PROVIDER_RESULT_INVALID = "providerResultInvalid"
    PRESENTATION_VERIFIED = "presentationVerified"
    PRESENTATION_REFUSED = "presentationRefused"
    FRAMES_SUBMITTED = "framesSubmitted"
    FRAMES_UNUSABLE = "framesUnusable"
    FACE_CHECK_PASSED = "faceCheckPassed"
    FACE_CHECK_TRY_FAILED = "faceCheckTryFailed"
    FACE_CHECK_FAILED = "faceCheckFailed"
    ASSISTANCE_ASKED = "assistanceAsked"
    ASSISTANCE_GRANTED = "assistanceGranted"
    ASSISTANCE_REFUSED = "assistanceRefused"
    IDENTITY_MATCHED = "identityMatched"
    IDENTITY_MATCHED_NUMBER_DUE = "identityMatchedNumberDue"
    IDENTITY_MISMATCHED = "identityMismatched"
    EVALUATION_MATCHED = "evaluationMatched"
    EVALUATION_MISMATCHED = "evaluationMismatched"
    NUMBER_CONFIRMED = "numberConfirmed"
    NUMBER_REFUSED = "numberRefused"
    PASS_ISSUED = "passIssued"  # noqa: S105 - a name
    PASS_REFUSED = "passRefused"  # noqa: S105 - a name
    PASS_REDEEMED = "passRedeemed"  # noqa: S105 - a name
    AUTHENTICATOR_REGISTERED = "authenticatorRegistered"
    LIFETIME_ENDED = "lifetimeEnded"
    USER_CANCELLED = "userCancelled"
    OWNER_DISOWNED = "ownerDisowned"
    OPERATOR_CANCELLED = "operatorCancelled"
    REPLACED = "replaced"


_S, _E = State, Event

TERMINAL: Final = frozenset(
    {_S.COMPLETED, _S.EVALUATED, _S.REFUSED, _S.MISMATCHED, _S.UNAVAILABLE, _S.EXPIRED, _S.CANCELLED}
)
# A pass for the account exists, or was just used: at most one such attempt per person.
GRANTED: Final = frozenset({_S.PASS_ISSUED, _S.SIGNED_IN})

TABLE: Final = Table[State, Event](
    _S.STARTED,
    {
        (_S.STARTED, _E.PREFLIGHT_FAILED): _S.UNAVAILABLE,
        (_S.STARTED, _E.SENT_TO_PROVIDER): _S.AT_PROVIDER,
        (_S.AT_PROVIDER, _E.SENT_TO_PROVIDER): _S.AT_PROVIDER,  # came back without an answer and goes again
        (_S.AT_PROVIDER, _E.PREFLIGHT_FAILED): _S.UNAVAILABLE,
        (_S.AT_PROVIDER, _E.PROVIDER_VERIFIED): _S.AWAITING_PRESENTATION,
        (_S.AT_PROVIDER, _E.PROVIDER_DECLINED): _S.REFUSED,
        (_S.AT_PROVIDER, _E.PROVIDER_RESULT_INVALID): _S.REFUSED,
        (_S.AWAITING_PRESENTATION, _E.PRESENTATION_VERIFIED): _S.PRESENTED,
        (_S.AWAITING_PRESENTATION, _E.PRESENTATION_REFUSED): _S.REFUSED,
        # Without a camera an operator takes the place of document and face, where the profile allows it.
        (_S.STARTED, _E.ASSISTANCE_ASKED): _S.AWAITING_ASSISTANCE,
        (_S.AT_PROVIDER, _E.ASSISTANCE_ASKED): _S.AWAITING_ASSISTANCE,
        (_S.PRESENTED, _E.ASSISTANCE_ASKED): _S.AWAITING_ASSISTANCE,
        (_S.AWAITING_ASSISTANCE, _E.ASSISTANCE_GRANTED): _S.MATCHED,
        (_S.AWAITING_ASSISTANCE, _E.EVALUATION_MATCHED): _S.EVALUATED,
        (_S.AWAITING_ASSISTANCE, _E.ASSISTANCE_REFUSED): _S.REFUSED,
        (_S.PRESENTED, _E.FRAMES_SUBMITTED): _S.CHECKING_FACE,  # a task answers; the page follows
        (_S.PRESENTED, _E.FACE_CHECK_FAILED): _S.REFUSED,  # no try is left, however bad the photos were
        (_S.CHECKING_FACE, _E.FRAMES_UNUSABLE): _S.PRESENTED,
        (_S.CHECKING_FACE, _E.FACE_CHECK_PASSED): _S.FACE_CHECKED,
        (_S.CHECKING_FACE, _E.FACE_CHECK_TRY_FAILED): _S.PRESENTED,  # tries are left
        (_S.CHECKING_FACE, _E.FACE_CHECK_FAILED): _S.REFUSED,
        (_S.FACE_CHECKED, _E.IDENTITY_MATCHED): _S.MATCHED,
        (_S.FACE_CHECKED, _E.IDENTITY_MATCHED_NUMBER_DUE): _S.AWAITING_NUMBER,
        (_S.FACE_CHECKED, _E.IDENTITY_MISMATCHED): _S.MISMATCHED,
        (_S.FACE_CHECKED, _E.EVALUATION_MATCHED): _S.EVALUATED,
        (_S.FACE_CHECKED, _E.EVALUATION_MISMATCHED): _S.EVALUATED,
        (_S.AWAITING_NUMBER, _E.NUMBER_CONFIRMED): _S.MATCHED,
        (_S.AWAITING_NUMBER, _E.NUMBER_REFUSED): _S.REFUSED,
        (_S.MATCHED, _E.PASS_ISSUED): _S.PASS_ISSUED,
        (_S.MATCHED, _E.PASS_REFUSED): _S.MISMATCHED,  # facts 1.9 F5: the same red error, whatever the cause
        (_S.PASS_ISSUED, _E.PASS_REDEEMED): _S.SIGNED_IN,
        (_S.SIGNED_IN, _E.AUTHENTICATOR_REGISTERED): _S.COMPLETED,
    },
    terminal=TERMINAL,
    from_any_active={
        _E.LIFETIME_ENDED: _S.EXPIRED,
        _E.USER_CANCELLED: _S.CANCELLED,
        _E.OWNER_DISOWNED: _S.CANCELLED,
        _E.OPERATOR_CANCELLED: _S.CANCELLED,
        _E.REPLACED: _S.CANCELLED,
    },
)


class Activity(NamedTuple):
    """A row of the original's audit log (facts 1.12), or one of ours beside them where it has none."""

    name: str
    result: Literal["success", "failure"] = "success"


_NOT_MATCHED = Activity("User account not matched or validated", "failure")
_MATCHED = Activity("User account matched and validated")
_CANCELLED = Activity("User account recovery cancelled", "failure")

AUDIT: Final[dict[Event, tuple[Activity, ...]]] = {
    _E.STARTED: (Activity("User started account recovery"),),
    _E.PREFLIGHT_FAILED: (Activity("User account recovery unavailable", "failure"),),
    _E.SENT_TO_PROVIDER: (Activity("User started identity issuance with certified partner"),),
    _E.PROVIDER_VERIFIED: (Activity("User completed identity issuance with certified partner"),),
    _E.PROVIDER_DECLINED: (Activity("User failed document validation", "failure"),),
    _E.PROVIDER_RESULT_INVALID: (Activity("User failed document validation", "failure"),),
    _E.PRESENTATION_VERIFIED: (),  # the original counts the presentation as complete after the Face Check
    _E.PRESENTATION_REFUSED: (Activity("User failed identity presentation", "failure"),),
    _E.FRAMES_SUBMITTED: (),
    _E.FRAMES_UNUSABLE: (),
    _E.FACE_CHECK_PASSED: (Activity("User completed identity presentation"),),
    _E.FACE_CHECK_TRY_FAILED: (Activity("User failed face check comparison", "failure"),),
    _E.FACE_CHECK_FAILED: (Activity("User failed face check comparison", "failure"),),
    _E.ASSISTANCE_ASKED: (Activity("User asked for assisted account recovery"),),
    _E.ASSISTANCE_GRANTED: (Activity("Assisted account recovery approved"), _MATCHED),
    _E.ASSISTANCE_REFUSED: (Activity("Assisted account recovery refused", "failure"),),
    _E.IDENTITY_MATCHED: (_MATCHED,),
    _E.IDENTITY_MATCHED_NUMBER_DUE: (_MATCHED,),
    _E.IDENTITY_MISMATCHED: (_NOT_MATCHED,),
    _E.EVALUATION_MATCHED: (_MATCHED,),
    _E.EVALUATION_MISMATCHED: (_NOT_MATCHED,),
    _E.NUMBER_CONFIRMED: (),
    _E.NUMBER_REFUSED: (Activity("User failed number matching", "failure"),),
    _E.PASS_ISSUED: (),  # audited by tap, which issues it
    _E.PASS_REFUSED: (_NOT_MATCHED,),
    _E.PASS_REDEEMED: (),  # audited by accounts as a sign-in
    _E.AUTHENTICATOR_REGISTERED: (
        Activity("User registered security information"),
        Activity("User completed account recovery"),
    ),
    _E.LIFETIME_ENDED: (Activity("User account recovery expired", "failure"),),
    _E.USER_CANCELLED: (_CANCELLED,),
    _E.OWNER_DISOWNED: (_CANCELLED,),
    _E.OPERATOR_CANCELLED: (_CANCELLED,),
    _E.REPLACED: (_CANCELLED,),
}


def as_mermaid() -> str:
    """The table drawn for the README. What every active state knows is drawn once, from a box round them all."""
    lines = ["stateDiagram-v2", "    [*] --> started"]
    everywhere = {event for event in Event if all((state, event) in TABLE.transitions for state in TABLE.active)}
    for (state, event), target in TABLE.transitions.items():
        if event not in everywhere:
            lines.append(f"    {state.value} --> {target.value}: {event.value}")
    for target in (_S.EXPIRED, _S.CANCELLED):
        labels = [e.value for e in Event if e in everywhere and TABLE.transitions[_S.STARTED, e] == target]
        lines.append(f"    anyActive --> {target.value}: {', '.join(labels)}")
    lines += [f"    {state.value} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(lines)
