"""The decision as a task: leased, idempotent, found again when lost, and free of images afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from idv.face.errors import EngineUnavailable
from idv.provider import policy
from idv.provider.document import DocumentUnreadable
from idv.provider.flows import deciding, housekeeping, steps
from idv.provider.machine import State
from idv.provider.models import Photo, ProofingDecision, ProofingSession, RelyingParty
from recovery_portal.kit.images import AcceptedImage
from tests.fakes import faces
from tests.fakes.proofing import document_card
from tests.flow.test_provider_skip_ahead import at_state


class _Broken:
    name = version = "broken"
    calibration = None

    def read(self, *args, **kwargs):
        raise EngineUnavailable("no models")


class _Cancelling:
    """A reader during whose work the person cancels."""

    def read(self, kind, images, *, at):
        steps.cancel(proofing=ProofingSession.objects.get(), at=at)
        from tests.fakes.proofing import CardReader

        return CardReader().read(kind, images, at=at)


class _Disagreeing:
    """A reader whose second opinion is another one."""

    def read(self, kind, images, *, at):
        raise DocumentUnreadable("readers_disagree", "A is not B")


@pytest.fixture
def sent(settings, db, monkeypatch):
    """Names of the tasks that were sent."""
    from recovery_portal.kit import queue

    settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    settings.LIVENESS_ENGINE = "idv.face.scripted.ScriptedLivenessEngine"
    settings.DOCUMENT_READER = "tests.fakes.proofing.CardReader"
    tasks: list[dict] = []
    monkeypatch.setattr(queue, "enqueue", lambda name, **ids: tasks.append({"name": name, **ids}))
    return tasks


@pytest.fixture
def checking(sent):
    party = RelyingParty.objects.create(
        client_id="p", name="P", redirect_uris=["http://p.test/"], jwks={"keys": []}, created_at=timezone.now()
    )
    proofing = at_state(party, State.DOCUMENT_PHOTOS)
    at = timezone.now()
    steps.submit_document(proofing=proofing, images={"front": AcceptedImage(document_card(), 1, 1)}, at=at)
    steps.read_selfie_tips(proofing=proofing, at=at)
    cue_cards = faces.capture(proofing.challenge, "alice")
    frames = {name: AcceptedImage(card, 1, 1) for name, card in cue_cards.items()}
    steps.submit_selfie(proofing=proofing, frames=frames, at=at)
    return proofing


def test_a_task_carries_ids_only(checking, sent):
    assert sent == [{"name": "idv.provider.tasks.decide", "proofing_id": str(checking.pk), "round": 1}]


def test_photos_wait_sealed(checking):
    for photo in Photo.objects.all():
        assert b"\xff\xd8\xff" not in bytes(photo.sealed)


def test_deciding_twice_decides_once(checking):
    at = timezone.now()
    assert deciding.decide(proofing_id=checking.pk, round=1, at=at) == "verified"
    assert deciding.decide(proofing_id=checking.pk, round=1, at=at) == ""
    assert ProofingDecision.objects.count() == 1
    assert not Photo.objects.exists()


def test_a_second_worker_stays_out_while_the_first_reports(checking):
    at = timezone.now()
    ProofingSession.objects.update(lease_until=at + policy.LEASE)
    assert deciding.decide(proofing_id=checking.pk, round=1, at=at) == ""
    assert deciding.decide(proofing_id=checking.pk, round=1, at=at + policy.LEASE) == "verified"


def test_a_lost_task_is_sent_again_by_the_page_and_by_the_sweeper(checking, sent):
    sent.clear()
    at = timezone.now()
    assert not deciding.ask_again_if_lost(proofing=checking, at=at), "it was sent a moment ago"
    later = at + policy.ENQUEUE_AGAIN_AFTER + timedelta(seconds=1)
    assert deciding.ask_again_if_lost(proofing=checking, at=later)
    assert not deciding.ask_again_if_lost(proofing=checking, at=later), "once"
    assert housekeeping.find_lost_work(at=later + policy.ENQUEUE_AGAIN_AFTER) == 1
    assert len(sent) == 2


def test_a_worker_that_works_is_not_lost(checking, sent):
    at = timezone.now() + policy.ENQUEUE_AGAIN_AFTER * 2
    ProofingSession.objects.update(lease_until=at + timedelta(seconds=1))
    assert not deciding.ask_again_if_lost(proofing=checking, at=at)


def test_our_own_fault_costs_the_person_no_try(checking, settings):
    settings.DOCUMENT_READER = "tests.unit.idv.provider.test_deciding._Broken"
    with pytest.raises(EngineUnavailable):
        deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now())
    checking.refresh_from_db()
    assert checking.state == State.CHECKING
    assert (checking.document_tries, checking.selfie_tries, checking.lease_until) == (0, 0, None)
    assert Photo.objects.count() == 1 + len(faces.capture(checking.challenge, "alice"))


def test_cancelling_in_the_middle_wins(checking, settings):
    settings.DOCUMENT_READER = "tests.unit.idv.provider.test_deciding._Cancelling"
    assert deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now()) == ""
    checking.refresh_from_db()
    assert checking.state == State.CANCELLED
    assert not ProofingDecision.objects.exists()
    assert not Photo.objects.exists()


def test_a_score_below_the_threshold_declines(checking, settings):
    settings.PROVIDER_FACE_MATCH_THRESHOLD = 101
    assert deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now()) == "declined"
    decision = ProofingDecision.objects.get()
    assert decision.checks.get(name="face_match").reason_code == "face_mismatch"
    assert decision.score is not None
    checking.refresh_from_db()
    assert (checking.document_sealed, checking.portrait_sealed) == (None, None)


def test_an_operator_can_read_every_check(checking):
    deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now())
    decision = ProofingDecision.objects.get()
    assert [check.name for check in decision.checks.all()] == [
        "document_readable", "check_digits", "document_no_screen", "country_as_chosen", "portrait_usable",
        "selfie_usable", "liveness", "selfie_no_screen", "face_match",
    ]  # fmt: skip
    assert (decision.engine, decision.threshold, decision.calibration) == ("scripted", 70, "scripted 1")


def test_the_purge_leaves_no_photo_older_than_a_day(checking):
    housekeeping.purge(at=timezone.now() + timedelta(hours=23))
    assert Photo.objects.exists()
    housekeeping.purge(at=timezone.now() + timedelta(hours=24, minutes=1))
    assert not Photo.objects.exists()


def test_the_sweeper_ends_what_is_over_and_erases_the_person(checking):
    assert housekeeping.expire_due(at=timezone.now() + policy.PROOFING_LIFETIME) == 1
    checking.refresh_from_db()
    assert checking.state == State.EXPIRED
    assert bytes(checking.personal_key) == b""
    assert not Photo.objects.exists()


@pytest.mark.parametrize("high", [False, True])
def test_where_high_assurance_is_asked_for_the_reader_that_needs_a_second_opinion_reads(checking, settings, high):
    ProofingSession.objects.update(high_assurance=high)
    own, other = "HIGH_ASSURANCE_DOCUMENT_READER", "DOCUMENT_READER"
    setattr(settings, own if high else other, "tests.fakes.proofing.CardReader")
    setattr(settings, other if high else own, "tests.unit.idv.provider.test_deciding._Broken")
    assert deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now()) == "verified"
    names = ProofingDecision.objects.get().checks.values_list("name", flat=True)
    assert ("two_readers_agree" in names) is high


def test_a_second_reader_that_disagrees_asks_for_a_better_photo(checking, settings):
    ProofingSession.objects.update(high_assurance=True)
    settings.HIGH_ASSURANCE_DOCUMENT_READER = "tests.unit.idv.provider.test_deciding._Disagreeing"
    assert deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now()) == "documentUnusable"
    proofing = ProofingSession.objects.get()
    assert (proofing.state, proofing.retake_code) == (State.DOCUMENT_RETAKE, "readers_disagree")


def test_the_pattern_of_a_screen_is_noted_for_the_operator_and_decides_nothing(checking):
    assert deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now()) == "verified"
    noted = ProofingDecision.objects.get().checks.filter(weight="noted")
    assert {check.name for check in noted} == {"document_no_screen", "selfie_no_screen"}
    assert all(check.ok or check.reason_code == "screen_suspected" for check in noted)


@pytest.mark.parametrize(("reviews", "outcome"), [(False, "verified"), (True, "review")])
def test_a_portrait_that_lies_askew_refuses_nobody_and_is_looked_at_where_somebody_looks(checking, reviews, outcome):
    RelyingParty.objects.update(manual_review=reviews)
    photo = Photo.objects.get(purpose="document")
    photo.sealed = checking.seal(document_card(sign="portrait_askew"), purpose=f"photo-{photo.key}")
    photo.save()
    assert deciding.decide(proofing_id=checking.pk, round=1, at=timezone.now()) == outcome
    decision = ProofingDecision.objects.get()
    sign = decision.checks.get(name="portrait_straight")
    assert (sign.ok, sign.reason_code, sign.weight) == (False, "portrait_askew", "noted")
    assert decision.reason_code == ("portrait_askew" if reviews else "")
