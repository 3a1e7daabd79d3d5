"""One contract for every face engine, real and scripted; then what only the real one can get wrong."""

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import ImageFile

from idv.face import cards
from idv.face.dlib_engine import CALIBRATION, DlibFaceEngine
from idv.face.engines import FaceEngine
from idv.face.errors import RETRY_CODES, SENTENCES, FaceUnusable, sentence
from idv.face.scripted import ScriptedFaceEngine
from recovery_portal.demo import people
from tests.unit.idv.face import pictures


@dataclass(frozen=True)
class World:
    """An engine with the pictures that it understands."""

    engine: FaceEngine
    of: Callable[[str, str], bytes]
    trouble: dict[str, bytes]


def _real() -> World:
    trouble = {
        "no_face": pictures.nobody(),
        "two_faces": pictures.together("vera", "abel"),
        "too_small": pictures.far_away("vera"),
        "too_dark": pictures.in_the_dark("vera"),
        "blurred": pictures.shaken("vera"),
    }
    return World(DlibFaceEngine(), people.jpeg, trouble)


def _scripted() -> World:
    codes = ("no_face", "two_faces", "too_small", "too_dark", "blurred")
    return World(
        ScriptedFaceEngine(),
        lambda person, picture: cards.write({"person": person, "picture": picture}),
        {code: cards.write({"trouble": code}) for code in codes},
    )


@pytest.fixture(scope="module", params=[_real, _scripted], ids=["dlib", "scripted"])
def world(request: pytest.FixtureRequest) -> World:
    return request.param()


def test_it_measures_one_face(world: World) -> None:
    face = world.engine.embed(world.of("vera", "portrait"))
    assert face.vector.shape == (128,)
    assert face.box.width > 0
    assert face.quality.face_px > 0


def test_it_is_confident_about_the_same_person(world: World) -> None:
    reference = world.engine.embed(world.of("vera", "portrait"))
    probes = [world.engine.embed(world.of("vera", f"selfie{n}")) for n in (1, 2, 3)]
    assert 70 < world.engine.confidence(reference, probes) <= 100


def test_it_is_not_confident_about_another_person(world: World) -> None:
    reference = world.engine.embed(world.of("vera", "portrait"))
    probes = [world.engine.embed(world.of("abel", f"selfie{n}")) for n in (1, 2, 3)]
    assert 0 <= world.engine.confidence(reference, probes) < 50


@pytest.mark.parametrize("code", ["no_face", "two_faces", "too_small", "too_dark", "blurred"])
def test_it_says_what_is_wrong_with_a_photo(world: World, code: str) -> None:
    with pytest.raises(FaceUnusable) as unusable:
        world.engine.embed(world.trouble[code])
    assert unusable.value.code == code
    assert code in RETRY_CODES
    assert str(unusable.value.sentence).endswith(".")


def test_no_probes_are_no_confidence(world: World) -> None:
    reference = world.engine.embed(world.of("vera", "portrait"))
    with pytest.raises(ValueError, match="at least one"):
        world.engine.confidence(reference, [])


def test_it_names_itself_and_its_calibration(world: World) -> None:
    assert world.engine.name
    assert world.engine.version
    assert world.engine.calibration.label.count("/") == 1


def test_a_face_never_prints_its_vector(world: World) -> None:
    assert "vector" not in repr(world.engine.embed(world.of("vera", "portrait")))


def test_the_scale_is_anchored_where_its_documentation_says() -> None:
    assert CALIBRATION.confidence(0.604) == pytest.approx(50)
    assert CALIBRATION.confidence(0.535) == pytest.approx(70, abs=0.2)
    assert CALIBRATION.confidence(0.0) > 99.9
    assert CALIBRATION.confidence(1.2) < 0.1


def test_a_picture_that_is_none_shows_no_face() -> None:
    with pytest.raises(FaceUnusable, match="no_face"):
        DlibFaceEngine().embed(b"not a picture")


def test_every_demo_person_is_recognised_and_the_impostor_pair_is_far_apart() -> None:
    engine = DlibFaceEngine()
    portraits = {person: engine.embed(people.jpeg(person, "portrait")) for person in people.PEOPLE}
    for person, portrait in portraits.items():
        assert engine.confidence(portrait, [engine.embed(people.jpeg(person, "selfie1"))]) > 85
    assert engine.confidence(portraits["vera"], [portraits["abel"]]) < 39


def test_many_threads_get_the_same_faces() -> None:
    engine, found = DlibFaceEngine(), []
    jpeg = people.jpeg("vera", "portrait")
    threads = [threading.Thread(target=lambda: found.append(engine.embed(jpeg).vector)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert all(np.array_equal(vector, found[0]) for vector in found)


def test_loading_the_library_leaves_pillow_strict() -> None:
    DlibFaceEngine().embed(people.jpeg("vera", "portrait"))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def _in_a_fresh_process(script: str) -> subprocess.CompletedProcess[str]:
    setup = "from django.conf import settings; settings.configure(USE_I18N=False)\n"
    return subprocess.run(
        [sys.executable, "-c", setup + script], capture_output=True, text=True, timeout=60, check=False
    )


def test_missing_models_are_an_error_and_not_the_end_of_the_worker() -> None:
    """face_recognition calls quit() then, with exit code 0: a worker would stop as if all were well."""
    done = _in_a_fresh_process(
        "import sys; sys.modules['face_recognition_models'] = None\n"
        "from idv.face.dlib_engine import DlibFaceEngine\nfrom idv.face.errors import FaceUnusable\n"
        "from recovery_portal.demo import people\n"
        "try: DlibFaceEngine().embed(people.jpeg('vera', 'portrait'))\n"
        "except FaceUnusable as error: print('code', error.code)\n"
    )
    assert "code engine_unavailable" in done.stdout, done.stderr


def test_the_model_that_may_not_be_used_commercially_is_never_loaded() -> None:
    done = _in_a_fresh_process(
        "import dlib\nasked = []\npredictor = dlib.shape_predictor\n"
        "dlib.shape_predictor = lambda path: (asked.append(path), predictor(path))[1]\n"
        "from idv.face.dlib_engine import DlibFaceEngine\nfrom recovery_portal.demo import people\n"
        "DlibFaceEngine().embed(people.jpeg('vera', 'portrait'))\nprint(asked)\n"
    )
    assert "shape_predictor_5" in done.stdout, done.stderr
    assert "shape_predictor_68" not in done.stdout


def test_unknown_codes_have_a_sentence_too() -> None:
    assert str(sentence("from_an_older_version")).endswith(".")
    assert set(SENTENCES) > RETRY_CODES
