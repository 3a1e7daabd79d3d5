"""Claims that are held against what the organisation knows of the person besides the name. Pure rules.

A binding that a profile asks for must hold: what is blank on either side does not.
"""

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, Protocol


class Binding(StrEnum):
    DATE_OF_BIRTH = "dateOfBirth"
    EMPLOYEE_ID = "employeeId"
    DOCUMENT_NUMBER = "documentNumber"


# The claim of the credential that each is compared with.
CLAIM: Final[dict[Binding, str]] = {binding: binding.value for binding in Binding}


class Known(Protocol):
    """What the organisation knows of one person."""

    @property
    def employee_id(self) -> str: ...

    def is_document_number(self, number: str) -> bool: ...

    def is_date_of_birth(self, value: date | None) -> bool: ...


def document_number_form(number: str) -> str:
    """Letters and digits alone: how a number is grouped is the printer's choice."""
    return "".join(c for c in number.upper() if c.isalnum())


def find_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def broken(bindings: Collection[Binding], claims: Mapping[str, str], known: Known) -> list[Binding]:
    """Those of ``bindings`` that do not hold, in the order of :class:`Binding`."""
    asked = [binding for binding in Binding if binding in bindings]
    return [binding for binding in asked if not _holds(binding, claims.get(CLAIM[binding], ""), known)]


def _holds(binding: Binding, claim: str, known: Known) -> bool:
    match binding:
        case Binding.DATE_OF_BIRTH:
            return known.is_date_of_birth(find_date(claim))
        case Binding.EMPLOYEE_ID:
            return bool(claim.strip()) and claim.strip().casefold() == known.employee_id.strip().casefold()
        case Binding.DOCUMENT_NUMBER:
            return known.is_document_number(claim)
