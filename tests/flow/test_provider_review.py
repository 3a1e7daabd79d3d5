"""Border cases wait for a person: who sees the photos, who says yes or no, and what is left of it."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from idv.face.scripted import ScriptedFaceEngine
from idv.provider import policy
from idv.provider.errors import ProofingMoved
from idv.provider.flows import housekeeping, reviewing
from idv.provider.machine import State
from idv.provider.models import (
    DecisionCheck,
    Photo,
    ProofingDecision,
    ProofingReview,
    ProofingSession,
    RelyingParty,
)
from tests.fakes.proofing import (
    WireWallet,
    arrive,
    code_in,
    join_phone,
    submit_document,
    submit_selfie,
    to_document_photos,
)
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_operators import link

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/provider/proofingdecision/"
REASON = {"reason": "same scar, same ears"}


class UnsureEngine(ScriptedFaceEngine):
    """Strangers are nearly alike to it: ten below the default threshold."""

    unlike = 60.0

    def confidence(self, reference, probes):
        return max(super().confidence(reference, probes), self.unlike)


class SurerEngine(UnsureEngine):
    unlike = 49.9


@pytest.fixture
def party(portal, settings):  # noqa: F811
    settings.FACE_ENGINE = "tests.flow.test_provider_review.UnsureEngine"
    RelyingParty.objects.update(manual_review=True)
    return portal


@pytest.fixture
def operator(party):
    client = Client(headers={"host": "provider.test"})
    assert client.post(link()).status_code == 302
    return client


def border_case(party):
    """A phone whose photos are somebody else's, or are they; and the desktop that it belongs to."""
    desktop = arrive(party)
    phone = join_phone(desktop)
    to_document_photos(phone)
    submit_document(phone)
    submit_selfie(phone, "bob")
    phone.follow()
    return desktop, phone


def case_page(phone):
    return f"{LIST}review/{phone.proofing.pk}/"


def test_a_border_case_waits_with_its_photos_sealed_and_the_page_says_so(party):
    _, phone = border_case(party)
    assert phone.name == "review"
    assert "Somebody is looking at your photos" in phone.text
    assert phone.status()["next"] is None
    decision = ProofingDecision.objects.get()
    assert (decision.outcome, decision.reason_code, decision.score) == ("review", "face_mismatch", 60.0)
    assert decision.checks.filter(name="face_match", ok=False).exists()
    assert Photo.objects.count() == 1 + 4 + ("blink" in phone.proofing.challenge)
    assert all(b"\xff\xd8\xff" not in bytes(photo.sealed) for photo in Photo.objects.all())


def test_who_is_accepted_gets_the_credential_and_the_photos_are_gone(party, operator):
    desktop, phone = border_case(party)
    listed = operator.get(LIST).content.decode()
    assert case_page(phone) in listed
    page = operator.get(case_page(phone))
    shown = page.content.decode()
    assert shown.count("data:image/jpeg;base64,") == Photo.objects.count()
    assert "Archer" in shown
    assert "no-store" in page["Cache-Control"]
    assert operator.post(case_page(phone), {**REASON, "answer": "accept"})["Location"] == LIST
    assert not Photo.objects.exists()
    review = ProofingReview.objects.get()
    assert (review.accepted, review.by, review.reason) == (True, "olga@provider.test", REASON["reason"])
    assert list(phone.proofing.events.filter(event="reviewOpened").values_list("reason", flat=True)) == [
        "olga@provider.test"
    ]
    phone.follow()
    assert phone.name == "add"
    phone.send()
    assert WireWallet().receive(phone.text).status_code == 200
    desktop.go(f"{desktop.base}/return")
    assert party.result(code_in(desktop.page["Location"])).verdict == "verified"


def test_who_is_declined_gets_none_and_nothing_is_left(party, operator):
    desktop, phone = border_case(party)
    operator.post(case_page(phone), {**REASON, "answer": "decline"})
    phone.follow()
    assert phone.name == "declined"
    proofing = phone.proofing
    assert (proofing.document_sealed, proofing.portrait_sealed) == (None, None)
    assert not Photo.objects.exists()
    desktop.go(f"{desktop.base}/return")
    result = party.result(code_in(desktop.page["Location"]))
    assert (result.verdict, result.reason_code) == ("declined", "review_declined")


