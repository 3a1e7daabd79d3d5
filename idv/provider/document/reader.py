"""The default reader: locate, straighten, OCR or barcode, check digits, print against the machine's part, portrait."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from idv.face.engines import Box
from idv.provider.document import aamva, barcode, locate, mrz_repair, ocr, portrait, portrait_edges, printed, signs
from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.mrz import Layout, Zone
from idv.provider.document.reading import (
    DRIVING_LICENCE,
    IDENTITY_CARD,
    PASSPORT,
    SIDES,
    Check,
    DocumentFields,
    DocumentReading,
    date_checks,
)
from idv.provider.document.zone_reading import ZoneReading, bottom_is_zone, read_zone

_ASPECTS: Final = {
    PASSPORT: (locate.PASSPORT_ASPECT,),
    IDENTITY_CARD: (locate.CARD_ASPECT, locate.LARGE_CARD_ASPECT),
    DRIVING_LICENCE: (locate.CARD_ASPECT,),
}
_SURE: Final = 0.9
# Doc 9303-4 and 9303-5: P for passports, I, A and C for cards; V is a visa, and nothing else comes first.
_CODES: Final = frozenset("PIACV")


class OcrDocumentReader:
    """Passports and identity cards by OCR of the machine-readable zone, driving licences by their barcode."""

    second_reader_must_agree = False

    def read(self, kind: str, images: Mapping[str, bytes], *, at: datetime) -> DocumentReading:
        """See DocumentReader."""
        if any(side not in images for side in SIDES[kind]):
            raise DocumentUnreadable("side_missing", f"{kind} needs {SIDES[kind]}, got {tuple(images)}")
        if kind == DRIVING_LICENCE:
            return _read_licence(images, at.date())
        return _read_zone_document(kind, images, at.date(), must_agree=self.second_reader_must_agree)


class HighAssuranceDocumentReader(OcrDocumentReader):
    """The same, and a zone is believed only when its shapes, matched against OCR-B, say what the network read.

    The second reader shares the first one's crops and nothing else. Barcodes carry their own error correction.
    """

    second_reader_must_agree = True


def _read_zone_document(kind: str, images: Mapping[str, bytes], today: date, *, must_agree: bool) -> DocumentReading:
    front, zone_reading = _find_zone(kind, images)
    if zone_reading.candidates and not _fits(kind, zone_reading.raw):
        if zone_reading.raw.document_code[:1] not in _CODES:
            raise DocumentUnreadable("mrz_unreadable", "the first characters are cut off")
        raise DocumentUnreadable("wrong_kind", f"document code {zone_reading.raw.document_code!r}")
    signs.refuse_photocopy(front.view)
    zone, comparison, expected, check_digits = _settle(zone_reading, front, today)
    if must_agree and not zone_reading.shapes.agree(zone):
        raise DocumentUnreadable("readers_disagree", "the shapes do not say what the network read")
    born, expires = _dates(zone, today)
    fields = DocumentFields(
        given_names=comparison.given_names or _cased(zone.given_names),
        surname=comparison.surname or _cased(zone.surname),
        date_of_birth=born,
        sex=zone.sex,
        document_number=zone.document_number,
        expiry_date=expires,
        issuing_country=zone.issuing_country,
        nationality=zone.nationality,
        personal_number=zone.personal_number,
    )
    checks = (check_digits, *printed.checks(comparison, expected), *date_checks(fields, today))
    face = portrait.find(front.view)
    return DocumentReading(
        kind, fields, portrait.cut(front.view, face), checks, zone.text, (_straight(front.view, face),)
    )


def _find_zone(kind: str, images: Mapping[str, bytes]) -> tuple[printed.Print, ZoneReading]:
    """The print of the front, and the zone of the first view in which it passes its check digits, else the best seen.

    The likeliest view of each side comes before the next view of any. The front's print is needed whatever has the
    zone, so it is looked at first, and says whether the zone stands beneath it.
    """
    views = {side: _views(jpeg, kind) for side, jpeg in images.items()}
    side_px = ocr.PAGE_SIDE if kind == PASSPORT else ocr.CARD_SIDE
    front = _print(next(views["front"]), side_px)
    places = mrz_repair.ZONES[kind]
    if bottom_is_zone(front.view, front.lines, places[-1][1]):
        places = places[::-1]
    fallback: tuple[printed.Print, ZoneReading] | None = None
    views["front"] = itertools.chain([front.view], views["front"])
    for side, layout, view in _in_turn(places, views):
        page = front if view is front.view else _print(view, side_px)
        found = read_zone(page.view, page.lines, layout)
        if found is None:
            continue
        carrier = page if side == "front" else front
        fallback = fallback or (carrier, found)
        if found.candidates:
            fallback = (carrier, found)
            break
    if fallback is None:
        raise DocumentUnreadable("mrz_not_found", f"no zone of a {kind} in any view")
    return fallback


def _in_turn(
    places: Sequence[tuple[str, Layout]], views: Mapping[str, Iterator[locate.Picture]]
) -> Iterator[tuple[str, Layout, locate.Picture]]:
    # A side is not even decoded before its turn: most often the first one has the zone.
    for _ in range(locate.VIEWS_MAX):
        for side, layout in places:
            view = next(views[side], None)
            if view is not None:
                yield side, layout, view if side == "front" else locate.lower_part(view)


def _print(view: locate.Picture, side_px: int) -> printed.Print:
    return printed.Print(view, ocr.find_lines(view, side_px))


def _views(jpeg: bytes, kind: str) -> Iterator[locate.Picture]:
    yield from locate.views(locate.decode(jpeg), _ASPECTS[kind])


def _fits(kind: str, zone: Zone) -> bool:
    return zone.document_code[:1] in ({"P"} if kind == PASSPORT else {"I", "A", "C"})


def _settle(
    reading: ZoneReading, front: printed.Print, today: date
) -> tuple[Zone, printed.Comparison, printed.Expected, Check]:
    """The one zone that check digits and print agree on; a wrong digit only when all the rest is beyond doubt."""
    if reading.candidates:
        compared = []
        for zone in reading.candidates:
            expected = _expected(zone, today, doubtful=reading.was_repaired)
            compared.append((zone, front.compare(expected), expected))
        if reading.was_repaired:
            # A repair is a guess until the printed number bears it out, and two that are borne out are still a guess.
            compared = [one for one in compared if one[1].number_found]
        if len(compared) != 1:
            raise DocumentUnreadable("mrz_unreadable", f"{len(compared)} confirmed repairs")
        return (*compared[0], Check("check_digits", True))
    expected = _expected(reading.raw, today)
    found = front.compare(expected)
    print_agrees = found.number_found and set(expected.dates) <= found.dates_found
    legible = reading.is_steady and reading.score >= _SURE and not mrz_repair.look_alikes_may_explain(reading.raw)
    if legible and print_agrees:
        return reading.raw, found, expected, Check("check_digits", False, "mrz_check_digit_wrong")
    raise DocumentUnreadable("mrz_unreadable", f"wrong check digits: {', '.join(reading.raw.failed_checks)}")


def _expected(zone: Zone, today: date, *, doubtful: bool = False) -> printed.Expected:
    return printed.Expected(
        surname=zone.surname,
        given_names=zone.given_names,
        document_number=zone.document_number,
        dates=_dates(zone, today),
        names_may_be_truncated=zone.names_may_be_truncated,
        number_is_doubtful=doubtful,
    )


def _dates(zone: Zone, today: date) -> tuple[date, date]:
    try:
        return zone.date_of_birth(today), zone.date_of_expiry()
    except ValueError as error:
        raise DocumentUnreadable("mrz_unreadable", str(error)) from error


def _read_licence(images: Mapping[str, bytes], today: date) -> DocumentReading:
    try:
        licence = aamva.parse(barcode.decode(locate.decode(images["back"])))
    except aamva.LicenceMalformed as error:
        raise DocumentUnreadable("barcode_unreadable", str(error)) from error
    front = _print(next(_views(images["front"], DRIVING_LICENCE)), ocr.CARD_SIDE)
    signs.refuse_photocopy(front.view)
    expected = printed.Expected(
        surname=licence.surname,
        given_names=licence.given_names,
        document_number=licence.number,
        dates=(licence.date_of_birth, licence.expires_on),
    )
    found = front.compare(expected)
    fields = DocumentFields(
        given_names=found.given_names or _cased(licence.given_names),
        surname=found.surname or _cased(licence.surname),
        date_of_birth=licence.date_of_birth,
        sex=licence.sex,
        document_number=licence.number,
        expiry_date=licence.expires_on,
        issuing_country=licence.country,
        nationality="",
        address=", ".join(part.title() for part in (licence.street, licence.city) if part),
    )
    checks = (*printed.checks(found, expected), *date_checks(fields, today))
    face = portrait.find(front.view)
    signs_seen = (_straight(front.view, face),)
    return DocumentReading(DRIVING_LICENCE, fields, portrait.cut(front.view, face), checks, signs=signs_seen)


def _straight(view: locate.Picture, face: Box) -> Check:
    askew = abs(portrait_edges.degrees_askew(view, face)) >= portrait_edges.SUSPICIOUS
    return Check("portrait_straight", not askew, "portrait_askew" if askew else "")


def _cased(name: str) -> str:
    return name.title()
