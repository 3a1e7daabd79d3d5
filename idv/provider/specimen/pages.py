"""The pages of each kind of specimen, at 12 pixels per millimetre (passport), 16 (cards) and 14 (TD2 cards)."""

from datetime import date
from typing import Final

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw

from idv.provider.document import mrz
from idv.provider.specimen import paper
from idv.provider.specimen.holder import COUNTRY, Holder

PASSPORT_SIZE: Final = (1500, 1056)
CARD_SIZE: Final = (1370, 864)
LARGE_CARD_SIZE: Final = (1470, 1036)
MODULE_PX: Final = 4
"""Width of one module of the barcode on a licence's back."""
_FICTION: Final = "Utopia is a fictitious state. This is a specimen for testing and no travel or identity document."


def printed(day: date) -> str:
    return f"{day:%d %b %Y}".upper()


def passport(holder: Holder, portrait: bytes, zone: mrz.Zone, issued_on: date, expires_on: date) -> Image.Image:
    page = paper.sheet(*PASSPORT_SIZE, (234, 240, 246))
    draw = ImageDraw.Draw(page)
    draw.text((60, 40), "UTOPIA", font=paper.font("bold", 58), fill=paper.INK)
    draw.text((300, 58), "PASSPORT  PASSEPORT", font=paper.font("text", 36), fill=paper.INK)
    draw.text((60, 122), _FICTION, font=paper.font("text", 21), fill=paper.LABEL)
    paper.place_portrait(page, portrait, (60, 180, 420, 540))
    rows: list[tuple[tuple[str, str, int], ...]] = [
        (("Type", "P", 540), ("Code of issuing State", COUNTRY, 740), ("Passport No.", holder.document_number, 1080)),
        (("Surname", holder.surname, 540),),
        (("Given names", holder.given_names, 540),),
        (("Nationality", "UTOPIAN" if holder.nationality == COUNTRY else holder.nationality, 540),
         ("Personal No.", holder.personal_number or "-", 1080)),
        (("Date of birth", printed(holder.date_of_birth), 540), ("Sex", holder.sex, 900),
         ("Place of birth", holder.place_of_birth, 1080)),
        (("Date of issue", printed(issued_on), 540), ("Date of expiry", printed(expires_on), 1080)),
    ]  # fmt: skip
    _rows(page, rows, top=186, step=100, size=40, right=PASSPORT_SIZE[0] - 40)
    paper.stamp(page, (520, 190, 940, 540), opacity=34)
    paper.stamp(page, (60, 640, 420, 80), opacity=150, angle=0)
    draw.rectangle((0, 800, *PASSPORT_SIZE), fill=(248, 249, 250))
    paper.write_zone(page, zone.lines, left=90, top=866, pitch=30.0, leading=76)
    return page


def identity_card(holder: Holder, portrait: bytes, issued_on: date, expires_on: date) -> Image.Image:
    rows = [
        (("Surname", holder.surname, 500),),
        (("Given names", holder.given_names, 500),),
        (
            ("Document No.", holder.document_number, 500),
            ("Sex", holder.sex, 960),
            ("Nationality", holder.nationality, 1080),
        ),
        (("Date of birth", printed(holder.date_of_birth), 500), ("Place of birth", holder.place_of_birth, 960)),
        (("Date of issue", printed(issued_on), 500), ("Date of expiry", printed(expires_on), 960)),
    ]
    return _card("IDENTITY CARD", (236, 243, 236), portrait, rows)


def driving_licence(holder: Holder, portrait: bytes, issued_on: date, expires_on: date) -> Image.Image:
    rows = [
        (("1 Surname", holder.surname, 500),),
        (("2 Given names", holder.given_names, 500),),
        (("4d Licence No.", holder.document_number, 500), ("15 Sex", holder.sex, 960)),
        (
            ("3 Date of birth", printed(holder.date_of_birth), 500),
            ("8 Address", f"{holder.street}, {holder.city}", 960),
        ),
        (("4a Issued", printed(issued_on), 500), ("4b Expires", printed(expires_on), 960)),
    ]
    return _card("DRIVING LICENCE", (246, 238, 236), portrait, rows)


