"""What an installation must have before anybody is sent to a provider or asked by a wallet."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def own_key(**_: Any) -> list[CheckMessage]:
    """Outside emulation the verifier's key and certificate are the operator's own."""
    if settings.EMULATION:
        return []
    missing = [
        name
        for name in ("VERIFIER_KEY_FILE", "VERIFIER_CERTIFICATES_FILE")
        if not getattr(settings, name) or not Path(getattr(settings, name)).is_file()
    ]
    if not missing:
        return []
    return [
        Error(
            f"{' and '.join(missing)} must name a readable PEM file.",
            hint="A P-256 key (PKCS#8) and its certificates, leaf first, without the anchor. See provision_verifier.",
            id="verifier.E001",
        )
    ]
