"""What a name that the directory does not know is shown: always the same for one name, and plausible.

About half of all unknown names see the recovery entry and walk the road; the rest, like ineligible people, do not.
Which half is decided by a keyed hash, so that it can be neither guessed nor asked for twice with different answers.
"""

from django.utils.crypto import salted_hmac

from accounts.names import normalise_account_name


def _bytes(account_name: str) -> bytes:
    return salted_hmac("recovery.decoy", normalise_account_name(account_name), algorithm="sha256").digest()


def has_entry(account_name: str) -> bool:
    return _bytes(account_name)[0] < 128


def fails_preflight(account_name: str) -> bool:
    """One in sixteen ends on the "can't be done right now" page, so that this page does not prove an account."""
    return _bytes(account_name)[1] < 16
