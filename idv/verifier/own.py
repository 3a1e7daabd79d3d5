"""Credentials that the organisation issues itself, asked for beside those of identity verification.

No recovery asks for one: a request of a recovery names a registered provider, and trusts that provider alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings

from idv.credentials.keys import SigningKey
from idv.credentials.sd_jwt import StatusReference
from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from recovery_portal.kit import adapters


class OwnIssuer(Protocol):
    """The issuer in the same house, as the setting ``OWN_ISSUER`` names it."""

    def keys(self, *, at: datetime) -> Sequence[SigningKey]:
        """The keys that its credentials may be signed with, the active one first."""
        ...

    def status_of(self, reference: StatusReference, issuer: str, at: datetime) -> int:
        """As StatusSource says."""
        ...


@dataclass(frozen=True, kw_only=True)
class OwnCredential:
    """What is asked for: the one type, the claims of it, and which of those must come. ``portrait`` names the claim
    that a live face is to be held against, where one is."""

    vct: str
    claims: tuple[str, ...]
    required: tuple[str, ...]
    portrait: str = ""

    @property
    def issuer(self) -> str:
        return settings.PORTAL_BASE_URL

    @property
    def allowed_vcts(self) -> list[str]:
        return [self.vct]


def issuer() -> OwnIssuer:
    made: OwnIssuer = adapters.load("OWN_ISSUER")
    return made


def trusted(asked: OwnCredential, *, at: datetime) -> TrustedIssuers:
    """Our own keys, and for this type only."""
    keys = tuple(key.jwks_entry() for key in issuer().keys(at=at))
    return TrustedIssuers([TrustedIssuer(issuer=asked.issuer, vcts=frozenset({asked.vct}), jwks=keys)])
