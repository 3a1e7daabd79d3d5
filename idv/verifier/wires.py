"""How this portal talks to a provider: one contract, and a wire for each protocol that a provider may speak."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from .models import IdentityProvider
from .oidc_wire import OidcWire
from .proofing_wire import ProofingWire
from .wire_words import Answered, Finding, Question

__all__ = ["Answered", "Finding", "ProviderWire", "Question", "wire_of"]


class ProviderWire(Protocol):
    """One provider's protocol. Both calls talk to the network and raise ProviderUnavailable."""

    def push(self, provider: IdentityProvider, question: Question, *, at: datetime) -> str:
        """Push the request on the back channel; the address to send the browser to, which holds but a reference."""
        ...

    def exchange(self, provider: IdentityProvider, answered: Answered, *, at: datetime) -> Finding:
        """What the provider found out, for the code that the browser brought. Raises ProofingRefused, too."""
        ...


_WIRES: Final[Mapping[str, ProviderWire]] = {
    IdentityProvider.Protocol.PROOFING: ProofingWire(),
    IdentityProvider.Protocol.OIDC: OidcWire(),
}


def wire_of(provider: IdentityProvider) -> ProviderWire:
    return _WIRES[provider.protocol]
