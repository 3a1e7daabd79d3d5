"""What may follow what in a proofing session. One table; everything unlisted is refused."""

from enum import StrEnum

from recovery_portal.kit.machine import Table


class State(StrEnum):
    STARTED = "started"
    DETAILS = "details"
    DOCUMENT_CHOICE = "documentChoice"
    DOCUMENT_TIPS = "documentTips"
    DOCUMENT_PHOTOS = "documentPhotos"
    DOCUMENT_RETAKE = "documentRetake"
    SELFIE_TIPS = "selfieTips"
    SELFIE = "selfie"
    CHECKING = "checking"
    IN_REVIEW = "inReview"
    VERIFIED = "verified"
    OFFERED = "offered"
    ISSUED = "issued"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    EXPIRED = "expired"


class Event(StrEnum):
    DEVICE_JOINED = "deviceJoined"
    DETAILS_GIVEN = "detailsGiven"
    CONSENT_REFUSED = "consentRefused"
    DOCUMENT_CHOSEN = "documentChosen"
    ANOTHER_DOCUMENT_WANTED = "anotherDocumentWanted"
    DOCUMENT_TIPS_READ = "documentTipsRead"
    DOCUMENT_SUBMITTED = "documentSubmitted"
    SELFIE_TIPS_READ = "selfieTipsRead"
    SELFIE_SUBMITTED = "selfieSubmitted"
    DOCUMENT_UNUSABLE = "documentUnusable"
    SELFIE_UNUSABLE = "selfieUnusable"
    IDENTITY_VERIFIED = "identityVerified"
    IDENTITY_DECLINED = "identityDeclined"
    REVIEW_NEEDED = "reviewNeeded"
    REVIEW_ACCEPTED = "reviewAccepted"
    REVIEW_DECLINED = "reviewDeclined"
    OFFER_MADE = "offerMade"
    CREDENTIAL_ISSUED = "credentialIssued"
    RESULT_SENT = "resultSent"
    CANCELLED = "cancelled"
    LIFETIME_ENDED = "lifetimeEnded"


_S, _E = State, Event

TABLE: Table[State, Event] = Table(
    _S.STARTED,
    {
        (_S.STARTED, _E.DEVICE_JOINED): _S.DETAILS,
        (_S.DETAILS, _E.DETAILS_GIVEN): _S.DOCUMENT_CHOICE,
        (_S.DETAILS, _E.CONSENT_REFUSED): _S.DECLINED,
        (_S.DOCUMENT_CHOICE, _E.DOCUMENT_CHOSEN): _S.DOCUMENT_TIPS,
        (_S.DOCUMENT_TIPS, _E.DOCUMENT_TIPS_READ): _S.DOCUMENT_PHOTOS,
        (_S.DOCUMENT_TIPS, _E.ANOTHER_DOCUMENT_WANTED): _S.DOCUMENT_CHOICE,
        (_S.DOCUMENT_PHOTOS, _E.DOCUMENT_SUBMITTED): _S.SELFIE_TIPS,
        (_S.DOCUMENT_PHOTOS, _E.ANOTHER_DOCUMENT_WANTED): _S.DOCUMENT_CHOICE,
        (_S.SELFIE_TIPS, _E.SELFIE_TIPS_READ): _S.SELFIE,
        (_S.SELFIE, _E.SELFIE_SUBMITTED): _S.CHECKING,
        # The selfie is kept while the document is photographed again: nobody is asked twice for what was good.
        (_S.CHECKING, _E.DOCUMENT_UNUSABLE): _S.DOCUMENT_RETAKE,
        (_S.DOCUMENT_RETAKE, _E.DOCUMENT_SUBMITTED): _S.CHECKING,
        (_S.DOCUMENT_RETAKE, _E.ANOTHER_DOCUMENT_WANTED): _S.DOCUMENT_CHOICE,
        (_S.CHECKING, _E.SELFIE_UNUSABLE): _S.SELFIE_TIPS,
        (_S.CHECKING, _E.IDENTITY_VERIFIED): _S.VERIFIED,
        (_S.CHECKING, _E.IDENTITY_DECLINED): _S.DECLINED,
        # A border case waits for a person, with its photos; whoever is asked says yes or no, never "once more".
        (_S.CHECKING, _E.REVIEW_NEEDED): _S.IN_REVIEW,
        (_S.IN_REVIEW, _E.REVIEW_ACCEPTED): _S.VERIFIED,
        (_S.IN_REVIEW, _E.REVIEW_DECLINED): _S.DECLINED,
        (_S.VERIFIED, _E.OFFER_MADE): _S.OFFERED,
        (_S.OFFERED, _E.CREDENTIAL_ISSUED): _S.ISSUED,
        (_S.ISSUED, _E.RESULT_SENT): _S.RETURNED,
        (_S.DECLINED, _E.RESULT_SENT): _S.RETURNED,
    },
    terminal=(_S.CANCELLED, _S.RETURNED, _S.EXPIRED),
    from_any_active={_E.CANCELLED: _S.CANCELLED, _E.LIFETIME_ENDED: _S.EXPIRED},
)

# A code may be fetched by the portal for these; a declined proofing has a result as well.
WITH_RESULT = frozenset({_S.ISSUED, _S.DECLINED})
# A task or a person is about to decide: a wallet may be promised the credential already.
BEING_DECIDED = frozenset({_S.CHECKING, _S.IN_REVIEW})
# Nobody has said yes or no: a wallet that asks for what it was promised is told to come again.
UNDECIDED = frozenset(TABLE.active) - {_S.VERIFIED, _S.OFFERED, _S.ISSUED, _S.DECLINED}
