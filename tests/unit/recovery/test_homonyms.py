"""The quick answer about a whole directory is the slow one."""

from hypothesis import given
from hypothesis import strategies as st

from recovery_portal.recovery.homonyms import Directory, Entry
from recovery_portal.recovery.matching import Confidence, Name, names_match
from recovery_portal.recovery.name_rules import Rule

WORDS = ["bob", "Robert", "MÜLLER", "mueller", "Anne-Marie", "Anne", "Marie", "O'Neil", "ONEIL", "Иван", "ivan", "rené"]
_words = st.lists(st.sampled_from(WORDS), min_size=0, max_size=2).map(" ".join)
_names = st.lists(st.builds(Name, _words, _words), min_size=1, max_size=6)


@given(_names, st.sampled_from(Confidence), st.frozensets(st.sampled_from(Rule)))
def test_it_finds_whoever_the_match_would_find(
    names: list[Name], confidence: Confidence, rules: frozenset[Rule]
) -> None:
    entries = [Entry(number, name) for number, name in enumerate(names)]
    directory = Directory(entries, rules)
    for entry in entries:
        slowly = any(
            names_match(entry.name, other.name, confidence, rules) for other in entries if other.key != entry.key
        )
        assert directory.others_fit(entry, confidence) == slowly


def test_whoever_differs_in_an_attribute_that_must_agree_is_told_apart() -> None:
    twins = [Entry(1, Name("Ana", "Silva"), ("1990",)), Entry(2, Name("ANA", "silva"), ("1991",))]
    assert not Directory(twins).others_fit(twins[0], Confidence.EXACT)
    assert Directory([*twins, Entry(3, Name("Ana", "Silva"), ("1990",))]).others_fit(twins[0], Confidence.EXACT)
