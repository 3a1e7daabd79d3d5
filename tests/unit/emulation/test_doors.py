"""Who may come in, and what happens to those who send rubbish."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from recovery_portal.emulation.doors import OPERATIONS
from recovery_portal.testing.answers import ControlRefused, NotInEmulation, ServerUnreachable
from recovery_portal.testing.client import RecoveryClient
from tests.check_project import environment
from tests.fakes.control import TOKEN, ask, control

ROOT = Path(__file__).parents[3]


def test_without_a_token_there_is_no_control_api(settings: Any, db: None) -> None:
    settings.EMULATION_TOKEN = ""
    answer = ask("GET", "health", token="")
    assert answer.status_code == 404
    assert b"Nothing here" in answer.content
    assert ask("GET", "health", token=TOKEN).content == answer.content
    with pytest.raises(NotInEmulation, match="EMULATION=1"):
        control().health()


def test_outside_emulation_there_is_none_even_with_a_token(settings: Any, db: None) -> None:
    settings.EMULATION_TOKEN, settings.EMULATION = TOKEN, False
    assert ask("GET", "health").status_code == 404


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "\u00fc" * 20])
def test_another_token_is_refused_at_every_address(room: RecoveryClient, token: str) -> None:
    room.health()
    assert {one.path for one in OPERATIONS} >= {"users", "snapshots", "reset"}
    for one in OPERATIONS:
        path = one.path.replace("<uuid:attempt_id>", "00000000-0000-4000-8000-000000000000")
        path = path.replace("<str:reference>", "reference")
        answer = ask(one.method, path, token=token)
        assert answer.status_code == 401, (one.method, path)
        assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", [f"Basic {TOKEN}", TOKEN, f"Bearer{TOKEN}", "Bearer"])
def test_only_a_bearer_token_counts(room: RecoveryClient, header: str) -> None:
    assert ask("GET", "health", headers={"authorization": header}).status_code == 401


def test_a_session_or_the_token_in_the_address_is_no_way_in(room: RecoveryClient) -> None:
    assert Client().get(f"/_emulation/health?token={TOKEN}&access_token={TOKEN}").status_code == 401


def test_every_house_answers_for_itself(room: RecoveryClient) -> None:
    assert room.health().role == "all"
    houses = room.houses()
    assert (houses.portal, houses.provider, houses.wallet) == (
        "http://portal.test",
        "http://provider.test",
        "http://wallet.test",
    )


def test_an_unknown_address_is_a_404_and_a_wrong_method_says_the_right_one(room: RecoveryClient) -> None:
    assert ask("GET", "nothing-of-the-kind").status_code == 404
    answer = ask("DELETE", "users")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"user_principal_nam": "a@b.example"},
            "There is no field 'user_principal_nam'; did you mean user_principal_name?",
        ),
        ({}, "user_principal_name is missing."),
        ({"user_principal_name": 7}, "user_principal_name is text, not 7."),
        ({"user_principal_name": "a@b.example", "groups": "Staff"}, "groups is a list of text, not 'Staff'."),
        ({"user_principal_name": "a@b.example", "groups": [1]}, "groups is a list of text, not [1]."),
        ({"user_principal_name": "a@b.example", "has_signed_in": "yes"}, "has_signed_in is true or false, not 'yes'."),
        ({"user_principal_name": "a\0@b.example"}, "user_principal_name holds characters that no text has."),
        ({"user_principal_name": "a@b.example", "given_name": "x" * 200}, "given_name is longer than 128 characters."),
        ({"user_principal_name": "no address"}, "Property userPrincipalName is invalid."),
        ([], "The body is a JSON object."),
        (None, "user_principal_name is missing."),
    ],
)
def test_what_is_wrong_with_the_input_is_said_in_one_sentence(room: RecoveryClient, body: Any, sentence: str) -> None:
    answer = ask("POST", "users", body)
    assert (answer.status_code, answer.json()["sentence"]) == (400, sentence)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b'{"user_principal_name": NaN}',
        b'{"user_principal_name": "a@b.example", "user_principal_name": "c@d.example"}',
        b"[" * 100_000,
        b'{"user_principal_name": "\\ud800@b.example"}',
        b'{"user_principal_name": "a@b.example", "groups": ["\\ud800"]}',
    ],
)
def test_a_body_that_is_no_json_is_refused(room: RecoveryClient, content: bytes) -> None:
    answer = ask("POST", "users", content=content, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["sentence"].endswith(".")


def test_a_number_beyond_every_float_is_refused(room: RecoveryClient) -> None:
    answer = ask("PUT", "clock", content=b'{"offset_s": 1' + b"0" * 400 + b"}", content_type="application/json")
    assert answer.status_code == 400


def test_a_form_or_an_endless_body_is_refused(room: RecoveryClient) -> None:
    form = ask("POST", "users", content=b"user_principal_name=a", content_type="application/x-www-form-urlencoded")
    assert form.json()["sentence"] == "Send application/json."
    long = ask("POST", "users", content=b'"' + b"x" * 3_000_000 + b'"', content_type="application/json")
    assert long.status_code == 400


def test_a_query_that_nobody_asked_for_is_refused(room: RecoveryClient) -> None:
    assert ask("GET", "attempts?user=x").json()["sentence"].startswith("There is no field 'user'")
    assert ask("GET", "mailbox?to=a&to=b").json()["sentence"] == "to stands in the address twice."


def test_the_client_says_who_cannot_be_reached() -> None:
    with pytest.raises(ServerUnreachable, match=r"Nobody answers at http://127\.0\.0\.1:9"):
        RecoveryClient("http://127.0.0.1:9", TOKEN, timeout_s=2).health()


def test_the_client_hands_on_the_sentence(room: RecoveryClient) -> None:
    room.seed_group("Staff")
    with pytest.raises(ControlRefused, match="did you mean Staff"):
        room.seed_user("a@b.example", groups=["Stafff"])


def _in_production(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    known = {**environment("portal", "/nonexistent"), **more}
    for name in ("EMULATION", "EMULATION_TOKEN"):
        known.pop(name, None) if name not in more else None
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=known, capture_output=True, text=True, check=False
    )


_LOOK = """
import django, sys
django.setup()
from django.conf import settings
from django.urls import resolve, Resolver404
from django.apps import apps
from recovery_portal.kit import adapters, hooks
assert settings.PRODUCTION and not settings.EMULATION
assert not apps.is_installed("recovery_portal.emulation")
assert not any("emulation" in name for name in settings.MIDDLEWARE)
assert "emulation" not in settings.EMAIL_BACKEND
assert not any(getattr(settings, name, "") or hooks.find(name) for name in hooks.NAMES)
try:
    found = resolve("/_emulation/health")
    assert "emulation" not in found.view_name, found
except Resolver404:
    pass
assert not any(name.startswith("recovery_portal.emulation") for name in sys.modules)
settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
try:
    adapters.load("FACE_ENGINE")
except Exception as refused:
    assert "only with EMULATION=1" in str(refused)
    print("absent and refused")
"""


def test_production_has_no_control_room_and_makes_no_scripted_part() -> None:
    done = _in_production(_LOOK)
    assert done.stdout.strip() == "absent and refused", done.stderr[-2000:]


def test_production_does_not_start_with_a_control_token() -> None:
    done = _in_production("import django; django.setup()", EMULATION_TOKEN="left over")
    assert done.returncode
    assert "EMULATION_TOKEN opens the control API" in done.stderr
