"""What a name that the directory does not know is shown: always the same for one name, and plausible.

About half of all unknown names see the recovery entry and walk the road; the rest, like ineligible people, do not.
Which half is decided by a keyed hash, so that it can be neither guessed nor asked for twice with different answers.
"""

from collections.abc import Sequence
from typing import TypeVar

from django.utils.crypto import salted_hmac

from accounts.names import normalise_account_name

_Any = TypeVar("_Any")


def _bytes(account_name: str) -> bytes:
    return salted_hmac("recovery.decoy", normalise_account_name(account_name), algorithm="sha256").digest()


def has_entry(account_name: str) -> bool:
    return _bytes(account_name)[0] < 128


def fails_preflight(account_name: str) -> bool:
    """One in sixteen ends on the "can't be done right now" page, so that this page does not prove an account."""
    return _bytes(account_name)[1] < 16


def one_of(account_name: str, choices: Sequence[_Any]) -> _Any | None:
    """The one of ``choices`` that belongs to this name; None when there are none."""
    return choices[int.from_bytes(_bytes(account_name)[2:6]) % len(choices)] if choices else None
