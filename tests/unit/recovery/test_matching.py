"""Facts 1.5: what matches and what does not. Pure rules, no database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_portal.recovery.matching import Confidence, Name, match, names_match, normalised

EXACT, RELAXED = Confidence.EXACT, Confidence.RELAXED


@pytest.mark.parametrize(
    ("presented", "directory", "exact", "relaxed"),
    [
        (Name("Ana", "Silva"), Name("Ana", "Silva"), True, True),
        (Name("ANA", "SILVA"), Name("Ana", "Silva"), True, True),
        (Name("  Ana ", "Silva"), Name("Ana", " Silva"), True, True),
        (Name("Rene\u0301", "Dupont"), Name("Ren\u00e9", "Dupont"), True, True),
        (Name("Jo\u00df", "Weiss"), Name("Joss", "Weiss"), True, True),
        (Name("Ana  Maria", "Silva"), Name("Ana Maria", "Silva"), True, False),
        (Name("Maria Elena", "Garcia Lopez"), Name("Maria", "Garcia"), False, True),
        (Name("Ana Silva", ""), Name("Ana", "Silva"), False, True),
        (Name("Silva", "Ana"), Name("Ana", "Silva"), False, True),
        (Name("Mary Ann", "Lee"), Name("Mary Ann", "Lee"), True, False),
        (Name("Jonathan", "Lee"), Name("John", "Lee"), False, False),
        (Name("Muller", "Lee"), Name("M\u00fcller", "Lee"), False, False),
        (Name("Ana", "Silva"), Name("Ana", "Costa"), False, False),
    ],
)
def test_names_match_as_the_level_says(presented: Name, directory: Name, exact: bool, relaxed: bool) -> None:
    assert names_match(presented, directory, EXACT) is exact
    assert names_match(presented, directory, RELAXED) is relaxed


@pytest.mark.parametrize("confidence", Confidence)
@pytest.mark.parametrize(
    ("presented", "directory"),
    [
        (Name("Ana", "Silva"), Name("", "Silva")),
        (Name("Ana", "Silva"), Name("Ana", "   ")),
        (Name("", ""), Name("", "")),
        (Name("", ""), Name("Ana", "Silva")),
        (Name("\u2003", "\u00a0"), Name("\u2003", "\u00a0")),
    ],
)
def test_a_blank_name_never_matches(confidence: Confidence, presented: Name, directory: Name) -> None:
    found = match(presented, directory, others=[], confidence=confidence)
    assert (found.matched, found.reason) == (False, "name_blank")


@pytest.mark.parametrize("confidence", Confidence)
def test_a_name_that_fits_two_people_confirms_neither(confidence: Confidence) -> None:
    found = match(Name("Ana", "Silva"), Name("Ana", "Silva"), others=[Name("ana", "SILVA")], confidence=confidence)
    assert (found.matched, found.reason, found.detail["homonyms"]) == (False, "homonym", "1")


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u200d", "\u2060", "\u200f", "\u202e", "\ufeff"])
@pytest.mark.parametrize("confidence", Confidence)
def test_a_character_that_nobody_sees_hides_no_homonym_and_makes_no_match(confidence: Confidence, hidden: str) -> None:
    plain, odd = Name("Ana", "Silva"), Name(f"A{hidden}na", f"Silva{hidden}")
    assert match(plain, plain, others=[odd], confidence=confidence).reason == "homonym"
    assert match(odd, odd, others=[plain], confidence=confidence).reason == "homonym"
    assert match(plain, odd, others=[], confidence=confidence).reason == "name_mismatch"


def test_somebody_else_among_the_words_of_a_relaxed_match_is_a_homonym() -> None:
    presented = Name("Maria Elena", "Garcia Lopez")
    found = match(presented, Name("Maria", "Garcia"), others=[Name("Elena", "Lopez")], confidence=RELAXED)
    assert found.reason == "homonym"


def test_the_operator_reads_which_field_failed_and_no_name() -> None:
    found = match(Name("Jonathan", "Lee"), Name("John", "Lee"), others=[], confidence=EXACT)
    assert found.detail == {
        "confidence": "exact",
        "givenName": "different",
        "surname": "equal",
        "wouldMatch": "exact+nicknames relaxed+nicknames",
    }


@given(st.text(), st.text())
def test_whatever_matches_exactly_is_equal_after_normalising(given_name: str, family: str) -> None:
    presented, directory = Name(given_name, family), Name(f" {given_name}", family.upper())
    expected = (
        bool(normalised(given_name))
        and bool(normalised(family))
        and normalised(directory.given) == normalised(given_name)
        and normalised(directory.family) == normalised(family)
    )
    assert names_match(presented, directory, EXACT) is expected


@given(st.text())
def test_normalising_twice_changes_nothing(value: str) -> None:
    assert normalised(normalised(value)) == normalised(value)
