"""SPECIMEN documents of Utopia in somebody's hand: of any kind, good ones and faulty ones, as photographs."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from .installation import Installation

KINDS = {"passport": "Passport", "identity_card": "Identity card", "driving_licence": "Driver's License"}
_EXPIRED_ON = date(2020, 1, 31)
_ISSUED_ON = date(2024, 5, 1)
_ISSUED_LONG_AGO = date(2010, 1, 31)
_UNREADABLE = {"glare": "mrz_unreadable", "blur": "mrz_unreadable", "cut": "mrz_not_found"}
_REFUSED = {"check_digit": "mrz_check_digit_wrong", "printed_name": "printed_name_differs"}


@dataclass(frozen=True)
class Document:
    """A specimen and the photos somebody takes of it. Every verb gives another document; none is a real state's.

    With a scripted reader the photos are cue cards that say what is read.
    """

    installation: Installation = field(repr=False)
    kind: str = "passport"
    given_names: str = "Vera"
    surname: str = "Lindqvist"
    born: date = date(1990, 4, 12)
    sex: str = "F"
    picture: str = "vera"
    number: str = ""
    fault: str = ""
    expires_on: date | None = None

    def of_kind(self, kind: str) -> Document:
        """``passport``, ``identity_card`` or ``driving_licence``."""
        if kind not in KINDS:
            raise ValueError(f"There is no document {kind!r}; there is: {', '.join(KINDS)}.")
        return replace(self, kind=kind)

    def of(self, given_names: str, surname: str, *, picture: str = "") -> Document:
        """Made out to somebody; ``picture`` is the synthetic person whose portrait it bears."""
        return replace(self, given_names=given_names, surname=surname, picture=picture or self.picture)

    def with_portrait_of(self, person: str) -> Document:
        """The names of one, the portrait of another."""
        return replace(self, picture=person)

    def numbered(self, number: str) -> Document:
        return replace(self, number=number)

    def expired(self) -> Document:
        return replace(self, expires_on=_EXPIRED_ON)

    def expiring_on(self, day: date) -> Document:
        return replace(self, expires_on=day)

    def with_wrong_check_digit(self) -> Document:
        return replace(self, fault="check_digit")

    def with_altered_name(self) -> Document:
        """Another surname in print than in the machine-readable part."""
        return replace(self, fault="printed_name")

    def with_glare(self) -> Document:
        """A lamp shines on what would have to be read."""
        return replace(self, fault="glare")

    def blurred(self) -> Document:
        return replace(self, fault="blur")

    def cut_off(self) -> Document:
        """Only the upper half is in the picture."""
        return replace(self, fault="cut")

    @property
    def label(self) -> str:
        """What the provider's page calls its kind."""
        return KINDS[self.kind]

    def photos(self) -> dict[str, bytes]:
        """One photo of each side that the provider asks for."""
        if "reader" in self.installation.scripted:
            return {side: self._card(side) for side in ("front", "back")[: 1 if self.kind == "passport" else 2]}
        return dict(_photographed(replace(self, installation=None)))  # type: ignore[arg-type]

    def _card(self, side: str) -> bytes:
        from idv.face import cards

        told: dict[str, Any] = {
            "given_names": self.given_names,
            "surname": self.surname,
            "date_of_birth": self.born.isoformat(),
            "sex": self.sex,
            "document_number": self.number or "C1234567",
            "expiry_date": (self.expires_on or date(2040, 1, 1)).isoformat(),
        }
        cues: dict[str, Any] = {"document": told, "person": self.picture, "side": side}
        if self.fault in _UNREADABLE:
            cues["unreadable"] = _UNREADABLE[self.fault]
        if self.fault in _REFUSED:
            cues["refused"] = _REFUSED[self.fault]
        return cards.write(cues)


@lru_cache(maxsize=64)
def _photographed(document: Document) -> tuple[tuple[str, bytes], ...]:
    """Drawing and photographing takes a while, and is the same each time."""
    from idv.provider import specimen
    from recovery_portal.demo import people

    holder = specimen.Holder(
        document.given_names, document.surname, document.born, document.sex, document_number=document.number
    )
    drawn = specimen.draw(
        document.kind,
        holder,
        people.jpeg(document.picture, "portrait"),
        issued_on=_ISSUED_LONG_AGO if document.expires_on and document.expires_on < _ISSUED_ON else _ISSUED_ON,
        expires_on=document.expires_on,
        altered=document.fault if document.fault in _REFUSED else "",
    )
    return tuple((side, _spoiled(jpeg, document.fault)) for side, jpeg in drawn.photographed().items())


def _spoiled(jpeg: bytes, fault: str) -> bytes:
    if fault not in _UNREADABLE:
        return jpeg
    from PIL import Image, ImageDraw, ImageFilter

    with Image.open(io.BytesIO(jpeg)) as opened:
        seen: Image.Image = opened.convert("RGB")
    width, height = seen.size
    if fault == "blur":
        seen = seen.filter(ImageFilter.GaussianBlur(width / 150))
    elif fault == "cut":
        seen = seen.crop((0, 0, width, height // 2))
    else:
        lamp = Image.new("L", seen.size, 0)
        ImageDraw.Draw(lamp).ellipse((width * 0.15, height * 0.55, width * 0.85, height * 0.98), fill=255)
        seen.paste((255, 255, 255), mask=lamp.filter(ImageFilter.GaussianBlur(width / 60)))
    out = io.BytesIO()
    seen.save(out, "JPEG", quality=90)
    return out.getvalue()
