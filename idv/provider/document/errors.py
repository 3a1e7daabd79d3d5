"""Why a document could not be read, or why it was refused: stable codes, and the plain sentence for each."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit.errors import DomainError

SENTENCES: Final[dict[str, Promise]] = {
    # A better photo helps
    "side_missing": _("A photo of one side of your document is missing. Please take all photos again."),
    "mrz_not_found": _(
        "We could not find the lines with the < signs. Lay the document flat, with the whole page in the photo."
    ),
    "mrz_unreadable": _(
        "The lines with the < signs could not be read without doubt. Come closer, hold still, and avoid reflections."
    ),
    "print_unreadable": _("The printed details could not be read. Come closer, hold still, and avoid reflections."),
    "name_unclear": _(
        "The printed name could not be read without doubt. Hold still and avoid reflections on the name."
    ),
    "barcode_not_found": _(
        "We could not read the barcode on the back. Come closer, until it fills the photo's width, and hold still."
    ),
    "barcode_unreadable": _(
        "The barcode on the back is not that of a driving licence. Photograph the side with the wide barcode."
    ),
    "readers_disagree": _(
        "The lines with the < signs could not be read without doubt. Come closer, hold still, and avoid reflections."
    ),
    "photocopy_suspected": _("This seems to be a copy without colours. Photograph the document itself."),
    "portrait_not_found": _(
        "We could not find the photo of you on the document. Avoid reflections on it and try again."
    ),
    "wrong_kind": _(
        "This seems to be another kind of document than you chose. Go back and choose the kind that you have."
    ),
    "reader_unavailable": _("Documents cannot be read at the moment. Please try again later."),
    # The document itself was refused
    "mrz_check_digit_wrong": _("The machine-readable lines of this document are not valid."),
    "printed_name_differs": _("The printed name and the machine-readable part of this document do not agree."),
    "printed_number_differs": _("The printed number and the machine-readable part of this document do not agree."),
    "printed_date_differs": _("The printed dates and the machine-readable part of this document do not agree."),
    "document_expired": _("This document has expired. Use one that is still valid."),
    "dates_implausible": _("The dates in this document cannot be right."),
}
_GENERAL: Final = _("The document could not be read. Please take the photo again.")


def sentence(code: str) -> Promise:
    """What to tell the person about a stored reason code."""
    return SENTENCES.get(code, _GENERAL)


class DocumentUnreadable(DomainError):
    """The photos do not show enough to say anything about the document: take them again, nobody is refused."""

    @property
    def sentence(self) -> Promise:
        return sentence(self.code)
