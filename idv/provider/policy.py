"""The provider's law: lifetimes, caps and thresholds. Numbers carry their unit and their source."""

from datetime import timedelta

from idv.face.liveness import Movement

REQUEST_URI_LIFETIME = timedelta(seconds=60)  # RFC 9126 section 2.2 suggests 5 to 600 seconds
REQUEST_OBJECT_LIFETIME = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=60)
CODE_LIFETIME = timedelta(minutes=2)  # RFC 6749 section 4.1.2 allows at most 10 minutes
RESULT_LIFETIME = timedelta(minutes=5)
PROOFING_LIFETIME = timedelta(minutes=30)
HAND_OFF_LIFETIME = timedelta(minutes=5)  # RFC 10027 section 6.1: short-lived, single use
CHALLENGE_LIFETIMES = {
    Movement.HEAD: timedelta(minutes=3),  # 45 seconds for each of four steps
    Movement.CAMERA: timedelta(minutes=6),  # for people who need twice the time
}

OFFER_LIFETIME = timedelta(minutes=10)
TX_CODE_DIGITS = 6
WRONG_TX_CODES_MAX = 5  # OpenID4VCI 1.0 section 13.6, errata 19
OFFERS_PER_PROOFING_MAX = 5
ACCESS_TOKEN_LIFETIME = timedelta(minutes=5)  # OpenID4VCI 1.0 section 13.10: bearer tokens live at most 5 minutes
# A token bound to a key may outlive that: a stolen one is worth nothing (the same section, and RFC 9449).
BOUND_TOKEN_LIFETIME = timedelta(hours=1)
NONCE_LIFETIME = timedelta(minutes=5)
DPOP_NONCE_LIFETIME = timedelta(minutes=5)
ATTESTATION_CHALLENGE_LIFETIME = timedelta(minutes=5)
DPOP_PROOF_AGE = timedelta(minutes=2)
DEFERRED_INTERVAL_S = 5
DEFERRED_AT_MOST_S = 240  # a bearer token must still be good when the credential is ready
ENCRYPTION_KEY_GRACE = timedelta(hours=24)  # wallets keep metadata for a while
BATCH_SIZE = 8

CREDENTIAL_LIFETIME = timedelta(days=180)
# Issue time rounded down so that it does not link a credential to a visit (RFC 9901 section 10.1).
ISSUED_AT_GRAIN = timedelta(hours=1)
# A face of 80 pixels is enough for the Face Check (measured flat down to 45); a third of the picture is face.
PORTRAIT_MAX_SIDE_PX = 360
PORTRAIT_MAX_BYTES = 32_768

STATUS_LIST_SIZE = 2**20
STATUS_BITS = 2  # 0 valid, 1 invalid, 2 suspended (Token Status List section 7.1)
STATUS_TTL_S = 60
STATUS_LIST_LIFETIME = timedelta(minutes=30)
# A list is left for a new one before random indexes become hard to find.
STATUS_LIST_FILL_MAX = STATUS_LIST_SIZE // 2

# Photos that could not be used, of one step: after so many a pause, after twice as many no more (NIST SP 800-63A asks
# for a limit). They are no guesses: whoever is compared and found unlike is declined at once.
TRIES_BEFORE_PAUSE = 5
PAUSE = timedelta(minutes=3)
TRIES_MAX = 10

# Below the threshold by so much, it is for a person to say, where the relying party wants that.
REVIEW_BAND = 20
REVIEW_LIFETIME = timedelta(minutes=30)

LEASE = timedelta(seconds=30)  # a worker that has not reported for so long is taken for dead
DECIDE_SOFT_LIMIT_S = 90
DECIDE_HARD_LIMIT_S = 120
ENQUEUE_AGAIN_AFTER = timedelta(seconds=20)

IMAGES_KEPT_AT_MOST = timedelta(hours=24)
RECORDS_KEPT = timedelta(days=90)  # decisions and consents without personal fields

OPERATOR_LINK_LIFETIME = timedelta(minutes=10)
OPERATOR_SHIFT = timedelta(hours=8)  # then the shell is asked for another link

TERMS_VERSION = "2026-11"
BIOMETRIC_CONSENT_VERSION = "2026-11"
