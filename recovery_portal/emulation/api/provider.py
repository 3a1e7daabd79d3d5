"""The provider's side of an installation that is set up for a test."""

from typing import Final

from recovery_portal.kit import clock

from ..doors import operation
from ..flows import provider

_PROVIDER: Final = frozenset({"provider"})


@operation("POST", "introduction/provider", houses=_PROVIDER)
def introduce_portal() -> None:
    """The provider knows the installation's own portal as a relying party."""
    provider.introduce_portal(at=clock.now())
