"""The organisation's own word on a recovery: a real little HTTP server to which the portal sends the claims.

It speaks as the authentication event ``onVerifiedIdClaimValidation`` wants; what it answers is settable, and so is how
badly it behaves.
"""

from __future__ import annotations
