"""What testers can set and read: people, clocks, faults, parts, letters, snapshots."""

from datetime import timedelta
from random import SystemRandom
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import User
from idv.face import cards, liveness
from recovery_portal.emulation import faults, state
from recovery_portal.kit import adapters, chance, clock, http, images, queue, ratelimit
from recovery_portal.kit.sessions import SessionStore
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from recovery_portal.testing import client, shapes
from recovery_portal.testing.answers import AnotherVersion, ControlRefused
from recovery_portal.testing.client import RecoveryClient
from recovery_portal.testing.in_process import HouseTransport
from tap.queries import get_policy
from tests.fakes.control import ask, control


def test_a_seeded_person_is_in_the_directory_and_may_be_seeded_again(room: RecoveryClient) -> None:
    room.seed_group("Staff")
    made = room.seed_user("Ada@Contoso.example", given_name="Ada", surname="Byron", groups=["Staff"], password="pw-1")
    user = User.objects.get()
    assert (made.user_principal_name, user.mail, user.last_sign_in_at is None) == (
        "ada@contoso.example",
        "Ada@Contoso.example",
        False,
    )
    assert user.check_password("pw-1")
    room.seed_user("ada@contoso.example", given_name="Ada", surname="King", has_signed_in=False)
    user.refresh_from_db()
    assert (user.surname, user.last_sign_in_at, user.directory_groups.count()) == ("King", None, 0)
    assert not user.has_usable_password()
    assert [row.activity for row in room.audit()].count("Add user") == 1


def test_a_group_has_exactly_the_members_that_were_said(room: RecoveryClient) -> None:
    for name in ("a@x.example", "b@x.example"):
        room.seed_user(name)
    room.seed_group("Pilots", ["a@x.example"], excluded_from_recovery=True)
    assert RecoveryPolicy.objects.get().excluded_groups.count() == 1
    room.seed_group("Pilots", ["b@x.example"])
    assert list(User.objects.filter(directory_groups__display_name="Pilots").values_list("mail", flat=True)) == [
        "b@x.example"
    ]
    assert RecoveryPolicy.objects.get().excluded_groups.count() == 0
    with pytest.raises(ControlRefused, match=r"did you mean a@x\.example"):
        room.seed_group("Pilots", ["aa@x.example"])


def test_a_profile_comes_with_the_provider_of_the_installation(room: RecoveryClient) -> None:
    room.seed_group("Staff")
    room.seed_profile("Staff", groups=["Staff"], match_confidence="relaxed", face_check_threshold=80)
    room.seed_profile("Staff", mode="evaluation", all_users=True, reveal="startingBrowser")
    profile = RecoveryProfile.objects.get()
    assert profile.provider.issuer == "http://provider.test"
    assert (profile.mode, profile.include_all_users, profile.include_groups.count()) == ("evaluation", True, 0)
    assert (profile.face_check_threshold, profile.pass_reveal) == (70, "startingBrowser")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"all_users": True, "groups": ["Staff"]}, "A profile is for all_users or for groups, not for both."),
        ({"mode": "prod"}, "mode is not 'prod'; did you mean production?"),
        ({"face_check_threshold": 49}, "face_check_threshold is between 50 and 100, not 49."),
        ({"provider": "Proofmarkk"}, "There is no provider 'Proofmarkk'; did you mean Proofmark?"),
        ({"name": ""}, "name has 1 to 120 characters."),
    ],
)
def test_an_impossible_profile_is_refused_with_the_nearest_choice(
    room: RecoveryClient, fields: Any, sentence: str
) -> None:
    room.seed_group("Staff")
    answer = ask("POST", "profiles", {"name": "Staff", **fields})
    assert (answer.status_code, answer.json()["sentence"]) == (400, sentence)


def test_the_pass_policy_can_be_set_and_does_not_contradict_itself(room: RecoveryClient) -> None:
    room.set_tap_policy(default_lifetime_minutes=90, is_usable_once=True)
    assert (get_policy().default_lifetime_minutes, get_policy().is_usable_once) == (90, True)
    with pytest.raises(ControlRefused, match="lifetime"):
        room.set_tap_policy(minimum_lifetime_minutes=400, maximum_lifetime_minutes=100)


def test_an_operator_has_the_role_and_a_password(room: RecoveryClient) -> None:
    made = room.seed_operator("Helpdesk")
    user = User.objects.get()
    assert user.check_password(made.password)
    assert user.is_staff
    assert not user.is_superuser
    assert [group.name for group in user.groups.all()] == ["Helpdesk"]
    with pytest.raises(ControlRefused, match="did you mean Helpdesk"):
        room.seed_operator("Help desk")
    assert made.password not in repr(made)


