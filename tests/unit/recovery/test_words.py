"""What operators read: every state, event and reason has words, and what has none stands for itself."""

import re
from pathlib import Path

import pytest

from idv.face import errors as face
from idv.protocol.presentation import WALLET_ERRORS
from idv.provider.document import errors as documents
from idv.verifier.machine import FaceCheckStatus, RequestStatus
from recovery_portal.recovery import reasons, words
from recovery_portal.recovery.machine import Event, State
from recovery_portal.recovery.readiness import CODES

ROOT = Path(__file__).resolve().parents[3]
# Whose refusals end an attempt: each raises with its code as the first word.
REFUSE = (
    "idv/credentials/*.py",
    "idv/protocol/presentation.py",
    "idv/protocol/identity_assurance.py",
    "idv/protocol/messages.py",
    "idv/protocol/authorization.py",
    "idv/verifier/flows/answering.py",
    "idv/verifier/flows/presenting.py",
    "idv/verifier/flows/proofing.py",
)
REFUSAL = re.compile(r'raise (?!NotCollectable|LinkInvalid)\w+\(\s*"([a-z_]+)"')


def test_every_state_event_and_status_has_words() -> None:
    assert words.STATES.keys() == set(State)
    assert words.EVENTS.keys() == set(Event)
    assert words.STATUSES.keys() == {*RequestStatus, *FaceCheckStatus}


def test_every_letter_has_words() -> None:
    assert words.NOTICES.keys() == {path.stem for path in (ROOT / "templates/mail").glob("*.txt")}


def test_every_reason_that_this_house_gives_has_words() -> None:
    files = [path for pattern in REFUSE for path in ROOT.glob(pattern)]
    codes = {code for path in files for code in REFUSAL.findall(path.read_text(encoding="utf-8"))}
    assert len(codes) > 80
    codes -= {"proofing_unknown_state", "redirect_uri_unknown", "link_malformed"}  # these end no attempt
    codes |= {*face.SENTENCES, *WALLET_ERRORS, *CODES, "below_threshold", "check_gave_up", "photos_expired"}
    codes |= {code for code in documents.SENTENCES if code.startswith(("printed_", "document_", "dates_", "mrz_check"))}
    assert not sorted(code for code in codes if reasons.in_words(code) == code)


@pytest.mark.parametrize("code", ["", "acme_42", "jws", "x" * 64])
def test_what_nobody_here_knows_stands_for_itself(code: str) -> None:
    assert reasons.in_words(code) == code


def test_a_match_is_told_field_by_field() -> None:
    detail = {"confidence": "relaxed", "givenName": "different", "wouldMatch": "exact+nicknames relaxed+multiWord"}
    assert [(str(name), told) for name, told in words.of_match(detail)] == [
        ("Match confidence", "Relaxed"),
        ("Given name", "differs"),
        ("The names would match under", "Exact, with nicknames; Relaxed, with names of several words"),
    ]
    assert words.of_match({"new": 5}) == [("new", "5")]


def test_terms_are_told_by_the_names_of_the_profiles_form() -> None:
    terms = {
        "profile_id": "1", "profile_name": "Staff", "mode": "evaluation", "face_check_threshold": 70,
        "still_head_allowed": True, "match_rules": ["nicknames"], "bindings": [], "pass_reveal": "faceCheckDevice",
        "unheard_of": "x",
    }  # fmt: skip
    assert [(str(name), told) for name, told in words.of_terms(terms)] == [
        ("profile", "Staff"),
        ("mode", "Evaluation"),
        ("Face Check threshold", "70"),
        ("camera may move instead of the head", "yes"),
        ("further match rules", "with nicknames"),
        ("further attributes that must agree", "–"),
        ("where the pass is shown", "On the device that did the Face Check"),
        ("unheard_of", "x"),
    ]
