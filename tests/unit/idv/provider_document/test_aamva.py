"""Driving licence barcodes, written and read back."""

from dataclasses import replace
from datetime import date

import pytest

from idv.provider.document import aamva

LICENCE = aamva.Licence(
    given_names="ANNA MARIA",
    surname="MÜLLER-ERIKSSON",
    date_of_birth=date(1974, 8, 12),
    sex="F",
    number="CH4953999",
    issued_on=date(2024, 5, 1),
    expires_on=date(2034, 5, 1),
    country="UTO",
    street="1 HARBOUR STREET",
    city="UTOPIA CITY",
)


def test_what_is_written_reads_back() -> None:
    assert aamva.parse(aamva.compose(LICENCE)) == LICENCE


def test_somebody_without_a_middle_name_has_none() -> None:
    licence = replace(LICENCE, given_names="ANNA")
    assert aamva.parse(aamva.compose(licence)).given_names == "ANNA"


def test_canadian_dates_begin_with_the_year() -> None:
    text = aamva.compose(replace(LICENCE, country="CAN")).replace(b"08121974", b"19740812")
    text = text.replace(b"05012034", b"20340501").replace(b"05012024", b"20240501")
    assert aamva.parse(text).date_of_birth == date(1974, 8, 12)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"https://example.org/",
        aamva.compose(LICENCE).replace(b"DCS", b"ZZZ"),
        aamva.compose(LICENCE).replace(b"08121974", b"99999999"),
        b"@ANSI \xff\xfe",
    ],
)
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(aamva.LicenceMalformed):
        aamva.parse(data)
