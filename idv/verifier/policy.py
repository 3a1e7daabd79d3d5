"""How long things live and how often they may be tried. Pure figures; the reasons stand beside them."""

from datetime import timedelta

from idv.face.liveness import Movement

# RFC 9126 2.2: a request_uri is short-lived; a person at the provider is not. The whole proofing fits into this.
PROOFING_LIFETIME = timedelta(minutes=60)
# Unlocking a wallet, reading the consent, for somebody who does it for the first time.
PRESENTATION_LIFETIME = timedelta(minutes=10)
# The browser that comes back from the wallet comes at once; a code that lies about is a code that leaks.
COLLECTION_LIFETIME = timedelta(minutes=5)
# From collection to the end of Face Check and match; afterwards claims are erased whoever forgot to.
CLAIMS_LIFETIME = timedelta(minutes=60)
# A challenge known long ahead is a challenge that can be filmed ahead.
CHALLENGE_LIFETIMES = {
    Movement.HEAD: timedelta(minutes=3),  # 45 seconds for each of four steps
    Movement.CAMERA: timedelta(minutes=6),  # for people who need twice the time
}
# Photos outlive a restart of the worker, not a day without one.
PHOTO_LIFETIME = timedelta(minutes=30)

# NIST SP 800-63B-4 3.2.2 allows five; three keep the false match rate of a whole request near that of one try.
DECIDED_TRIES = 3
UNUSABLE_TRIES = 10

# A check that nobody claimed, or whose worker vanished, is handed out again after these.
UNCLAIMED_AFTER = timedelta(seconds=20)
ABANDONED_AFTER = timedelta(seconds=75)
TASK_SOFT_LIMIT_S = 45
TASK_HARD_LIMIT_S = 60
RUNS_PER_CHECK = 5

METADATA_LIFETIME = timedelta(minutes=10)
# An unknown kid re-fetches the keys, but a stranger who sends unknown kids must not make us hammer the provider.
KEYS_REFETCH_PAUSE = timedelta(seconds=10)
# Revocation must bite soon, whatever ttl the list claims (Token Status List draft 20, 13.7).
STATUS_CACHE_LIMIT = timedelta(seconds=5)
STATUS_LIST_MAX_BYTES = 1_048_576

# How long ended records stay for the operator. They hold no claims, images or keys.
RECORD_RETENTION = timedelta(days=90)

WALLET_ANSWER_MAX_BYTES = 1_500_000
PORTRAIT_MAX_BYTES = 1_000_000
