"""The machine-readable zone: Doc 9303's own examples, both ways, and what OCR does to it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.provider.document import mrz, mrz_repair
from idv.provider.document.mrz import TD1, TD2, TD3, Zone

PASSPORT = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
CARD = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(("text", "digit"), [("520727", "3"), ("AB2134<<<", "5"), ("L898902C3", "6"), ("<<<", "0")])
def test_check_digits_are_those_of_doc_9303(text: str, digit: str) -> None:
    assert mrz.check_digit(text) == digit


def test_it_reads_the_passport_of_doc_9303() -> None:
    zone = Zone(TD3, PASSPORT)
    assert zone.failed_checks == ()
    assert (zone.surname, zone.given_names) == ("ERIKSSON", "ANNA MARIA")
    assert (zone.document_code, zone.issuing_country, zone.nationality) == ("P", "UTO", "UTO")
    assert (zone.document_number, zone.personal_number, zone.sex) == ("L898902C3", "ZE184226B", "F")
    assert zone.date_of_birth(TODAY) == date(1974, 8, 12)
    assert zone.date_of_expiry() == date(2012, 4, 15)


def test_it_reads_the_card_of_doc_9303() -> None:
    zone = Zone(TD1, CARD)
    assert zone.failed_checks == ()
    assert (zone.surname, zone.given_names, zone.document_number) == ("ERIKSSON", "ANNA MARIA", "D23145890")


LARGE_CARD = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")


def test_it_reads_and_composes_the_large_card_of_doc_9303() -> None:
    zone = Zone(TD2, LARGE_CARD)
    assert zone.failed_checks == ()
    assert (zone.surname, zone.given_names, zone.document_number) == ("ERIKSSON", "ANNA MARIA", "D23145890")
    composed = mrz.compose(
        TD2, code="I", issuer="UTO", surname="Eriksson", given_names="Anna Maria", number="D23145890",
        nationality="UTO", born=date(1974, 8, 12), sex="F", expires=date(2012, 4, 15),
    )  # fmt: skip
    assert composed.lines == LARGE_CARD


@pytest.mark.parametrize("name", ["number", "birth", "expiry", "composite"])
def test_every_check_digit_of_a_large_card_is_checked(name: str) -> None:
    zone = Zone(TD2, LARGE_CARD)
    _, position = TD2.checks[name]
    wrong = mrz.replaced(zone, position, str((int(zone.at(position)) + 1) % 10))
    assert name in wrong.failed_checks


def test_a_passport_is_no_large_card() -> None:
    """Cut to 36 characters, a passport without personal number passes a TD2's check digits; its code gives it away."""
    lower = "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<08"
    zone = mrz_repair.settled((PASSPORT[0], lower), TD2)
    assert zone is None or zone.document_code == "P"


def test_it_composes_what_doc_9303_prints() -> None:
    common = {"issuer": "UTO", "surname": "Eriksson", "given_names": "Anna Maria", "nationality": "UTO"}
    dates = {"born": date(1974, 8, 12), "sex": "F", "expires": date(2012, 4, 15)}
    passport = mrz.compose(TD3, code="P", number="L898902C3", personal_number="ZE184226B", **common, **dates)
    card = mrz.compose(TD1, code="I", number="D23145890", **common, **dates)
    assert passport.lines == PASSPORT
    assert card.lines == CARD


def test_a_card_number_longer_than_its_field_goes_on_in_the_optional_data() -> None:
    # Doc 9303-5, 4.2.4 note j: D23145890 + 7348, check digit 4 (the example of appendix B).
    upper = "I<UTOD23145890<7349<<<<<<<<<<<"
    zone = Zone(TD1, (upper, CARD[1], CARD[2]))
    assert zone.document_number == "D23145890734"
    assert ("number" in zone.failed_checks) == (mrz.check_digit("D23145890734") != "9")


