"""Reading identity documents: locate, straighten, read, check. It measures and reports; flows decide."""

from idv.provider.document.errors import DocumentUnreadable, sentence
from idv.provider.document.reading import (
    DRIVING_LICENCE,
    IDENTITY_CARD,
    PASSPORT,
    SIDES,
    Check,
    DocumentFields,
    DocumentReader,
    DocumentReading,
)

__all__ = [
    "DRIVING_LICENCE",
    "IDENTITY_CARD",
    "PASSPORT",
    "SIDES",
    "Check",
    "DocumentFields",
    "DocumentReader",
    "DocumentReading",
    "DocumentUnreadable",
    "sentence",
]