@pytest.mark.parametrize(
    ("engine", "wanted"), [("UnsureEngine", False), ("SurerEngine", True)], ids=["nobody asks for it", "far below"]
)
def test_anything_else_is_declined_at_once(party, settings, engine, wanted):
    settings.FACE_ENGINE = f"tests.flow.test_provider_review.{engine}"
    RelyingParty.objects.update(manual_review=wanted)
    _, phone = border_case(party)
    assert phone.name == "declined"
    assert not Photo.objects.exists()


def test_a_review_is_decided_once_with_a_reason_and_one_of_two_answers(party, operator):
    _, phone = border_case(party)
    for bad in ({"answer": "accept"}, {"answer": "accept", "reason": " "}, {**REASON}, {**REASON, "answer": "maybe"}):
        assert operator.post(case_page(phone), bad).status_code == 200
        assert phone.proofing.state == State.IN_REVIEW
    operator.post(case_page(phone), {**REASON, "answer": "decline"})
    again = operator.post(case_page(phone), {**REASON, "answer": "accept"}, follow=True)
    assert "This one waits no more" in again.content.decode()
    assert phone.proofing.state == State.DECLINED
    assert ProofingReview.objects.get().accepted is False
    with pytest.raises(ProofingMoved):
        reviewing.look(proofing=phone.proofing, by="olga", at=timezone.now())


def test_what_the_person_cancels_is_seen_by_nobody(party, operator):
    _, phone = border_case(party)
    phone.step("cancel")
    assert not Photo.objects.exists()
    assert "This one waits no more" in operator.get(case_page(phone), follow=True).content.decode()
    operator.post(case_page(phone), {**REASON, "answer": "accept"})
    assert phone.proofing.state == State.CANCELLED
    assert not ProofingReview.objects.exists()


def test_a_review_that_nobody_makes_ends_by_itself_and_takes_everything_along(party):
    _, phone = border_case(party)
    late = timezone.now() + policy.REVIEW_LIFETIME + timedelta(seconds=1)
    with pytest.raises(ProofingMoved):
        reviewing.conclude(proofing=phone.proofing, accepted=True, reason="too late", by="olga", at=late)
    housekeeping.expire_due(at=late)
    assert phone.proofing.state == State.EXPIRED
    assert bytes(phone.proofing.personal_key) == b""
    assert not Photo.objects.exists()


def test_only_operators_who_may_decide_see_a_border_case(party, operator):
    _, phone = border_case(party)
    for client in (phone.client, Client(headers={"host": "provider.test"})):
        for answer in (client.get(case_page(phone)), client.post(case_page(phone), {**REASON, "answer": "accept"})):
            assert answer.status_code == 302
            assert "/login/" in answer["Location"]
    get_user_model().objects.update(is_superuser=False)
    assert operator.get(case_page(phone)).status_code == 403
    assert phone.proofing.state == State.IN_REVIEW


def test_unknown_and_untouched_proofings_cannot_be_reviewed(party, operator):
    phone = join_phone(arrive(party))
    assert "This one waits no more" in operator.get(case_page(phone), follow=True).content.decode()
    assert operator.get(f"{LIST}review/00000000-0000-0000-0000-000000000000/").status_code == 404
    assert operator.put(f"{LIST}review/{phone.proofing.pk}/").status_code == 405


def test_an_operator_reads_every_check_and_the_list_costs_the_same_however_long(party, operator):
    border_case(party)
    decision = ProofingDecision.objects.get()
    shown = operator.get(f"{LIST}{decision.pk}/change/").content.decode()
    for name in decision.checks.values_list("name", flat=True):
        assert name in shown
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    for number in range(2, 12):
        ProofingDecision.objects.create(
            proofing=ProofingSession.objects.get(), round=number, outcome="declined", threshold=70,
            decided_at=timezone.now(),
        )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        assert operator.get(LIST).status_code == 200
    assert len(many) == len(few)
    assert DecisionCheck.objects.exists()
