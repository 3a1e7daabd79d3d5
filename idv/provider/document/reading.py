"""What a document reader is, and what it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

PASSPORT: Final = "passport"
IDENTITY_CARD: Final = "identity_card"
DRIVING_LICENCE: Final = "driving_licence"
SIDES: Final[dict[str, tuple[str, ...]]] = {
    PASSPORT: ("front",),
    IDENTITY_CARD: ("front", "back"),
    DRIVING_LICENCE: ("front", "back"),
}
"""The photos that each kind needs."""


@dataclass(frozen=True)
class DocumentFields:
    """The holder's data. Names are spelled as printed (with accents) where the print agrees with the zone."""

    given_names: str
    surname: str
    date_of_birth: date
    sex: str
    document_number: str
    expiry_date: date
    issuing_country: str
    nationality: str
    address: str = ""
    personal_number: str = ""


@dataclass(frozen=True)
class Check:
    """One examined fact. ``reason_code`` is empty when ``ok``, else a code of ``idv.provider.document.errors``."""

    name: str
    ok: bool
    reason_code: str = ""


@dataclass(frozen=True)
class DocumentReading:
    """What stands in a document, and which checks it passed. ``mrz`` is the zone as read (empty for a barcode).

    ``signs`` are no checks: of those that are not ok none is a reason to refuse, each one to look.
    """

    kind: str
    fields: DocumentFields
    portrait: bytes
    checks: tuple[Check, ...]
    mrz: str = ""
    signs: tuple[Check, ...] = ()

    @property
    def accepted(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def first_refusal(self) -> str:
        return next((check.reason_code for check in self.checks if not check.ok), "")


class DocumentReader(Protocol):
    """Reads documents. It does **not** prove that one is genuine: no hologram, no chip, no register is asked."""

    def read(self, kind: str, images: Mapping[str, bytes], *, at: datetime) -> DocumentReading:
        """Read the JPEGs in ``images`` (keys: ``SIDES[kind]``). ``at`` settles centuries and whether it has expired.

        Raises DocumentUnreadable when better photos are needed. What is read but wrong comes back as a failed check.
        Raises KeyError for an unknown ``kind``.
        """
        ...


def date_checks(fields: DocumentFields, today: date) -> tuple[Check, ...]:
    """Expiry and plausibility, the same for every kind. A document is valid through its last day."""
    plausible = fields.date_of_birth < min(today, fields.expiry_date)
    current = fields.expiry_date >= today
    return (
        Check("dates", plausible, "" if plausible else "dates_implausible"),
        Check("expiry", current, "" if current else "document_expired"),
    )
