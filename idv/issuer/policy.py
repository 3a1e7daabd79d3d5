"""The issuer's law: lifetimes and caps. Numbers carry their unit and their source."""

from datetime import timedelta

OFFER_LIFETIME = timedelta(minutes=10)
ACCESS_TOKEN_LIFETIME = timedelta(minutes=5)  # OpenID4VCI 1.0 section 13.10: bearer tokens live at most 5 minutes
NONCE_LIFETIME = timedelta(minutes=5)
WRONG_PINS_MAX = 5  # OpenID4VCI 1.0 section 13.6
PIN_DIGITS_MIN, PIN_DIGITS_MAX, PIN_DIGITS = 4, 16, 6

VALIDITY_DAYS_MAX = 3650
# Issue time rounded down so that it does not link a credential to a visit (RFC 9901 section 10.1).
ISSUED_AT_GRAIN = timedelta(hours=1)

STATUS_LIST_SIZE = 2**17
STATUS_BITS = 2  # 0 valid, 1 invalid (Token Status List section 7.1)
STATUS_TTL_S = 60
STATUS_LIST_LIFETIME = timedelta(minutes=30)
# A list is left for a new one before random indexes become hard to find.
STATUS_LIST_FILL_MAX = STATUS_LIST_SIZE // 2

RECORDS_KEPT = timedelta(days=90)  # of offers and of credentials, after their end
