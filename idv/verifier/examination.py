"""What the doctor asks about providers."""

from collections.abc import Iterator
from datetime import datetime

from recovery_portal.kit.doctor import Finding, ok, problem

from .errors import ProviderUnavailable
from .flows import check_provider
from .models import IdentityProvider


def providers(at: datetime) -> Iterator[Finding]:
    """Each enabled provider is asked for its documents, as before every recovery."""
    enabled = list(IdentityProvider.objects.filter(enabled=True))
    if not enabled:
        yield problem("providers", "No identity verification provider is enabled: nobody can recover an account.")
    for provider in enabled:
        try:
            check_provider(provider=provider, at=at)
        except ProviderUnavailable as error:
            yield problem("providers", f"{provider.name} at {provider.issuer}: {error.code} {error.reason}".rstrip())
        else:
            yield ok("providers", f"{provider.name} answers at {provider.issuer}.")
