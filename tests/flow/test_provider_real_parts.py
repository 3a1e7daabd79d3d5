"""The decision on its real parts: OCR, check digits, faces and liveness, from drawn specimens and synthetic people."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from idv.provider import specimen
from idv.provider.flows import deciding, steps
from idv.provider.machine import State
from idv.provider.models import ProofingDecision, RelyingParty
from recovery_portal.demo import people
from recovery_portal.kit import images
from tests.flow.test_provider_skip_ahead import at_state

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
BORN = date(1988, 3, 9)


@pytest.fixture
def party(monkeypatch):
    from recovery_portal.kit import queue

    monkeypatch.setattr(queue, "enqueue", lambda name, **ids: None)
    return RelyingParty.objects.create(
        client_id="p", name="P", redirect_uris=["http://p.test/"], jwks={"keys": []}, created_at=timezone.now()
    )


def decide(party, *, document: specimen.Specimen, face: str, kind: str = "passport") -> tuple[str, ProofingDecision]:
    at = timezone.now()
    proofing = at_state(party, State.DOCUMENT_PHOTOS)
    proofing.document_kind = kind
    proofing.save()
    sides = {side: images.accept(jpeg) for side, jpeg in document.photographed(seed=3).items()}
    steps.submit_document(proofing=proofing, images=sides, at=at)
    steps.read_selfie_tips(proofing=proofing, at=at)
    frames = {pose: images.accept(jpeg) for pose, jpeg in people.capture(face, proofing.challenge).items()}
    steps.submit_selfie(proofing=proofing, frames=frames, at=at)
    outcome = deciding.decide(proofing_id=proofing.pk, round=1, at=timezone.now())
    proofing.refresh_from_db()
    return outcome, ProofingDecision.objects.get(proofing=proofing)


def drawn(kind: str = "passport", **changes) -> specimen.Specimen:
    holder = specimen.Holder("Vera Maria", "Lindqvist", BORN, "F")
    given = {"issued_on": timezone.now().date() - timedelta(days=400)} | changes
    return specimen.draw(kind, holder, people.jpeg("vera", "portrait"), **given)


@pytest.mark.parametrize("kind", specimen.KINDS)
def test_an_honest_person_with_each_kind_of_document_is_verified(party, kind):
    outcome, decision = decide(party, document=drawn(kind), face="vera", kind=kind)
    assert outcome == "verified", (decision.reason_code, list(decision.checks.values_list("name", "ok", "reason_code")))
    assert decision.score >= 70
    document = decision.proofing.document()
    assert (document["surname"].title(), document["date_of_birth"]) == ("Lindqvist", "1988-03-09")
    portrait = decision.proofing.portrait()
    assert portrait[:3] == b"\xff\xd8\xff"
    assert len(portrait) <= 65_536


def test_another_face_is_declined(party):
    outcome, decision = decide(party, document=drawn(), face="abel")
    assert (outcome, decision.reason_code) == ("declined", "face_mismatch")
    assert decision.score < 50


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"altered": "check_digit"}, {"mrz_check_digit_wrong", "mrz_unreadable"}),
        ({"altered": "printed_name"}, {"printed_name_differs"}),
    ],
)
def test_an_altered_document_is_never_verified(party, changes, expected):
    outcome, decision = decide(party, document=drawn(**changes), face="vera")
    assert outcome in {"declined", "documentUnusable"}
    assert decision.reason_code in expected


def test_an_expired_document_is_declined(party):
    expired = drawn(issued_on=date(2010, 1, 1), expires_on=date(2020, 1, 1))
    outcome, decision = decide(party, document=expired, face="vera")
    assert (outcome, decision.reason_code) == ("declined", "document_expired")
