"""Liveness: heads that turn as asked pass, pictures and wrong moves do not. One contract, then the mesh itself."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from idv.face import capture, cards, liveness, mesh_liveness
from idv.face.dlib_engine import DlibFaceEngine
from idv.face.errors import REFUSAL_CODES, RETRY_CODES, FaceUnusable
from idv.face.liveness import FRONTAL, TURN_LEFT, TURN_RIGHT, LivenessEngine
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


def test_a_challenge_begins_frontal_and_turns_both_ways_in_an_order_that_varies() -> None:
    drawn = {tuple(liveness.new_challenge(random.Random(seed))) for seed in range(20)}
    assert drawn == {(FRONTAL, TURN_LEFT, TURN_RIGHT), (FRONTAL, TURN_RIGHT, TURN_LEFT)}


def test_every_step_tells_the_person_what_to_do() -> None:
    for key in CHALLENGE:
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
    assert mesh_liveness._reason(turn=25.0, relief=0.008) == "flat_picture"
    assert mesh_liveness._reason(turn=70.0, relief=0.05) == "turn_too_large"
    assert mesh_liveness._reason(turn=25.0, relief=0.04) == ""


def test_two_people_before_the_camera_are_refused() -> None:
    frames = people.capture("vera") | {FRONTAL: pictures.together("vera", "abel")}
    with pytest.raises(FaceUnusable, match="two_faces"):
        MeshLivenessEngine().judge(frames, CHALLENGE)


def _measured(reference: str, frames: dict[str, bytes]) -> capture.Measurement:
    return capture.measure(
        reference=people.jpeg(reference, "portrait"),
        frames=frames,
        challenge=CHALLENGE,
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
