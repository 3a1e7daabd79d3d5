"""The table of the proofing: total, reachable, and the database agrees with it."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from idv.provider.errors import ProofingMoved
from idv.provider.machine import TABLE, Event, State
from idv.provider.models import ProofingSession, RelyingParty
from recovery_portal.kit.machine import IllegalTransition
from tests.flow.test_provider_skip_ahead import at_state


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_pair_is_allowed_or_refused(state, event):
    if (state, event) in TABLE.transitions:
        assert TABLE.next_state(state, event) in State
    else:
        with pytest.raises(IllegalTransition):
            TABLE.next_state(state, event)


def test_nothing_leaves_an_end_and_every_state_is_reached_and_every_event_used():
    assert not [pair for pair in TABLE.transitions if pair[0] in TABLE.terminal]
    assert {TABLE.initial, *TABLE.transitions.values()} == set(State)
    assert {event for _, event in TABLE.transitions} == set(Event)


def test_nothing_is_issued_but_after_verification():
    before = {source for (source, event), target in TABLE.transitions.items() if target is State.VERIFIED}
    assert before == {State.CHECKING, State.IN_REVIEW}
    assert {s for (s, e) in TABLE.transitions if e is Event.CREDENTIAL_ISSUED} == {State.OFFERED}
    assert {s for (s, e) in TABLE.transitions if e is Event.OFFER_MADE} == {State.VERIFIED}


@pytest.fixture
def party(db):
    return RelyingParty.objects.create(
        client_id="p", name="P", redirect_uris=["http://p.test/"], jwks={"keys": []}, created_at=timezone.now()
    )


def test_the_second_of_two_writers_is_told_and_nothing_is_written(party):
    first = at_state(party, State.DOCUMENT_TIPS)
    second = ProofingSession.objects.get(pk=first.pk)
    first.apply(Event.DOCUMENT_TIPS_READ, at=timezone.now())
    with pytest.raises(ProofingMoved):
        second.apply(Event.DOCUMENT_TIPS_READ, at=timezone.now())
    assert first.events.count() == 1


def test_the_database_refuses_unknown_states_and_issuing_to_nobody_verified(party):
    proofing = at_state(party, State.CHECKING)
    for changes in ({"state": "somewhere"}, {"state": "offered"}, {"state": "issued", "verdict": "declined"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProofingSession.objects.filter(pk=proofing.pk).update(**changes)


def test_what_was_sealed_for_one_proofing_opens_in_no_other_and_not_after_the_end(party):
    from recovery_portal.kit.vault import VaultError

    one, other = at_state(party, State.SELFIE), at_state(party, State.SELFIE)
    sealed = one.seal(b"face", purpose="photo-frontal")
    assert one.open(sealed, purpose="photo-frontal") == b"face"
    for opener, purpose in ((other, "photo-frontal"), (one, "photo-front")):
        with pytest.raises(VaultError):
            opener.open(sealed, purpose=purpose)
    one.personal_key = b""
    with pytest.raises(VaultError):
        one.open(sealed, purpose="photo-frontal")
