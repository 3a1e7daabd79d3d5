"""Scripted reader for tests and emulation: a cue card in place of the photo says what is read. Never for production.

Cues on the front: ``{"document": {"surname": "Eriksson", "date_of_birth": "1974-08-12", …}, "person": "anna"}``;
``{"unreadable": "mrz_not_found"}`` raises that code, ``{"refused": "document_expired"}`` fails a check with it.
The portrait that comes back is a cue card too, with the same ``person``, so that the scripted face engine knows it.
"""

from collections.abc import Mapping
from datetime import date, datetime

from idv.face import cards
from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.reading import SIDES, Check, DocumentFields, DocumentReading, date_checks


class ScriptedDocumentReader:
    """Reads what the card says; dates are still checked against ``at``."""

    def read(self, kind: str, images: Mapping[str, bytes], *, at: datetime) -> DocumentReading:
        """See DocumentReader."""
        if any(side not in images for side in SIDES[kind]):
            raise DocumentUnreadable("side_missing", f"{kind} needs {SIDES[kind]}")
        cues = cards.read(images["front"]) or {}
        if "unreadable" in cues or "document" not in cues:
            raise DocumentUnreadable(cues.get("unreadable", "mrz_not_found"), "scripted")
        told = {"sex": "X", "issuing_country": "UTO", "nationality": "UTO"} | cues["document"]
        for key in ("date_of_birth", "expiry_date"):
            told[key] = date.fromisoformat(told[key])
        fields = DocumentFields(**told)
        refused = cues.get("refused", "")
        script = Check("scripted", not refused, refused)
        portrait = cards.write({"person": cues.get("person", fields.surname)})
        return DocumentReading(kind, fields, portrait, (script, *date_checks(fields, at.date())))
