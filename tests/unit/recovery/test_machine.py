"""The table of states and events: total, closed, and the same everywhere it is written down."""

import itertools
from pathlib import Path

import pytest

from recovery_portal.kit.machine import IllegalTransition
from recovery_portal.recovery.machine import AUDIT, GRANTED, TABLE, TERMINAL, Event, State, as_mermaid
from recovery_portal.recovery.pages import PAGE_BY_STATE, Page
from tests.fakes.recovery import path_to

PAIRS = list(itertools.product(State, Event))


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_is_either_in_the_table_or_refused(state: State, event: Event) -> None:
    if (state, event) in TABLE.transitions:
        assert TABLE.next_state(state, event) in State
    else:
        with pytest.raises(IllegalTransition):
            TABLE.next_state(state, event)


def test_nothing_leaves_a_terminal_state() -> None:
    assert not [pair for pair in TABLE.transitions if pair[0] in TERMINAL]


def test_every_active_state_can_be_left_and_ended() -> None:
    for state in TABLE.active:
        for event in (Event.LIFETIME_ENDED, Event.USER_CANCELLED, Event.OPERATOR_CANCELLED, Event.OWNER_DISOWNED):
            assert TABLE.next_state(state, event) in {State.EXPIRED, State.CANCELLED}


@pytest.mark.parametrize("state", State)
def test_every_state_is_reached_from_the_start(state: State) -> None:
    assert isinstance(path_to(state), list)


def test_every_event_is_used_and_named_in_the_audit() -> None:
    used = {event for _, event in TABLE.transitions} | {Event.STARTED}
    assert used == set(Event) == set(AUDIT)


def test_a_pass_is_reached_only_through_provider_presentation_face_and_match_or_an_operators_word() -> None:
    needed = {
        Event.PROVIDER_VERIFIED,
        Event.PRESENTATION_VERIFIED,
        Event.FACE_CHECK_PASSED,
    }
    for cut in needed:
        reached, queue = {TABLE.initial}, [TABLE.initial]
        while queue:
            here = queue.pop()
            for (source, event), target in TABLE.transitions.items():
                if source is here and event not in {cut, Event.ASSISTANCE_GRANTED} and target not in reached:
                    reached.add(target)
                    queue.append(target)
        assert not reached & GRANTED, f"a pass without {cut}"
    granted = [pair for pair in TABLE.transitions if pair[1] is Event.ASSISTANCE_GRANTED]
    assert granted == [(State.AWAITING_ASSISTANCE, Event.ASSISTANCE_GRANTED)]


def test_every_state_has_a_page_and_every_page_a_state() -> None:
    assert set(PAGE_BY_STATE) == set(State)
    assert {page for pages in PAGE_BY_STATE.values() for page in (pages.here, pages.elsewhere)} == set(Page)


def test_the_drawing_names_every_state_and_every_event() -> None:
    drawing = as_mermaid()
    assert drawing.startswith("stateDiagram-v2")
    for state in State:
        assert state.value in drawing
    for event in set(Event) - {Event.STARTED}:
        assert event.value in drawing


def test_the_drawing_in_the_readme_is_the_table() -> None:
    readme = Path(__file__).resolve().parents[3] / "README.md"
    assert as_mermaid() in readme.read_text(encoding="utf-8")
