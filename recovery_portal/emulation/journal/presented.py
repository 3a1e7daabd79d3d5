"""What a wallet presented, read with the request's own key before the house consumes it.

The key lives until the answer has been taken; afterwards nobody can read the message, this journal included.
"""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict

from idv.credentials import jose
from idv.verifier.flows import answering, presenting
from idv.verifier.models import PresentationRequest
from recovery_portal.kit import tokens
from recovery_portal.kit.errors import DomainError

from .reading import Reading


def opened(path: str, body: bytes, reading: Reading) -> dict[str, Any]:
    """The members of an encrypted answer posted to ``path``; {} when it is none that this house can open."""
    try:
        sealed = QueryDict(body.decode("ascii")).get("response", "")
        if not sealed:
            return {}
        reference = path.rstrip("/").rpartition("/")[2]
        row = PresentationRequest.objects.filter(reference_digest=tokens.digest(reference), status="open").first()
        if row is None:
            return {}
        key = answering.encryption_key(row, presenting.open_secrets(row))
        if key is None:
            return {}
        members = jose.decrypt(sealed, key=key)
    except (DomainError, ValueError, SuspiciousOperation):
        return {}
    return {"opened": reading.shown("", members)}
