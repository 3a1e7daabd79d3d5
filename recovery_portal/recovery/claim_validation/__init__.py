"""The event ``onVerifiedIdClaimValidation``: what an extension is sent, what it may answer, and what can go wrong.
Pure: bytes in, verdict out; the call itself is a flow (facts 1.6 and 6)."""

from .answer import Answer, CallFailed, judge
from .errors import ExtensionError
from .event import CALLER_APP_ID, ROLE, Account, Event, body, resource_of

__all__ = [
    "CALLER_APP_ID",
    "ROLE",
    "Account",
    "Answer",
    "CallFailed",
    "Event",
    "ExtensionError",
    "body",
    "judge",
    "resource_of",
]
