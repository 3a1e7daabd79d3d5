"""Who may send people here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..models import RelyingParty


def register(
    *,
    client_id: str,
    name: str,
    redirect_uris: Sequence[str],
    jwks_uri: str,
    jwks: dict[str, Any] | None,
    at: datetime,
    high_assurance: bool = False,
    manual_review: bool = False,
) -> tuple[RelyingParty, bool]:
    """Create or change the relying party with this ``client_id``; the second value says whether it is new."""
    return RelyingParty.objects.update_or_create(
        client_id=client_id,
        defaults={
            "name": name,
            "redirect_uris": list(redirect_uris),
            "jwks_uri": jwks_uri,
            "jwks": jwks,
            "high_assurance": high_assurance,
            "manual_review": manual_review,
            "enabled": True,
        },
        create_defaults={
            "name": name,
            "redirect_uris": list(redirect_uris),
            "jwks_uri": jwks_uri,
            "jwks": jwks,
            "high_assurance": high_assurance,
            "manual_review": manual_review,
            "created_at": at,
        },
    )
