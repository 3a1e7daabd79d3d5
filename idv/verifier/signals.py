"""What this room announces. Sent inside the transaction that records the fact: a receiver that fails undoes it."""

from django.dispatch import Signal

# kwargs: request (PresentationRequest), at (datetime). A wallet asked for the request object; it may do so again.
request_fetched = Signal()

# kwargs: request (PresentationRequest), at (datetime). The status says how: answered, declined or refused.
presentation_answered = Signal()

# kwargs: face_check (FaceCheck), at (datetime). The status says how: passed, failed or unusable.
face_check_decided = Signal()

# kwargs: provider (IdentityProvider), by (the operator), changes (dict of field to "old -> new"), at (datetime).
provider_edited = Signal()