def large_card(holder: Holder, portrait: bytes, zone: mrz.Zone, issued_on: date, expires_on: date) -> Image.Image:
    """A TD2 card: 105 by 74 mm, the zone beneath the portrait on the front (Doc 9303-6, 3.1)."""
    page = paper.sheet(*LARGE_CARD_SIZE, (238, 240, 230))
    draw = ImageDraw.Draw(page)
    draw.text((50, 34), "UTOPIA", font=paper.font("bold", 60), fill=paper.INK)
    draw.text((310, 50), "IDENTITY CARD", font=paper.font("text", 42), fill=paper.INK)
    paper.place_portrait(page, portrait, (50, 150, 400, 514))
    rows: list[tuple[tuple[str, str, int], ...]] = [
        (("Surname", holder.surname, 500),),
        (("Given names", holder.given_names, 500),),
        (("Document No.", holder.document_number, 500), ("Sex", holder.sex, 960), ("Nationality", holder.nationality,
         1120)),
        (("Date of birth", printed(holder.date_of_birth), 500), ("Place of birth", holder.place_of_birth, 960)),
        (("Date of issue", printed(issued_on), 500), ("Date of expiry", printed(expires_on), 960)),
    ]  # fmt: skip
    _rows(page, rows, top=150, step=112, size=42, right=LARGE_CARD_SIZE[0] - 30)
    paper.stamp(page, (480, 160, 950, 520), opacity=34)
    paper.stamp(page, (50, 684, 400, 60), opacity=150, angle=0)
    draw.text((500, 712), _FICTION, font=paper.font("text", 20), fill=paper.LABEL)
    draw.rectangle((0, 770, *LARGE_CARD_SIZE), fill=(248, 250, 248))
    paper.write_zone(page, zone.lines, left=94, top=846, pitch=35.6, leading=92)
    return page


def large_card_back(holder: Holder) -> Image.Image:
    page = paper.sheet(*LARGE_CARD_SIZE, (238, 240, 230))
    paper.write_field(page, (60, 60), "Address", f"{holder.street}, {holder.city}", size=42, room=1340)
    ImageDraw.Draw(page).text((60, 190), _FICTION, font=paper.font("text", 24), fill=paper.LABEL)
    paper.stamp(page, (60, 260, 1350, 500), opacity=34)
    return page


def _card(
    title: str, tint: tuple[int, int, int], portrait: bytes, rows: list[tuple[tuple[str, str, int], ...]]
) -> Image.Image:
    page = paper.sheet(*CARD_SIZE, tint)
    draw = ImageDraw.Draw(page)
    draw.text((50, 34), "UTOPIA", font=paper.font("bold", 64), fill=paper.INK)
    draw.text((330, 50), title, font=paper.font("text", 46), fill=paper.INK)
    paper.place_portrait(page, portrait, (50, 160, 400, 514))
    _rows(page, rows, top=160, step=116, size=44, right=CARD_SIZE[0] - 30)
    paper.stamp(page, (480, 170, 850, 520), opacity=34)
    paper.stamp(page, (50, 590, 400, 84), opacity=150, angle=0)
    draw.text((50, 790), _FICTION, font=paper.font("text", 24), fill=paper.LABEL)
    return page


def card_back(zone: mrz.Zone, holder: Holder) -> Image.Image:
    page = paper.sheet(*CARD_SIZE, (236, 243, 236))
    paper.write_field(page, (60, 60), "Address", f"{holder.street}, {holder.city}", size=44, room=1240)
    ImageDraw.Draw(page).text((60, 190), _FICTION, font=paper.font("text", 24), fill=paper.LABEL)
    paper.stamp(page, (60, 180, 1250, 330), opacity=34)
    ImageDraw.Draw(page).rectangle((0, 520, *CARD_SIZE), fill=(248, 250, 248))
    paper.write_zone(page, zone.lines, left=85, top=592, pitch=40.0, leading=96)
    return page


def licence_back(content: bytes) -> Image.Image:
    page = paper.sheet(*CARD_SIZE, (246, 238, 236))
    draw = ImageDraw.Draw(page)
    draw.text((60, 50), "UTOPIA  DRIVING LICENCE", font=paper.font("bold", 44), fill=paper.INK)
    draw.text((60, 120), _FICTION, font=paper.font("text", 24), fill=paper.LABEL)
    paper.stamp(page, (60, 170, 1250, 220), opacity=34)
    code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.PDF417, ec_level="5", columns=14)
    modules = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=True)))
    modules = modules.resize((modules.width * MODULE_PX, modules.height * MODULE_PX), Image.Resampling.NEAREST)
    page.paste(modules.convert("RGB"), ((CARD_SIZE[0] - modules.width) // 2, 420 + (400 - modules.height) // 2))
    return page


def _rows(
    page: Image.Image, rows: list[tuple[tuple[str, str, int], ...]], *, top: int, step: int, size: int, right: int
) -> None:
    for index, row in enumerate(rows):
        for column, (label, value, left) in enumerate(row):
            end = row[column + 1][2] if column + 1 < len(row) else right
            paper.write_field(page, (left, top + index * step), label, value, size=size, room=end - left - 20)
