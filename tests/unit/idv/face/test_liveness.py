"""Liveness: heads that turn as asked pass, pictures and wrong moves do not. One contract, then the mesh itself."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from idv.face import capture, cards, liveness, mesh_liveness, moves
from idv.face.dlib_engine import DlibFaceEngine
from idv.face.errors import REFUSAL_CODES, RETRY_CODES, FaceUnusable
from idv.face.liveness import (
    BLINK,
    CAMERA_LEFT,
    CAMERA_RIGHT,
    CLOSER,
    FRONTAL,
    LOOK_UP,
    TURN_LEFT,
    TURN_RIGHT,
    LivenessEngine,
    Movement,
)
from idv.face.mesh_liveness import MeshLivenessEngine
from idv.face.scripted import ScriptedFaceEngine, ScriptedLivenessEngine
from recovery_portal.demo import people
from tests.unit.idv.face import pictures

CHALLENGE = [FRONTAL, TURN_RIGHT, TURN_LEFT]


@dataclass(frozen=True)
class World:
    engine: LivenessEngine
    capture: Callable[[str], dict[str, bytes]]
    empty: bytes


def _scripted_capture(person: str) -> dict[str, bytes]:
    return {key: cards.write({"person": person, "pose": key}) for key in CHALLENGE}


@pytest.fixture(
    params=[
        lambda: World(MeshLivenessEngine(), people.capture, pictures.nobody()),
        lambda: World(ScriptedLivenessEngine(), _scripted_capture, pictures.nobody()),
    ],
    ids=["mesh", "scripted"],
)
def world(request: pytest.FixtureRequest) -> World:
    return request.param()


def test_a_challenge_begins_frontal_and_asks_for_three_moves_one_of_them_from_the_side() -> None:
    drawn = {tuple(liveness.new_challenge(random.Random(seed))) for seed in range(2000)}
    assert len(drawn) == 54
    for challenge in drawn:
        assert challenge[0] == FRONTAL
        assert len(set(challenge)) == 4
        assert {TURN_LEFT, TURN_RIGHT} & set(challenge)


def test_who_cannot_turn_moves_the_camera_and_is_still_seen_from_the_side() -> None:
    drawn = {tuple(liveness.new_challenge(random.Random(seed), Movement.CAMERA)) for seed in range(200)}
    assert len(drawn) == 6
    assert {frozenset(challenge) for challenge in drawn} == {frozenset({FRONTAL, CAMERA_LEFT, CAMERA_RIGHT, CLOSER})}
    assert all(liveness.movement_of(challenge) is Movement.CAMERA for challenge in drawn)
    assert liveness.movement_of([FRONTAL, TURN_LEFT, BLINK, CLOSER]) is Movement.HEAD


def test_uploads_are_gathered_by_step_and_a_burst_keeps_its_order() -> None:
    uploads = {"frame_frontal": [1, 2], "frame_blink": list(range(30)), "frame_closer": [], "frame_other": [9]}
    found = liveness.gather([FRONTAL, BLINK, CLOSER], lambda name: uploads.get(name, []))
    assert found == {FRONTAL: 1} | {f"blink_{n + 1}": n for n in range(liveness.BURST_MAX)}
    assert liveness.photos_of(BLINK, list(reversed(found))) == [f"blink_{n}" for n in range(1, 11)]
    assert liveness.missing([FRONTAL, BLINK, CLOSER], found) == [CLOSER]
    assert not liveness.is_complete([FRONTAL], found)
    assert liveness.step_of("blink_7") == BLINK
    for stranger in ("turn_left_1", "other", "blink_", "frontal_2"):
        with pytest.raises(KeyError):
            liveness.step_of(stranger)


def test_every_step_tells_the_person_what_to_do() -> None:
    for key in (*CHALLENGE, LOOK_UP, BLINK, CLOSER, CAMERA_LEFT, CAMERA_RIGHT):
        shown = liveness.step(key).as_dict()
        assert shown["key"] == key
        assert shown["instruction"]
        assert shown["hint"]


def test_a_head_that_turned_as_asked_is_live(world: World) -> None:
    verdict = world.engine.judge(world.capture("vera"), CHALLENGE)
    assert verdict.live, verdict
    assert verdict.reason_code == ""


def test_missing_frames_are_not_live(world: World) -> None:
    frames = world.capture("vera")
    del frames[TURN_LEFT]
    assert world.engine.judge(frames, CHALLENGE).reason_code == "frames_missing"
    assert world.engine.judge(frames, [TURN_RIGHT]).reason_code == "frames_missing"


def test_the_same_photo_for_every_step_is_refused(world: World) -> None:
    frontal = world.capture("vera")[FRONTAL]
    assert world.engine.judge(dict.fromkeys(CHALLENGE, frontal), CHALLENGE).reason_code == "frames_repeated"


def test_a_frame_without_a_face_asks_for_another_photo(world: World) -> None:
    with pytest.raises(FaceUnusable, match="no_face"):
        world.engine.judge(world.capture("vera") | {TURN_LEFT: world.empty}, CHALLENGE)


@pytest.mark.parametrize("person", people.MOVING)
@pytest.mark.parametrize("second", [False, True])
def test_real_turns_are_measured_in_degrees_of_the_persons_own_left_and_right(person: str, second: bool) -> None:
    verdict = MeshLivenessEngine().judge(people.capture(person, second=second), CHALLENGE)
    assert verdict.live, verdict
    asked = 35 if second else 25
    for key in (TURN_LEFT, TURN_RIGHT):
        assert verdict.measures[f"{key}_degrees"] == pytest.approx(asked, abs=6)


def test_left_for_right_is_told_apart() -> None:
    frames = people.capture("vera")
    mirrored = frames | {TURN_LEFT: frames[TURN_RIGHT], TURN_RIGHT: frames[TURN_LEFT]}
    assert MeshLivenessEngine().judge(mirrored, CHALLENGE).reason_code == "turned_other_way"


def test_a_head_that_hardly_moves_is_asked_to_turn_further() -> None:
    frames = people.capture("vera") | {TURN_LEFT: people.jpeg("vera", "selfie2")}
    assert MeshLivenessEngine().judge(frames, CHALLENGE).reason_code == "turn_too_small"


def test_the_first_photo_must_be_frontal() -> None:
    frames = people.capture("vera") | {FRONTAL: people.jpeg("vera", "turn_left_2")}
    assert MeshLivenessEngine().judge(frames, CHALLENGE).reason_code == "not_frontal"


@pytest.mark.parametrize("person", people.PEOPLE)
@pytest.mark.parametrize("degrees", [25, 35, 45, 55])
def test_a_photo_swung_before_the_camera_never_passes(person: str, degrees: int) -> None:
    portrait = people.jpeg(person, "portrait")
    frames = {
        FRONTAL: portrait,
        TURN_LEFT: pictures.swung(portrait, degrees),
        TURN_RIGHT: pictures.swung(portrait, -degrees),
    }
    assert not MeshLivenessEngine().judge(frames, CHALLENGE).live


def test_a_turn_without_depth_is_a_flat_picture() -> None:
    assert moves.turn_reason(turn=25.0, relief=0.008) == "flat_picture"
    assert moves.turn_reason(turn=70.0, relief=0.05) == "turn_too_large"
    assert moves.turn_reason(turn=25.0, relief=0.04) == ""


EVERY_MOVE = [FRONTAL, TURN_LEFT, LOOK_UP, BLINK, CLOSER]
STILL = [FRONTAL, CAMERA_RIGHT, CLOSER, CAMERA_LEFT]


@pytest.mark.parametrize("person", people.MOVING)
@pytest.mark.parametrize("challenge", [EVERY_MOVE, STILL], ids=["head", "camera"])
def test_every_move_is_recognised(person: str, challenge: list[str]) -> None:
    for second in (False, True):
        verdict = MeshLivenessEngine().judge(people.capture(person, challenge, second=second), challenge)
        assert verdict.live, verdict
        assert set(verdict.evidence) == set(challenge)


def test_the_evidence_of_a_blink_is_the_photo_with_closed_eyes() -> None:
    verdict = MeshLivenessEngine().judge(people.capture("jun", EVERY_MOVE), EVERY_MOVE)
    assert verdict.evidence[BLINK] == "blink_2"


@pytest.mark.parametrize(
    ("instead", "code"),
    [
        ({"look_up": "selfie2"}, "lift_too_small"),
        ({"look_up": "frontal_2"}, "lift_too_small"),
        ({"closer": "selfie2"}, "not_closer"),
        ({"blink_2": "selfie2"}, "eyes_not_closed"),
        ({"blink_1": "blink_2"}, "eyes_not_opened"),
        ({"frontal": "blink_2", "blink_2": "frontal"}, "eyes_not_opened"),
        ({"look_up": "closer", "closer": "look_up"}, "lift_too_small"),
        ({"turn_left": "look_up", "look_up": "turn_left"}, "turn_too_small"),
    ],
)
@pytest.mark.parametrize("person", people.MOVING)
def test_a_move_that_was_not_made_is_named(person: str, instead: dict[str, str], code: str) -> None:
    honest = people.capture(person, EVERY_MOVE)
    frames = honest | {key: people.jpeg(person, picture) for key, picture in instead.items()}
    assert MeshLivenessEngine().judge(frames, EVERY_MOVE).reason_code == code


@pytest.mark.parametrize("person", people.PEOPLE)
@pytest.mark.parametrize("degrees", [25, 35, 45])
def test_a_photo_tilted_before_the_camera_does_not_look_up(person: str, degrees: int) -> None:
    portrait = people.jpeg(person, "portrait")
    frontal = mesh_liveness._view(portrait, FRONTAL, lids=False)
    for way in (degrees, -degrees):
        tilted = mesh_liveness._view(pictures.tilted(portrait, way), LOOK_UP, lids=False)
        found = moves.MOVES[LOOK_UP](frontal, [tilted])
        assert found.reason, found


def test_a_photo_that_comes_closer_and_is_swung_still_never_passes() -> None:
    portrait = people.jpeg("vera", "portrait")
    flat = {
        FRONTAL: portrait,
        CAMERA_RIGHT: pictures.swung(portrait, 45),
        CLOSER: pictures.nearer(portrait),
        CAMERA_LEFT: pictures.swung(portrait, -45),
    }
    assert not MeshLivenessEngine().judge(flat, STILL).live


def test_one_photo_may_not_serve_two_steps_but_a_burst_may_stand_still() -> None:
    frames = people.capture("vera", EVERY_MOVE)
    assert MeshLivenessEngine().judge(frames | {"blink_3": frames["blink_1"]}, EVERY_MOVE).live
    doubled = frames | {"blink_3": frames[CLOSER]}
    assert MeshLivenessEngine().judge(doubled, EVERY_MOVE).reason_code == "frames_repeated"


def test_two_people_before_the_camera_are_refused() -> None:
    frames = people.capture("vera") | {FRONTAL: pictures.together("vera", "abel")}
    with pytest.raises(FaceUnusable, match="two_faces"):
        MeshLivenessEngine().judge(frames, CHALLENGE)


def _measured(reference: str, frames: dict[str, bytes], challenge: list[str] = CHALLENGE) -> capture.Measurement:
    return capture.measure(
        reference=people.jpeg(reference, "portrait"),
        frames=frames,
        challenge=challenge,
        face_engine=DlibFaceEngine(),
        liveness_engine=MeshLivenessEngine(),
    )


@pytest.mark.parametrize("person", people.MOVING)
def test_a_whole_capture_of_the_right_person_is_live_and_confident(person: str) -> None:
    for second in (False, True):
        found = _measured(person, people.capture(person, second=second))
        assert found.live
        assert found.confidence is not None
        assert found.confidence > 85
        assert found.frames == 3


@pytest.mark.parametrize("person", people.MOVING)
@pytest.mark.parametrize("challenge", [EVERY_MOVE, STILL], ids=["head", "camera"])
def test_every_move_leaves_the_person_recognisable(person: str, challenge: list[str]) -> None:
    found = _measured(person, people.capture(person, challenge), challenge)
    assert found.live, found
    assert found.confidence is not None
    assert found.confidence > 85
    assert found.measures["same_person"] > 70


def test_somebody_else_who_blinks_is_noticed() -> None:
    frames = people.capture("vera", EVERY_MOVE) | {"blink_2": people.jpeg("abel", "blink_2")}
    found = _measured("vera", frames, EVERY_MOVE)
    assert (found.live, found.reason_code, found.confidence) == (False, "other_person", None)


def test_a_whole_capture_of_another_person_is_live_and_not_confident() -> None:
    found = _measured("vera", people.capture("abel"))
    assert found.live
    assert found.confidence is not None
    assert found.confidence < 39


def test_a_second_person_who_steps_in_for_the_turns_is_noticed_and_gets_no_score() -> None:
    frames = people.capture("abel") | {FRONTAL: people.jpeg("vera", "frontal")}
    found = _measured("vera", frames)
    assert (found.live, found.reason_code, found.confidence) == (False, "other_person", None)


def test_a_capture_that_is_not_live_is_never_compared() -> None:
    class NeverAsked(ScriptedFaceEngine):
        def embed(self, jpeg: bytes):
            raise AssertionError("compared before it was live")

    found = capture.measure(
        reference=b"",
        frames={key: cards.write({"person": "a", "pose": key, "liveness": "flat_picture"}) for key in CHALLENGE},
        challenge=CHALLENGE,
        face_engine=NeverAsked(),
        liveness_engine=ScriptedLivenessEngine(),
    )
    assert (found.live, found.confidence, found.reason_code) == (False, None, "flat_picture")


def test_every_code_is_either_mended_by_a_better_photo_or_a_refusal() -> None:
    assert not RETRY_CODES & REFUSAL_CODES


def test_one_card_may_serve_a_whole_scripted_capture_and_only_when_it_says_so() -> None:
    challenge = [FRONTAL, "turn_left", "closer"]
    engine = ScriptedLivenessEngine()
    any_pose = cards.write({"person": "alice", "any_pose": True})
    assert engine.judge(dict.fromkeys(challenge, any_pose), challenge).live
    plain = cards.write({"person": "alice"})
    assert engine.judge(dict.fromkeys(challenge, plain), challenge).reason_code == "frames_repeated"
    assert engine.judge({FRONTAL: any_pose, "turn_left": plain, "closer": any_pose}, challenge).live is False