def test_a_moved_clock_moves_every_reading_and_is_put_back(room: RecoveryClient) -> None:
    before = clock.now()
    room.move_clock(3600, sweep=False)
    room.move_clock(3600, sweep=False)
    assert clock.now() - before >= timedelta(hours=2)
    assert clock.now() - timezone.now() > timedelta(minutes=119)
    room.freeze_clock("2027-01-01T00:00:00Z")
    assert clock.now() == clock.now()
    room.move_clock(60, sweep=False)
    assert clock.now().isoformat() == "2027-01-01T00:01:00+00:00"
    room.reset_clock()
    assert clock.now() - timezone.now() < timedelta(seconds=1)


@pytest.mark.parametrize(
    "body",
    [{}, {"offset_s": 1, "frozen_at": "2027-01-01T00:00:00Z"}, {"offset_s": 1e12}, {"frozen_at": "noon"},
     {"frozen_at": "9999-12-31T23:59:59-14:00"}, {"offset_s": "3"}],
)  # fmt: skip
def test_a_clock_is_not_set_to_nonsense(room: RecoveryClient, body: Any) -> None:
    assert ask("PUT", "clock", body).status_code == 400
    assert clock.now() - timezone.now() < timedelta(seconds=1)


def test_a_clock_does_not_jump_back_while_the_cache_is_away(
    room: RecoveryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.move_clock(3600, sweep=False)
    assert clock.now() - timezone.now() > timedelta(minutes=59)

    def away(*_: Any) -> Any:
        raise RedisError

    monkeypatch.setattr(state.cache, "get", away)
    assert clock.now() - timezone.now() > timedelta(minutes=59)


def test_sweeping_ends_what_a_moved_clock_made_due(room: RecoveryClient) -> None:
    room.seed_user("ada@contoso.example", given_name="Ada", surname="Byron")
    room.seed_profile("All", all_users=True)
    attempt = RecoveryAttempt.begin(
        user=User.objects.get(),
        account_name="ada@contoso.example",
        profile=RecoveryProfile.objects.get(),
        at=clock.now(),
    )
    room.move_clock(3 * 3600)
    seen = room.attempts("Ada@contoso.example")[0]
    assert (seen.id, seen.state, seen.event_names) == (str(attempt.pk), "expired", ["started", "lifetimeEnded"])
    assert room.attempt(seen.id) == seen
    assert room.attempts("nobody@contoso.example") == []


def test_the_newest_attempt_is_read_without_those_before_it(room: RecoveryClient) -> None:
    room.seed_profile("All", all_users=True)
    profile = RecoveryProfile.objects.get()
    for number in range(3):
        at = clock.now() + timedelta(minutes=number)
        RecoveryAttempt.begin(user=None, account_name="ada@contoso.example", profile=profile, at=at)
    everyone = room.attempts("ada@contoso.example")
    assert len(everyone) == 3
    assert room.attempts("ada@contoso.example", newest=1) == everyone[:1]
    assert room.attempts(newest=2) == everyone[:2]


@pytest.mark.parametrize("newest", ["0", "201", "two", "-1", "1.5", "", "9" * 400])
def test_so_many_newest_there_cannot_be(newest: str, room: RecoveryClient) -> None:
    answer = ask("GET", f"attempts?newest={newest}")
    assert answer.status_code == 400
    assert answer.json()["sentence"].startswith("newest is ")


def test_another_token_is_told_from_none_at_all(room: RecoveryClient) -> None:
    with pytest.raises(ControlRefused, match=r"takes another control token than this one; `make demo` prints it\.$"):
        control("another").houses()


def test_a_server_of_another_version_is_named_as_that() -> None:
    with pytest.raises(AnotherVersion, match=r"its Health lacks version, at\. Install the version"):
        client.made(shapes.Health, {"role": "all", "of_tomorrow": True})


def test_an_attempt_that_is_not_there_is_a_404_with_a_sentence(room: RecoveryClient) -> None:
    with pytest.raises(ControlRefused, match="There is no attempt") as refused:
        room.attempt("00000000-0000-4000-8000-000000000000")
    assert refused.value.status == 404
    assert ask("GET", "attempts/not-an-id").status_code == 404


def test_the_audit_goes_on_from_a_row(room: RecoveryClient) -> None:
    room.seed_user("a@x.example")
    [first] = room.audit()
    room.seed_user("b@x.example")
    assert [row.target for row in room.audit(first.id)] == ["b@x.example"]
    with pytest.raises(ControlRefused, match="no audit row"):
        room.audit("nonsense")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"off": True}, "unreachable"),
        ({"latency_ms": 6000}, "timeout"),
        ({"error_rate": 1.0}, 503),
    ],
)
def test_a_fault_of_the_provider_strikes_what_is_fetched_there(room: RecoveryClient, fault: Any, outcome: Any) -> None:
    room.set_fault("provider", **fault)
    if isinstance(outcome, int):
        assert http.fetch("GET", "http://provider.test/jwks").status == outcome
    else:
        with pytest.raises(http.FetchFailed) as failed:
            http.fetch("GET", "http://provider.test/jwks")
        assert failed.value.code == outcome


