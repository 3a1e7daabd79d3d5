"""The organisation as an issuer, for a verifier in the same process: its keys, and the status of what it issued."""

from collections.abc import Sequence
from datetime import datetime

from idv.credentials.keys import SigningKey
from idv.credentials.sd_jwt import StatusReference

from . import keyring
from .flows import status
from .models import IssuerKey


class OwnIssuer:
    """An adapter of ``idv.verifier.own.OwnIssuer``."""

    def keys(self, *, at: datetime) -> Sequence[SigningKey]:
        return keyring.visible_keys(at=at) if IssuerKey.objects.exists() else []  # who never issued needs no key

    def status_of(self, reference: StatusReference, issuer: str, at: datetime) -> int:
        return status.status_of(reference)
