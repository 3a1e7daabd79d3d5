"""Settings that would open the door to the wrong people are refused at the start."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def check_relying_party(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every WebAuthn origin is an https origin (localhost apart) whose host is, or lies under, the RP ID."""
    problems: list[CheckMessage] = []
    for origin in settings.WEBAUTHN_ORIGINS:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if "*" in origin or origin != f"{parts.scheme}://{parts.netloc}" or not host:
            problems.append(Error(f"{origin!r} in WEBAUTHN_ORIGINS is no origin.", id="accounts.E001"))
        elif host != settings.WEBAUTHN_RP_ID and not host.endswith(f".{settings.WEBAUTHN_RP_ID}"):
            problems.append(
                Error(f"{origin!r} does not lie under WEBAUTHN_RP_ID {settings.WEBAUTHN_RP_ID!r}.", id="accounts.E002")
            )
        elif parts.scheme != "https" and settings.PRODUCTION and host != "localhost":
            problems.append(Error(f"{origin!r} in WEBAUTHN_ORIGINS is not https.", id="accounts.E003"))
    return problems