def test_a_fault_of_the_status_list_leaves_the_rest_of_the_provider_alone(
    room: RecoveryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(http.transports, "http://portal.test", HouseTransport())
    room.set_fault("status_list", off=True)
    with pytest.raises(http.FetchFailed):
        http.fetch("GET", "http://portal.test/status/1", headers={"Accept": "application/statuslist+jwt"})
    assert http.fetch("GET", "http://portal.test/verifier/jwks").status == 200


def test_an_error_rate_is_spread_evenly(room: RecoveryClient) -> None:
    room.set_fault("worker", error_rate=0.25)
    assert [faults.fails("worker") for _ in range(8)].count(True) == 2
    room.clear_faults()
    assert room.faults() == []
    assert not faults.fails("worker")


def test_a_broker_that_is_off_fails_nobodys_click(room: RecoveryClient, caplog: Any) -> None:
    room.set_fault("broker", off=True)
    queue._send("accounts.tasks.sweep", {})


def test_a_worker_that_is_off_loses_its_task(room: RecoveryClient) -> None:
    room.seed_user("ada@contoso.example", other_mails=["ada@home.example"])
    letter = {"user_id": str(User.objects.get().pk), "notice": "password_changed", "address_index": 0,
              "at": clock.now().isoformat(), "context": {}}  # fmt: skip
    room.set_fault("worker", off=True)
    queue._send("accounts.tasks.send_notice", letter)
    assert room.mailbox() == []
    room.clear_faults()
    queue._send("accounts.tasks.send_notice", letter)
    assert [one.to for one in room.mailbox()] == [["ada@contoso.example"]]


def test_a_mail_server_that_is_off_breaks_no_page(room: RecoveryClient) -> None:
    room.seed_user("ada@contoso.example")
    letter = {"user_id": str(User.objects.get().pk), "notice": "password_changed", "address_index": 0,
              "at": clock.now().isoformat(), "context": {}}  # fmt: skip
    room.set_fault("mail", off=True)
    queue._send("accounts.tasks.send_notice", letter)
    assert room.mailbox() == []


@pytest.mark.parametrize(
    "body",
    [
        {"target": "providr", "off": True},
        {"target": "provider", "latency_ms": -1},
        {"target": "provider", "error_rate": 1.5},
        {"target": "provider", "latency_ms": 1.5},
        {"off": True},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(room: RecoveryClient, body: Any) -> None:
    assert ask("PUT", "faults", body).status_code == 400
    assert room.faults() == []


def test_the_mailbox_keeps_letters_as_they_were_sent(room: RecoveryClient) -> None:
    for to in ("a@x.example", "b@x.example"):
        EmailMessage("Subject", "The text.", to=[to]).send()
    assert [(one.to, one.subject, one.body) for one in room.mailbox("B@x.example")] == [
        (["b@x.example"], "Subject", "The text.")
    ]
    room.clear_mailbox()
    assert room.mailbox() == []


def test_the_mailbox_forgets_the_oldest(room: RecoveryClient) -> None:
    roll = state.Roll("few", keeps=3)
    for number in range(5):
        roll.append({"n": number})
    assert [entry["n"] for entry in roll.entries()] == [2, 3, 4]


def test_parts_are_chosen_while_the_house_runs(room: RecoveryClient) -> None:
    assert room.parts().face == "real"
    chosen = room.choose_parts(face="scripted", reader="scripted")
    assert (chosen.face_engine, chosen.document_reader) == (
        "idv.face.scripted.ScriptedFaceEngine",
        "idv.provider.document.scripted.ScriptedDocumentReader",
    )
    assert adapters.load("FACE_ENGINE").name == "scripted"
    assert adapters.load("LIVENESS_ENGINE").name == "scripted"
    room.choose_parts(face="real")
    assert (room.parts().face, room.parts().reader) == ("real", "scripted")
    room.reset_parts()
    assert room.parts().reader == "real"


def test_real_parts_run_where_scripted_ones_are_configured(room: RecoveryClient, settings: Any) -> None:
    settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    assert room.parts().face == "scripted"
    assert room.choose_parts(face="real").face_engine == "idv.face.dlib_engine.DlibFaceEngine"


def test_a_yaml_file_is_a_cue_card_only_while_something_scripted_runs(room: RecoveryClient) -> None:
    text = b"person: alice\npose: turn_left\nborn: 1990-01-02\n"
    with pytest.raises(images.ImageRefused):
        images.accept(text)
    room.choose_parts(face="scripted")
    card = images.accept(text)
    assert cards.read(card.jpeg) == {"person": "alice", "pose": "turn_left", "born": "1990-01-02"}


@pytest.mark.parametrize(
    "text",
    [b"just words", b"- a\n- b\n", b"a: &a [*a]", b"a: *b", b"!!python/object/apply:os.system ['true']", b"a: [", b"",
     b"a: " + b"x" * 3000, b"a: !!binary aGVsbG8=", b"\xff\xfe\x00", b"a: 1\na: !!set {b}", b"a: !!bool x",
     b"a: !!timestamp x", b"a: !!int ''"],
)  # fmt: skip
def test_a_file_that_is_no_cue_card_is_refused_as_no_picture(room: RecoveryClient, text: bytes) -> None:
    room.choose_parts(reader="scripted")
    with pytest.raises(images.ImageRefused):
        images.accept(text)


def test_the_numbers_that_choose_an_outcome_are_listed(room: RecoveryClient) -> None:
    assert {one.number: one.refused for one in room.document_numbers()}["X00000020"] == "document_expired"


def test_without_a_token_no_setting_counts(room: RecoveryClient, settings: Any) -> None:
    room.move_clock(3600, sweep=False)
    room.choose_parts(face="scripted")
    room.set_fault("provider", off=True)
    settings.EMULATION_TOKEN = ""
    assert clock.now() - timezone.now() < timedelta(seconds=1)
    with pytest.raises(images.ImageRefused):
        images.accept(b"person: alice")
    settings.EMULATION_TOKEN, settings.EMULATION = "t", False
    assert clock.now() - timezone.now() < timedelta(seconds=1)


def test_limits_are_forgotten_on_request(room: RecoveryClient) -> None:
    ratelimit.hit("tries", "somebody", limit=1, period_s=60)
    with pytest.raises(ratelimit.RateLimited):
        ratelimit.hit("tries", "somebody", limit=1, period_s=60)
    room.forget_limits()
    ratelimit.hit("tries", "somebody", limit=1, period_s=60)


def test_sessions_and_counted_tries_go_with_the_clock(room: RecoveryClient) -> None:
    session = SessionStore()
    session["who"] = "ada"
    session.save()
    ratelimit.hit("s", "ada", limit=1, period_s=3600)
    room.move_clock(1800, sweep=False)
    assert SessionStore(session.session_key)["who"] == "ada"
    with pytest.raises(ratelimit.RateLimited):
        ratelimit.hit("s", "ada", limit=1, period_s=3600)
    room.move_clock(1800, sweep=False)
    ratelimit.hit("s", "ada", limit=1, period_s=3600)
    room.move_clock(11.5 * 3600, sweep=False)
    assert "who" not in SessionStore(session.session_key)
    ratelimit.hit("s", "ada", limit=1, period_s=3600)
    room.move_clock(-3600, sweep=False)  # a window that was over does not open again, nor does one end sooner
    with pytest.raises(ratelimit.RateLimited):
        ratelimit.hit("s", "ada", limit=1, period_s=3600)


def test_lots_come_again_from_a_seed_and_are_unforeseeable_without_one(room: RecoveryClient) -> None:
    def drawn() -> list[list[str]]:
        return [liveness.new_challenge(chance.lot()) for _ in range(12)]

    room.set_seed(7)
    first = drawn()
    assert len({tuple(one) for one in first}) > 3
    room.set_seed(7)
    assert drawn() == first
    assert drawn() != first
    room.set_seed(8)
    assert drawn() != first
    assert room.seed() == 8
    room.reset_seed()
    assert room.seed() is None
    assert isinstance(chance.lot(), SystemRandom)


@pytest.mark.parametrize("body", [{"seed": -1}, {"seed": 2**31}, {"seed": "7"}, {"seed": 1.5}, {"seed": None}])
def test_a_seed_is_a_whole_number_within_limits(room: RecoveryClient, body: Any) -> None:
    assert ask("PUT", "seed", body).status_code == 400
    assert room.seed() is None
