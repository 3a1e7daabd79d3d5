"""System checks of an installation. Django refuses to start a command when one of them is an error.

What is refused: a scripted part outside emulation, settings that only a developer's machine may have, keys that are
too short, an origin that anybody could be.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from . import hooks
from .adapters import is_scripted

# The swappable parts; a house without one of the settings has no such part.
ADAPTER_SETTINGS = ("FACE_ENGINE", "LIVENESS_ENGINE", "DOCUMENT_READER", "HIGH_ASSURANCE_DOCUMENT_READER")
_SHORTEST_SECRET = 50  # characters, as Django's own generator makes them


@register(Tags.security)
def installation(**_: Any) -> list[CheckMessage]:
    """Every contradiction between what an installation is and how it is set up."""
    return [*_emulation(), *_secrets(), *_addresses(), *_shared_state()]


def _emulation() -> Iterator[CheckMessage]:
    if settings.EMULATION and settings.PRODUCTION:
        yield Error("EMULATION=1 and PRODUCTION=1 exclude each other.", id="kit.E001")
    if settings.EMULATION:
        return
    for name in ADAPTER_SETTINGS:
        dotted = getattr(settings, name, "")
        if is_scripted(dotted):
            yield Error(
                f"{name} is {dotted}, which decides by what is written in its input.",
                hint="Scripted parts are for tests and demonstrations: name a real one, or set EMULATION=1.",
                id="kit.E002",
            )
    for name in hooks.NAMES:
        if dotted := getattr(settings, name, ""):
            yield Error(
                f"{name} is {dotted}, by which an emulation reaches in.",
                hint="Leave it empty, or set EMULATION=1.",
                id="kit.E012",
            )
    if settings.EMULATION_TOKEN:
        yield Error("EMULATION_TOKEN opens the control API of an emulation.", hint="Unset it.", id="kit.E013")
    if settings.DEBUG:
        yield Error(
            "PORTAL_DEBUG is on outside emulation: error pages would show secrets to strangers.",
            hint="Set PORTAL_DEBUG=0.",
            id="kit.E003",
        )


def _secrets() -> Iterator[CheckMessage]:
    try:
        length = len(base64.b64decode(settings.VAULT_KEY, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if length != 32:
        yield Error(
            "PORTAL_VAULT_KEY is not 32 bytes in URL-safe base64.",
            hint="Make one: python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
            id="kit.E004",
        )
    if len(settings.SECRET_KEY) < _SHORTEST_SECRET:
        yield Error(f"PORTAL_SECRET_KEY has fewer than {_SHORTEST_SECRET} characters.", id="kit.E005")


def _addresses() -> Iterator[CheckMessage]:
    rp_id = settings.WEBAUTHN_RP_ID
    for origin in settings.WEBAUTHN_ORIGINS:
        host = urlsplit(origin).hostname or ""
        if "*" in origin or not (host == rp_id or host.endswith(f".{rp_id}")):
            yield Error(
                f"WEBAUTHN_ORIGINS has {origin}, which is not an address under WEBAUTHN_RP_ID ({rp_id}).",
                id="kit.E006",
            )
    if not settings.PRODUCTION:
        return
    if "*" in settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS lets everybody be this site.", id="kit.E007")
    for name in ("PORTAL_BASE_URL", "PROVIDER_BASE_URL", "WALLET_URL"):
        url = getattr(settings, name)
        if url and not url.startswith("https://"):
            yield Error(f"{name} is {url}; in production every house is reached over https.", id="kit.E008")
    plain = sorted(origin for origin in settings.OUTBOUND_ORIGINS if not origin.startswith("https://"))
    if plain:
        yield Warning(f"OUTBOUND_ORIGINS lets plain http out to {', '.join(plain)}.", id="kit.W009")


def _shared_state() -> Iterator[CheckMessage]:
    backend = settings.CACHES["default"]["BACKEND"]
    if settings.PRODUCTION and backend.rsplit(".", 1)[-1] in {"LocMemCache", "DummyCache"}:
        yield Error(f"The cache is {backend}: limits on tries would be counted per process.", id="kit.E010")
    if settings.PRODUCTION and settings.EMAIL_BACKEND.rsplit(".", 2)[-2] in {"console", "filebased", "dummy", "locmem"}:
        yield Warning(
            "Mail goes nowhere: people would not hear that somebody recovers their account.",
            hint="Set MAIL_URL=smtps://… or smtp+starttls://…",
            id="kit.W011",
        )
