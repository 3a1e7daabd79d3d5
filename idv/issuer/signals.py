"""What this room announces. Sent inside the transaction that records the fact: a receiver that fails undoes it."""

from django.dispatch import Signal

# kwargs: offer (Offer), at (datetime). A wallet fetched the offer; it may do so again.
offer_fetched = Signal()

# kwargs: offer (Offer), at (datetime). The credential was handed to a wallet, which may still not keep it.
credential_issued = Signal()

# kwargs: offer (Offer), at (datetime), is_kept (bool). The wallet said what became of the credential.
wallet_reported = Signal()

# kwargs: offer (Offer), at (datetime), reason (str). Nothing will come of this offer any more.
offer_ended = Signal()

# kwargs: contract (Contract), is_new (bool), changes (dict[str, str], "before -> after" by field), by (object, as the
# door gave it), at (datetime). An operator wrote or changed a contract.
contract_saved = Signal()

# kwargs: credential (IssuedCredential), by (object), at (datetime). An operator revoked it for good.
credential_revoked = Signal()
