"""What this room announces. Sent inside the transaction that records the fact: a receiver that fails undoes it."""

from django.dispatch import Signal

# kwargs: request (PresentationRequest), at (datetime). A wallet asked for the request object; it may do so again.
request_fetched = Signal()

# kwargs: request (PresentationRequest), at (datetime). The status says how: answered, declined or refused.
presentation_answered = Signal()

# kwargs: face_check (FaceCheck), at (datetime). The status says how: passed, failed or unusable.
face_check_decided = Signal()

# kwargs: provider (IdentityProvider). Asked before somebody edits it: a receiver answers True where what it is trusted
# for has to stay as it is.
provider_held = Signal()

# kwargs: provider (IdentityProvider), by (the operator), changes (dict of field to "old -> new"), at (datetime).
provider_edited = Signal()
