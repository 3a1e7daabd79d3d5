"""The printed side against the machine-readable one."""

from datetime import date

import pytest

from idv.provider.document import DocumentUnreadable, printed
from idv.provider.document.printed import Expected

EXPECTED = Expected("MUELLER ERIKSSON", "ANNA MARIA", "L898902C3", (date(1974, 8, 12), date(2032, 4, 15)))
PAGE = [
    "Surname",
    "Müller-Eriksson",
    "Given names",
    "Anna Maria",
    "L898902C3",
    "12 AUG 1974",
    "15 APR 2032",
    "SPECIMEN",
]


def _codes(texts: list[str], expected: Expected = EXPECTED) -> list[str]:
    found = printed.match(texts, expected)
    return [check.reason_code for check in printed.checks(found, expected) if not check.ok]


def _without(*gone: str, plus: tuple[str, ...] = ()) -> list[str]:
    return [text for text in PAGE if text not in gone] + list(plus)


def test_names_are_given_back_as_printed() -> None:
    found = printed.match(PAGE, EXPECTED)
    assert (found.surname, found.given_names) == ("Müller-Eriksson", "Anna Maria")
    assert found.complete(EXPECTED)
    assert _codes(PAGE) == []


@pytest.mark.parametrize(
    ("seen", "given_back"),
    [
        ("MÜLLER-ERIKSSON", "Müller-Eriksson"),
        ("MUELLER ERIKSSON", "Mueller Eriksson"),
        ("Muller-Eriksson", "Müller-Eriksson"),
        ("MULLER-ERIKSSON", "Müller-Eriksson"),
        ("Surname Müller-Eriksson", "Müller-Eriksson"),
    ],
)
def test_a_name_may_be_printed_in_several_ways(seen: str, given_back: str) -> None:
    assert printed.match([seen], EXPECTED).surname == given_back


def test_a_blank_that_ocr_lost_is_put_back() -> None:
    assert printed.match(["AnnaMaria"], EXPECTED).given_names == "Anna Maria"


@pytest.mark.parametrize("day", ["12 AUG 1974", "12.08.1974", "1974-08-12", "08/12/1974", "12AUG74", "12 AUGUST 1974"])
def test_dates_may_be_printed_in_several_ways(day: str) -> None:
    assert printed.match([day], EXPECTED).dates_found == {date(1974, 8, 12)}


def test_one_contradiction_among_legible_lines_is_the_documents_fault() -> None:
    assert _codes(_without("Müller-Eriksson", plus=("Forgery",))) == ["printed_name_differs"]
    assert _codes(_without("L898902C3", plus=("X111111C1",))) == ["printed_number_differs"]
    assert _codes(_without("12 AUG 1974", plus=("13 AUG 1974",))) == ["printed_date_differs"]


def test_several_missing_lines_are_the_photos_fault() -> None:
    with pytest.raises(DocumentUnreadable, match="print_unreadable"):
        _codes(_without("Müller-Eriksson", "12 AUG 1974"))


def test_a_name_that_is_almost_the_same_is_looked_at_again_and_never_accepted() -> None:
    with pytest.raises(DocumentUnreadable, match="name_unclear"):
        _codes(_without("Müller-Eriksson", plus=("Müller-Erikssen",)))


@pytest.mark.parametrize(
    ("wanted", "seen", "given_back"),
    [
        ("SVEN AAKE", "Sven Äke", "Sven Åke"),
        ("SVEN AAKE", "SvenAke", "Sven Åke"),
        ("SOERENSEN", "Sørensen", "Sørensen"),
        ("SOERENSEN", "Sorensen", "Soerensen"),
        ("LUE", "Lu", "Lü"),
        ("MICHAEL", "Michael", "Michael"),
        ("OBRIEN", "O'Brien", "O'Brien"),
    ],
)
def test_accents_that_ocr_lost_come_back_where_the_zone_proves_them(wanted: str, seen: str, given_back: str) -> None:
    assert printed.match([seen], Expected(wanted, "", "A1", ())).surname == given_back


def test_a_mended_number_is_not_borne_out_by_look_alikes_but_for_o_and_zero() -> None:
    doubtful = Expected(**(EXPECTED.__dict__ | {"document_number": "LO82", "number_is_doubtful": True}))
    assert printed.match(["L082"], doubtful).number_found
    assert not printed.match(["L0B2"], doubtful).number_found
    assert printed.match(["L0B2"], Expected(**(EXPECTED.__dict__ | {"document_number": "LO82"}))).number_found


def test_a_number_that_begins_like_a_licences_label_is_found() -> None:
    expected = Expected(**(EXPECTED.__dict__ | {"document_number": "7RKEFZCGZ"}))
    assert _codes(_without("L898902C3", plus=("7RKEFZCGZ",)), expected) == []


def test_somebody_without_given_names_is_complete() -> None:
    expected = Expected("SUKARNO", "", "A1", (date(1974, 8, 12),))
    assert _codes(["Sukarno", "A1", "12 AUG 1974"], expected) == []


def test_a_stroke_that_ocr_lost_is_not_made_up() -> None:
    """OE may stand for Ö or Ø: where the print was read with neither, the zone's own letters are what is certain."""
    expected = Expected("SOERENSEN", "OEYVIND", "L898902C3", (date(1974, 8, 12), date(2032, 4, 15)))
    found = printed.match(["SORENSEN", "Oyvind"], expected)
    assert (found.surname, found.given_names) == ("Soerensen", "Oeyvind")
    found = printed.match(["Sørensen", "Øyvind"], expected)
    assert (found.surname, found.given_names) == ("Sørensen", "Øyvind")
