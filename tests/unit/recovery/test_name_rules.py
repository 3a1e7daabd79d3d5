"""Each rule by itself, off until asked for, and named when it decided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_portal.recovery.matching import Confidence, Name, match, names_match, normalised, word_by_word
from recovery_portal.recovery.name_rules import NO_RULES, Rule, forms, transliterations, without_diacritics

EXACT, RELAXED = Confidence.EXACT, Confidence.RELAXED
D, T, N, M = Rule.DIACRITICS, Rule.TRANSLITERATION, Rule.NICKNAMES, Rule.MULTI_WORD


@pytest.mark.parametrize(
    ("presented", "directory", "confidence", "rule"),
    [
        (Name("Rene", "Dupont"), Name("René", "Dupont"), EXACT, D),
        (Name("Søren", "Łukasz"), Name("Soren", "Lukasz"), EXACT, D),
        (Name("Άννα", "Σκούρα"), Name("Αννα", "Σκουρα"), EXACT, D),
        (Name("JUERGEN", "MUELLER"), Name("Jürgen", "Müller"), EXACT, T),
        (Name("Jürgen", "Müller"), Name("Juergen", "Mueller"), EXACT, T),
        (Name("SOEREN", "AABERG"), Name("Søren", "Åberg"), EXACT, T),
        (Name("PENXXA", "LEE"), Name("Peña", "Lee"), EXACT, T),
        (Name("IVAN", "SHCHERBAKOV"), Name("Иван", "Щербаков"), EXACT, T),
        (Name("OCONNOR", "ANNE MARIE"), Name("O'Connor", "Anne-Marie"), EXACT, T),
        (Name("Robert", "Lee"), Name("Bob", "Lee"), EXACT, N),
        (Name("Bob", "Lee"), Name("Robert", "Lee"), EXACT, N),
        (Name("Jonathan Paul", "Lee"), Name("John", "Lee"), RELAXED, N),
        (Name("Jonathan Paul", "Lee"), Name("John Paul", "Lee"), EXACT, N),
        (Name("Mary Ann", "Lee"), Name("Mary Ann", "Lee"), RELAXED, M),
        (Name("Maria Jose Ana", "Garcia Lopez"), Name("Maria Ana", "Garcia Lopez"), RELAXED, M),
        (Name("Anne Marie", "Lee"), Name("Anne-Marie", "Lee"), RELAXED, M),
    ],
)
def test_a_rule_makes_equal_what_nothing_else_does(
    presented: Name, directory: Name, confidence: Confidence, rule: Rule
) -> None:
    assert not names_match(presented, directory, confidence)
    assert names_match(presented, directory, confidence, frozenset({rule}))
    found = match(presented, directory, others=[], confidence=confidence, rules=frozenset(Rule))
    assert found.matched
    assert found.detail["decidedBy"] == rule
    refused = match(presented, directory, others=[], confidence=confidence)
    assert f"{confidence.value}+{rule.value}" in refused.detail["wouldMatch"].split()


@pytest.mark.parametrize("confidence", Confidence)
@pytest.mark.parametrize(
    ("presented", "directory"),
    [
        (Name("Peggy", "Lee"), Name("Maggie", "Lee")),  # two nicknames of one name are two names
        (Name("Lee", "Bob"), Name("Lee", "Robert")),  # a surname has no nickname
        (Name("Mueller", "Lee"), Name("Muller", "Lee")),
        (Name("Ann", "Lee"), Name("Mary Ann", "Lee")),
        (Name("इ", "Lee"), Name("ई", "Lee")),
        (Name("王", "Lee"), Name("李", "Lee")),
        (Name("й", "Lee"), Name("и", "Lee")),
        (Name("", "Lee"), Name("", "Lee")),
    ],
)
def test_what_no_rule_makes_equal(presented: Name, directory: Name, confidence: Confidence) -> None:
    everything = frozenset(Rule) - ({T} if presented.given == "й" else set())
    assert not names_match(presented, directory, confidence, everything)


def test_the_fewest_rules_that_were_needed_are_named() -> None:
    found = match(Name("ROBERT", "MUELLER"), Name("Bob", "Müller"), others=[], confidence=EXACT, rules=frozenset(Rule))
    assert found.detail["decidedBy"] == "nicknames transliteration"


def test_nothing_is_named_where_no_rule_was_needed() -> None:
    found = match(Name("Ana", "Silva"), Name("Ana", "Silva"), others=[], confidence=EXACT, rules=frozenset(Rule))
    assert "decidedBy" not in found.detail


def test_somebody_else_who_fits_by_a_rule_is_a_homonym() -> None:
    """A rule that helps one person must not let in another."""
    presented, directory = Name("Robert", "Lee"), Name("Robert", "Lee")
    alone = match(presented, directory, others=[Name("Bob", "Lee")], confidence=EXACT)
    assert alone.matched
    found = match(presented, directory, others=[Name("Bob", "Lee")], confidence=EXACT, rules=frozenset({N}))
    assert (found.matched, found.reason) == (False, "homonym")


def test_the_operator_sees_word_by_word_which_rule_helped() -> None:
    words = word_by_word(Name("Robert", "MUELLER"), Name("Bob", "Müller"), frozenset(Rule))
    assert words == [("robert", ("givenName (nicknames)",)), ("mueller", ("surname (transliteration)",))]


@given(st.text(), st.text(), st.sampled_from(Confidence), st.frozensets(st.sampled_from(Rule)))
def test_rules_only_ever_add(given_name: str, family: str, confidence: Confidence, rules: frozenset[Rule]) -> None:
    presented, directory = Name(given_name, family), Name(family, given_name)
    if names_match(presented, directory, confidence):
        assert names_match(presented, directory, confidence, rules)


@given(st.text())
def test_no_text_breaks_a_rule(text: str) -> None:
    word = normalised(text)
    assert word in forms(word, frozenset(Rule), is_given=True) or not word
    assert all(form for form in transliterations(word))
    assert without_diacritics(without_diacritics(word)) == without_diacritics(word)
    assert forms(word, NO_RULES, is_given=True) <= {word}
