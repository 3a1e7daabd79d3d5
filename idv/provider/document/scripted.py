"""Scripted reader for tests and emulation: a cue card in place of the photo says what is read. Never for production.

Cues on the front: ``{"document": {"surname": "Eriksson", "date_of_birth": "1974-08-12", …}, "person": "anna"}``; what
is not said about the document is Vera Lindqvist's. ``{"unreadable": "mrz_not_found"}`` raises that code,
``{"refused": "document_expired"}`` fails a check with it, and so does a document number of ``NUMBERS`` by itself.
The portrait that comes back is a cue card too, with the same ``person``, so that the scripted face engine knows it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from idv.face import cards
from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.reading import SIDES, Check, DocumentFields, DocumentReading, date_checks

#: Document numbers that choose an outcome, as cues; every other number is read and nothing more.
NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "X00000001": {},
    "X00000010": {"unreadable": "mrz_not_found"},
    "X00000011": {"unreadable": "mrz_unreadable"},
    "X00000012": {"unreadable": "print_unreadable"},
    "X00000013": {"unreadable": "photocopy_suspected"},
    "X00000014": {"unreadable": "portrait_not_found"},
    "X00000020": {"refused": "document_expired"},
    "X00000021": {"refused": "mrz_check_digit_wrong"},
    "X00000022": {"refused": "printed_name_differs"},
    "X00000023": {"refused": "dates_implausible"},
    "X00000030": {"person": "somebody-else"},
}
_VERA: Final = {
    "given_names": "Vera",
    "surname": "Lindqvist",
    "date_of_birth": "1990-04-12",
    "sex": "X",
    "document_number": "X00000001",
    "expiry_date": "2040-01-01",
    "issuing_country": "UTO",
    "nationality": "UTO",
}


class ScriptedDocumentReader:
    """Reads what the card says; dates are still checked against ``at``."""

    def read(self, kind: str, images: Mapping[str, bytes], *, at: datetime) -> DocumentReading:
        """See DocumentReader. A card that says nothing about a document, or nonsense, is no document."""
        if any(side not in images for side in SIDES[kind]):
            raise DocumentUnreadable("side_missing", f"{kind} needs {SIDES[kind]}")
        cues = cards.read(images["front"]) or {}
        told = cues.get("document")
        if "unreadable" in cues or not isinstance(told, dict):
            raise DocumentUnreadable(str(cues.get("unreadable", "mrz_not_found")), "scripted")
        fields = _fields(told)
        cues = {**NUMBERS.get(fields.document_number, {}), **cues}
        if "unreadable" in cues:
            raise DocumentUnreadable(cues["unreadable"], f"scripted by number {fields.document_number}")
        refused = str(cues.get("refused", ""))
        script = Check("scripted", not refused, refused)
        portrait = cards.write({"person": cues.get("person", fields.surname)})
        return DocumentReading(kind, fields, portrait, (script, *date_checks(fields, at.date())))


def _fields(told: Mapping[str, Any]) -> DocumentFields:
    values: dict[str, Any] = _VERA | {name: str(value) for name, value in told.items()}
    try:
        for key in ("date_of_birth", "expiry_date"):
            values[key] = date.fromisoformat(values[key])
        return DocumentFields(**values)
    except (TypeError, ValueError) as error:
        raise DocumentUnreadable("mrz_unreadable", f"scripted: {error}") from error
