"""Printable SPECIMEN documents of the fictitious state Utopia (UTO): real formats, valid check digits, nobody's."""

import io
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from PIL import Image

from idv.provider.document import aamva, mrz
from idv.provider.specimen import pages
from idv.provider.specimen.camera import photograph
from idv.provider.specimen.holder import COUNTRY, Holder

__all__ = ["ALTERATIONS", "KINDS", "Holder", "Specimen", "draw", "photograph"]

KINDS: Final = ("passport", "identity_card", "driving_licence")
SIZES: Final = ("TD1", "TD2")
"""Of identity cards: the usual 86 by 54 mm with the zone on the back, and 105 by 74 mm with the zone on the front."""
ALTERATIONS: Final = ("", "check_digit", "printed_name")
_YEARS_VALID: Final = 10
_LAYOUTS: Final = {"TD1": mrz.TD1, "TD2": mrz.TD2}


@dataclass(frozen=True)
class Specimen:
    """A drawn document. ``pages`` has ``front`` and, for cards, ``back``; the rest is what its machine part says."""

    kind: str
    holder: Holder
    expires_on: date
    pages: dict[str, Image.Image]
    zone: str = ""
    barcode: bytes = b""

    def png(self, side: str = "front") -> bytes:
        return self._encoded(side, "PNG")

    def jpeg(self, side: str = "front") -> bytes:
        return self._encoded(side, "JPEG")

    def photographed(self, *, seed: int = 0, severity: str = "mild") -> dict[str, bytes]:
        """One phone-like photo per side: what a person would upload."""
        return {
            side: photograph(page, seed=seed + n, severity=severity)
            for n, (side, page) in enumerate(self.pages.items())
        }

    def _encoded(self, side: str, form: str) -> bytes:
        out = io.BytesIO()
        self.pages[side].save(out, form, quality=92, dpi=(304.8, 304.8) if self.kind == "passport" else (406.4, 406.4))
        return out.getvalue()


def draw(
    kind: str,
    holder: Holder,
    portrait: bytes,
    *,
    issued_on: date,
    expires_on: date | None = None,
    altered: str = "",
    size: str = "TD1",
) -> Specimen:
    """Draw ``kind`` for ``holder`` with a JPEG ``portrait``; valid for ten years unless ``expires_on`` says otherwise.

    ``size`` is that of an identity card.

    ``altered`` spoils it for tests: ``check_digit`` (the birth date's) or ``printed_name`` (another surname
    in print than in the machine-readable part). Raises ValueError for an unknown kind, size or alteration.
    """
    if kind not in KINDS or altered not in ALTERATIONS or size not in SIZES:
        raise ValueError(f"unknown kind {kind!r}, size {size!r} or alteration {altered!r}")
    if kind == "driving_licence" and altered == "check_digit":
        raise ValueError("a driving licence has no check digits to spoil")
    owner = holder.numbered(kind)
    expires = expires_on or _years_later(issued_on, _YEARS_VALID)
    shown = replace(owner, surname="Forgery") if altered == "printed_name" else owner
    if kind == "driving_licence":
        licence = aamva.Licence(
            given_names=owner.given_names,
            surname=owner.surname,
            date_of_birth=owner.date_of_birth,
            sex=owner.sex,
            number=owner.document_number,
            issued_on=issued_on,
            expires_on=expires,
            country=COUNTRY,
            street=owner.street,
            city=owner.city,
        )
        content = aamva.compose(licence)
        sides = {
            "front": pages.driving_licence(shown, portrait, issued_on, expires),
            "back": pages.licence_back(content),
        }
        return Specimen(kind, owner, expires, sides, barcode=content)
    zone = _zone(mrz.TD3 if kind == "passport" else _LAYOUTS[size], owner, expires)
    if altered == "check_digit":
        _, position = zone.layout.checks["birth"]
        zone = mrz.replaced(zone, position, str((int(zone.at(position)) + 1) % 10))
    return Specimen(kind, owner, expires, _sides(zone, owner, shown, portrait, issued_on, expires), zone=zone.text)


def _sides(
    zone: mrz.Zone, owner: Holder, shown: Holder, portrait: bytes, issued_on: date, expires: date
) -> dict[str, Image.Image]:
    if zone.layout is mrz.TD3:
        return {"front": pages.passport(shown, portrait, zone, issued_on, expires)}
    if zone.layout is mrz.TD2:
        front = pages.large_card(shown, portrait, zone, issued_on, expires)
        return {"front": front, "back": pages.large_card_back(owner)}
    return {"front": pages.identity_card(shown, portrait, issued_on, expires), "back": pages.card_back(zone, owner)}


def _zone(layout: mrz.Layout, holder: Holder, expires: date) -> mrz.Zone:
    return mrz.compose(
        layout,
        code="P" if layout is mrz.TD3 else "I",
        issuer=COUNTRY,
        surname=holder.surname,
        given_names=holder.given_names,
        number=holder.document_number,
        nationality=holder.nationality,
        born=holder.date_of_birth,
        sex=holder.sex,
        expires=expires,
        personal_number=holder.personal_number[: layout.optional[-1][2] - layout.optional[-1][1]],
    )


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
