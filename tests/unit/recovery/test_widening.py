"""What counts as more: somebody who could not recover can, or by less proof. Asked of everybody there could be."""

from dataclasses import replace
from itertools import chain, combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_portal.recovery.widening import Reach, Standing, Wider, widened

A, B, C = (UUID(int=n) for n in range(1, 4))
NOBODY: frozenset[UUID] = frozenset()
STRICT = Standing(
    in_production=True,
    everybody=False,
    groups=frozenset({A}),
    provider="one",
    confidence="exact",
    threshold=70,
    rules=frozenset(),
    bindings=frozenset({"dateOfBirth"}),
    extension="hr",
    still_head_allowed=False,
    assistance="twoOperators",
    high_assurance=True,
    reveals_in_starting_browser=False,
)
LOOSER: dict[Wider, dict[str, object]] = {
    Wider.PEOPLE: {"groups": frozenset({A, B})},
    Wider.PROVIDER: {"provider": "two"},
    Wider.CONFIDENCE: {"confidence": "relaxed"},
    Wider.THRESHOLD: {"threshold": 69},
    Wider.RULES: {"rules": frozenset({"nicknames"})},
    Wider.BINDINGS: {"bindings": NOBODY},
    Wider.EXTENSION: {"extension": ""},
    Wider.STILL_HEAD: {"still_head_allowed": True},
    Wider.ASSISTANCE: {"assistance": "oneOperator"},
    Wider.ONE_READER: {"high_assurance": False},
    Wider.REVEAL: {"reveals_in_starting_browser": True},
}


def reach(*profiles: Standing, excluded: frozenset[UUID] = NOBODY) -> Reach:
    return Reach(profiles, excluded)


def loose(**fields: object) -> Standing:
    return replace(STRICT, **{"threshold": 50, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("way", Wider)
def test_each_way_is_told_and_the_way_back_is_free(way: Wider) -> None:
    wider = replace(STRICT, **LOOSER[way])  # type: ignore[arg-type]
    assert widened(reach(STRICT), reach(wider)) == {way}
    back = widened(reach(wider), reach(STRICT))
    # Another provider or extension is another one in either direction.
    assert back == ({way} if way in {Wider.PROVIDER, Wider.EXTENSION} else set())


def test_an_extension_taken_on_is_told_as_it_decides_on_namesakes() -> None:
    assert widened(reach(replace(STRICT, extension="")), reach(STRICT)) == {Wider.EXTENSION}


@pytest.mark.parametrize(
    "after",
    [
        reach(),
        reach(replace(STRICT, in_production=False)),
        reach(replace(STRICT, in_production=False, groups=frozenset({A, B, C}), threshold=50)),
        reach(STRICT, excluded=frozenset({A})),
        reach(STRICT, replace(STRICT, groups=frozenset({A}), threshold=50)),  # never asked
        reach(loose(in_production=False), STRICT),
    ],
)
def test_less_is_free(after: Reach) -> None:
    assert not widened(reach(STRICT), after)


def test_to_production_and_out_of_an_exclusion_people_gain() -> None:
    assert widened(reach(replace(STRICT, in_production=False)), reach(STRICT)) == {Wider.PEOPLE}
    assert widened(reach(STRICT, excluded=frozenset({B})), reach(STRICT)) == {Wider.PEOPLE}
    # Whoever was excluded and would get nowhere gains nothing.
    assert not widened(reach(excluded=frozenset({B})), reach())


@pytest.mark.parametrize(
    "after",
    [
        reach(loose(groups=frozenset({A})), STRICT),  # a looser one before it
        reach(loose(groups=frozenset({A}))),  # the stricter one gone
        reach(replace(STRICT, groups=frozenset({B})), loose(groups=frozenset({A}))),  # or for others
    ],
)
def test_a_looser_profile_that_comes_to_win_is_less_proof(after: Reach) -> None:
    assert Wider.THRESHOLD in widened(reach(STRICT, loose(groups=frozenset({A}))), after)


def test_in_evaluation_a_profile_shields_the_people_it_wins_for() -> None:
    shield = replace(STRICT, in_production=False)
    assert widened(reach(shield, loose()), reach(loose())) == {Wider.PEOPLE}


_GROUPS = st.frozensets(st.sampled_from([A, B, C]), max_size=3)
_PROFILES = st.builds(
    replace,
    st.just(STRICT),
    in_production=st.booleans(),
    everybody=st.booleans(),
    groups=_GROUPS,
    threshold=st.sampled_from([50, 70]),
)
_REACHES = st.builds(Reach, st.lists(_PROFILES, max_size=3).map(tuple), _GROUPS)


def _for(somebody: frozenset[UUID], at: Reach) -> int:
    """0 for nobody's pass, else the less proof the more."""
    if somebody & at.excluded:
        return 0
    winner = next((p for p in at.profiles if p.everybody or p.groups & somebody), None)
    return 0 if winner is None or not winner.in_production else {70: 1, 50: 2}[winner.threshold]


@given(_REACHES, _REACHES)
def test_it_says_what_asking_everybody_says(before: Reach, after: Reach) -> None:
    people = [frozenset(who) for who in chain.from_iterable(combinations([A, B, C], n) for n in range(4))]
    # Whoever is in no group that is named at all is somebody, too: the empty set stands for them.
    assert bool(widened(before, after)) == any(_for(who, after) > _for(who, before) for who in people)
