"""Setting up the provider for a test."""

from datetime import datetime

from django.conf import settings

from idv.provider.flows import parties


def introduce_portal(*, at: datetime) -> None:
    """The installation's own portal as a relying party; harmless to repeat."""
    parties.register(
        client_id=settings.PORTAL_BASE_URL,
        name=settings.ORGANISATION_NAME,
        redirect_uris=[f"{settings.PORTAL_BASE_URL}/recover/return/"],
        jwks_uri=f"{settings.PORTAL_BASE_URL}/verifier/jwks",
        jwks=None,
        at=at,
    )
