"""What the three houses wrote down about one attempt, read by the portal."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from recovery_portal.kit import http
from recovery_portal.kit.errors import DomainError
from recovery_portal.testing import bundle as bundles
from recovery_portal.testing import shapes
from recovery_portal.testing.answers import made
from recovery_portal.testing.journal import hanging_together

from .. import queries
from ..journal.writing import ROLL
from ..middleware import PREFIX

_LONGEST: Final = 32 * 1024 * 1024


def journal_of(attempt_id: str) -> tuple[list[shapes.JournalEntry], list[str]]:
    """The attempt's messages in all journals, and the houses whose journal could not be read."""
    entries = [shapes.JournalEntry(**entry) for entry in ROLL.entries()]
    silent = []
    for house, origin in _others().items():
        found = _asked(origin, "journal")
        if found is None:
            silent.append(house)
        else:
            entries += [made(shapes.JournalEntry, entry) for entry in found]
    return hanging_together(entries, queries.links_of(attempt_id) or []), silent


def bundle_of(attempt: shapes.Attempt) -> bytes:
    """The run as a file."""
    entries, _ = journal_of(attempt.id)
    return bundles.packed(attempt, entries, proofing_of(attempt.id))


def proofing_of(attempt_id: str) -> shapes.Proofing | None:
    """What the provider decided; None when it did not, or does not say."""
    reference = queries.proofing_reference_of(attempt_id)
    if not reference:
        return None
    if settings.ROLE == "all":
        from ..flows.provider import find_proofing

        return find_proofing(reference)
    found = _asked(settings.PROVIDER_BASE_URL, f"proofings/{reference}")
    return made(shapes.Proofing, found) if isinstance(found, Mapping) else None


def _others() -> dict[str, str]:
    if settings.ROLE == "all":
        return {}
    return {"provider": settings.PROVIDER_BASE_URL, "wallet": settings.WALLET_URL}


def _asked(origin: str, path: str) -> Any:
    """What another house of this installation answers; None when it does not."""
    headers = {"Authorization": f"Bearer {settings.EMULATION_TOKEN}"}
    try:
        answer = http.fetch("GET", f"{origin}{PREFIX}{path}", headers=headers, max_bytes=_LONGEST)
        return answer.json() if answer.status == 200 else None
    except DomainError:
        return None