@pytest.mark.parametrize("name", ["number", "birth", "expiry", "optional", "composite"])
def test_every_check_digit_of_a_passport_is_checked(name: str) -> None:
    zone = Zone(TD3, PASSPORT)
    _, position = TD3.checks[name]
    wrong = mrz.replaced(zone, position, str((int(zone.at(position)) + 1) % 10))
    assert name in wrong.failed_checks


@pytest.mark.parametrize("name", ["number", "birth", "expiry", "composite"])
def test_every_check_digit_of_a_card_is_checked(name: str) -> None:
    zone = Zone(TD1, CARD)
    _, position = TD1.checks[name]
    wrong = mrz.replaced(zone, position, str((int(zone.at(position)) + 1) % 10))
    assert name in wrong.failed_checks


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("Müller-Eriksson", "MUELLER<ERIKSSON"),
        ("O'Brien", "OBRIEN"),
        ("Sørensen", "SOERENSEN"),
        ("Groß", "GROSS"),
        ("Łukasz", "LUKASZ"),
        ("Gonçalves", "GONCALVES"),
        ("  Anna   Maria ", "ANNA<MARIA"),
    ],
)
def test_names_are_written_as_doc_9303_asks(printed: str, written: str) -> None:
    assert mrz.transliterate(printed) == written


def test_a_birth_year_is_never_in_the_future() -> None:
    zone = Zone(TD3, (PASSPORT[0], PASSPORT[1].replace("7408122", "3008128")))
    assert zone.date_of_birth(TODAY).year == 1930
    assert zone.date_of_birth(date(2031, 1, 1)).year == 2030


def test_long_names_are_cut_and_say_so() -> None:
    zone = mrz.compose(
        TD1, code="I", issuer="UTO", surname="Nilavadhanananda", given_names="Chayapa Dejthamrong", number="A",
        nationality="UTO", born=date(1980, 1, 1), sex="X", expires=date(2030, 1, 1),
    )  # fmt: skip
    assert len(zone.lines[2]) == 30
    assert zone.names_may_be_truncated


def test_zones_of_the_wrong_size_are_refused() -> None:
    with pytest.raises(ValueError, match="44"):
        Zone(TD3, CARD)
    with pytest.raises(ValueError, match="at most 9"):
        mrz.compose(
            TD3, code="P", issuer="UTO", surname="A", given_names="B", number="0123456789", nationality="UTO",
            born=date(1980, 1, 1), sex="X", expires=date(2030, 1, 1),
        )  # fmt: skip


@given(
    surname=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=36),
    number=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=9),
    born=st.dates(date(1930, 1, 1), date(2020, 1, 1)),
    expires=st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    layout=st.sampled_from([TD3, TD1, TD2]),
)
def test_whatever_is_composed_reads_back(
    surname: str, number: str, born: date, expires: date, layout: mrz.Layout
) -> None:
    zone = mrz.compose(
        layout, code="P", issuer="UTO", surname=surname, given_names="Kim", number=number, nationality="UTO",
        born=born, sex="X", expires=expires,
    )  # fmt: skip
    assert zone.failed_checks == ()
    assert zone.document_number == number
    assert zone.date_of_birth(TODAY) == born
    assert zone.date_of_expiry() == expires
    assert surname.startswith(zone.surname)


def test_what_the_format_settles_is_settled() -> None:
    seen = ("P<UT0ERIKSS0N<<ANNA<MARIA<<<<<<<<<<<<<<K<", "L898902C36UT074O8I22F12O4I59ZE184226B<<<<<1O")
    zone = mrz_repair.settled(seen, TD3)
    assert zone is not None
    assert (zone.issuing_country, zone.surname, zone.lines[1]) == ("UTO", "ERIKSSON", PASSPORT[1])


def test_miscounted_fillers_are_counted_anew() -> None:
    zone = mrz_repair.settled(("P<UTOERIKSSON<<ANNA<MARIA<<<", PASSPORT[1].replace("<<<<<", "<<<")), TD3)
    assert zone is not None
    assert zone.lines == PASSPORT


