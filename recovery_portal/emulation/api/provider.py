"""The provider's side of an installation that is set up for a test."""

from typing import Final

from idv.provider.document import scripted
from recovery_portal.kit import clock
from recovery_portal.testing import shapes

from ..doors import NotThere, operation
from ..flows import provider

_PROVIDER: Final = frozenset({"provider"})


@operation("POST", "introduction/provider", houses=_PROVIDER)
def introduce_portal() -> None:
    """The provider knows the installation's own portal as a relying party."""
    provider.introduce_portal(at=clock.now())


@operation("GET", "document-numbers", answers=list[shapes.DocumentNumber], houses=_PROVIDER)
def document_numbers() -> list[shapes.DocumentNumber]:
    """The document numbers that choose an outcome while the scripted reader runs."""
    return [shapes.DocumentNumber(number, **outcome) for number, outcome in scripted.NUMBERS.items()]


@operation("GET", "proofings/<str:reference>", answers=shapes.Proofing, houses=_PROVIDER)
def proofing(reference: str) -> shapes.Proofing:
    """A proofing with its decisions and their checks, by the reference that stands in its result."""
    found = provider.find_proofing(reference)
    if found is None:
        raise NotThere("unknown_proofing", "There is no proofing of that reference.")
    return found
