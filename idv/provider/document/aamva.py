"""Driving licence barcodes: the AAMVA DL/ID card standard (2020, annex D), as far as identity needs it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

_HEADER: Final = b"@\n\x1e\r"
_VERSION: Final = "10"
# Issuers of the real world have numbers from 604426 to 636062; this one is nobody's.
SPECIMEN_ISSUER: Final = "000000"
_SEX: Final = {"1": "M", "2": "F", "9": "X"}
_REQUIRED: Final = ("DAQ", "DCS", "DAC", "DBB", "DBA", "DCG")


class LicenceMalformed(ValueError):
    """The bytes are not an AAMVA licence that names its holder."""


@dataclass(frozen=True)
class Licence:
    given_names: str
    surname: str
    date_of_birth: date
    sex: str
    number: str
    issued_on: date
    expires_on: date
    country: str
    street: str = ""
    city: str = ""


def compose(licence: Licence) -> bytes:
    """The barcode's content: header, one subfile, one element per line."""
    first, _, middle = licence.given_names.partition(" ")
    elements = {
        "DAQ": licence.number,
        "DCS": licence.surname.upper(),
        "DDE": "N",
        "DAC": first.upper(),
        "DDF": "N",
        "DAD": middle.upper() or "NONE",
        "DDG": "N",
        "DBD": f"{licence.issued_on:%m%d%Y}",
        "DBB": f"{licence.date_of_birth:%m%d%Y}",
        "DBA": f"{licence.expires_on:%m%d%Y}",
        "DBC": next(code for code, sex in _SEX.items() if sex == licence.sex),
        "DAG": licence.street.upper(),
        "DAI": licence.city.upper(),
        "DCG": licence.country,
    }
    body = "DL" + "".join(f"{key}{value}\n" for key, value in elements.items() if value)
    content = (body[:-1] + "\r").encode("utf-8")
    head = f"ANSI {SPECIMEN_ISSUER}{_VERSION}0001DL{31:04d}{len(content):04d}".encode("ascii")
    return _HEADER + head + content


def parse(data: bytes) -> Licence:
    """Read a barcode's **bytes** (a decoder's text form rewrites control characters). Raises LicenceMalformed."""
    start = data.find(b"ANSI ")
    if not data.startswith(b"@") or start < 0:
        raise LicenceMalformed("no AAMVA header")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    elements: dict[str, str] = {}
    for line in text[start:].replace("\r", "\n").split("\n"):
        # The first element follows the subfile designator ("…DLDAQ…") on the same line.
        entry = line[line.index("DLDAQ") + 2 :] if "DLDAQ" in line else line
        if len(entry) > 3 and entry[:3].isalpha():
            elements.setdefault(entry[:3], entry[3:].strip())
    missing = [key for key in _REQUIRED if not elements.get(key)]
    if missing:
        raise LicenceMalformed(f"without {', '.join(missing)}")
    middle = elements.get("DAD", "")
    given = elements["DAC"] if middle in {"", "NONE", "UNAVL"} else f"{elements['DAC']} {middle}"
    country = elements["DCG"]
    return Licence(
        given_names=given.replace(",", " "),
        surname=elements["DCS"],
        date_of_birth=_date(elements["DBB"], country),
        sex=_SEX.get(elements.get("DBC", "9"), "X"),
        number=elements["DAQ"],
        issued_on=_date(elements.get("DBD") or elements["DBB"], country),
        expires_on=_date(elements["DBA"], country),
        country=country,
        street=elements.get("DAG", ""),
        city=elements.get("DAI", ""),
    )


def _date(text: str, country: str) -> date:
    try:
        if country == "CAN":  # CCYYMMDD there, MMDDCCYY everywhere else
            return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        return date(int(text[4:8]), int(text[:2]), int(text[2:4]))
    except ValueError as error:
        raise LicenceMalformed(f"{text!r} is no date") from error