def test_a_missing_character_that_is_no_filler_cannot_be_settled() -> None:
    solid = "L898902C36UTO7408122F1204159ZE184226B12345910"[:44]
    assert mrz_repair.settled((PASSPORT[0], solid[1:]), TD3) is None


def _with_number(number: str) -> Zone:
    return Zone(TD3, (PASSPORT[0], PASSPORT[1].replace("L898902C3", number)))


def test_a_look_alike_in_the_number_is_mended_where_every_check_digit_agrees() -> None:
    zone = Zone(TD3, (PASSPORT[0], PASSPORT[1].replace("L898902C3", "L8989O2C3")))
    found = mrz_repair.readings(zone)
    assert "L898902C3" in [one.document_number for one in found]
    assert all(not one.failed_checks for one in found)


def test_all_repairs_are_shown_when_the_check_digit_leaves_a_choice() -> None:
    """An early version took the first one, and one wrong number in sixty got through."""
    zone = Zone(TD3, (PASSPORT[0], PASSPORT[1].replace("L898902C3", "L89890ZC3")))
    assert {"L898902C3", "LB9890ZC3"} <= {one.document_number for one in mrz_repair.readings(zone)}


def test_a_wrong_check_digit_beside_look_alikes_is_not_yet_the_documents_fault() -> None:
    zone = Zone(TD3, (PASSPORT[0], PASSPORT[1].replace("L898902C36", "L898902C37")))
    assert mrz_repair.look_alikes_may_explain(zone)
    assert not mrz_repair.look_alikes_may_explain(Zone(TD3, (PASSPORT[0], PASSPORT[1].replace("7408122", "7408123"))))


def test_a_valid_zone_comes_first_among_its_readings() -> None:
    zone = Zone(TD3, PASSPORT)
    found = mrz_repair.readings(zone)
    assert found[0] == zone
    assert not any(one.failed_checks for one in found)


def test_swaps_that_cancel_in_a_check_digit_are_not_overlooked() -> None:
    """O7OGIA0RO and O70GIAOR0 share every check digit, and OCR once took the one for the other."""
    common = {"issuer": "UTO", "surname": "Smith", "given_names": "Anna", "nationality": "UTO", "sex": "F"}
    dates = {"born": date(1952, 9, 23), "expires": date(2032, 12, 5)}
    meant, seen = (
        mrz.compose(TD2, code="I", number=number, **common, **dates) for number in ("O7OGIA0RO", "O70GIAOR0")
    )
    assert seen.failed_checks == ()
    assert meant in mrz_repair.readings(seen)


def test_a_look_alike_in_the_optional_data_is_not_the_documents_fault() -> None:
    """Only the composite check digit covers a card's optional data, and a misread O there once refused people."""
    zone = mrz.compose(
        TD2, code="I", issuer="UTO", surname="A", given_names="B", number="CH4953997", nationality="UTO",
        born=date(1980, 1, 1), sex="X", expires=date(2030, 1, 1), personal_number="5L4GK3O",
    )  # fmt: skip
    misread = Zone(TD2, (zone.lines[0], zone.lines[1].replace("GK3O", "GK30")))
    assert misread.failed_checks == ("composite",)
    assert zone in mrz_repair.readings(misread)
    assert mrz_repair.look_alikes_may_explain(misread)


def test_a_wrong_birth_date_digit_is_never_guessed() -> None:
    zone = Zone(TD3, (PASSPORT[0], PASSPORT[1].replace("7408122", "7403122")))
    assert mrz_repair.readings(zone) == []


@pytest.mark.parametrize("seen", ["«", "（（", "《《", "{<"])
def test_brackets_of_any_script_are_fillers(seen: str) -> None:
    assert mrz_repair.cleaned(f"A{seen}B") == "A<<B"
