"""Calibration, optional engines, weights and the pool check: what an operator does with faces."""

import io
import json
import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from idv.face import calibrations, checks, weights
from idv.face.dlib_engine import CALIBRATION, DlibFaceEngine
from idv.face.engines import Box, Face, Quality
from idv.face.errors import EngineUnavailable
from idv.face.evaluation import calibrating, curves, pairs
from idv.face.scripted import ScriptedFaceEngine
from recovery_portal.demo import people
from recovery_portal.kit import clock


def _labelled(many: int = 60, photos: int = 3) -> pairs.Labelled:
    """Invented people: points in space, and photos scattered round each."""
    rng = np.random.default_rng(5)
    faces, names = [], []
    for number in range(many):
        person = rng.normal(size=128)
        for _ in range(photos):
            vector = person + rng.normal(scale=0.25, size=128)
            faces.append(Face(vector / np.linalg.norm(vector), Box(0, 0, 200, 200), Quality(200, 200, 200)))
            names.append(f"person{number}")
    return pairs.Labelled(faces, names, {})


def test_all_pairs_are_compared_and_counted() -> None:
    distances = pairs.compare(ScriptedFaceEngine(), _labelled(4, 3))
    assert (len(distances.genuine), len(distances.impostor)) == (12, 54)
    assert pairs.equal_error_rate(distances) == 0.0
    assert pairs.false_match_rate(distances, 10.0) == 1.0
    assert pairs.false_non_match_rate(distances, 0.0) == 1.0


def test_a_calibration_puts_50_and_70_where_the_anchors_say() -> None:
    engine = ScriptedFaceEngine()
    distances = pairs.compare(engine, _labelled())
    made = calibrating.fit(engine, distances, at=clock.now())
    for confidence, rate in calibrating.ANCHORS:
        threshold = pairs.threshold_at(distances, rate)
        assert threshold is not None
        assert made.confidence(threshold) == pytest.approx(confidence, abs=0.01)


def test_too_few_pairs_make_no_calibration() -> None:
    engine = ScriptedFaceEngine()
    with pytest.raises(calibrating.TooFewPairs, match="10 000"):
        calibrating.fit(engine, pairs.compare(engine, _labelled(5)), at=clock.now())


def test_intervals_hold_the_rate_and_widen_with_fewer_people() -> None:
    engine = ScriptedFaceEngine()
    spans = []
    for many in (12, 60):
        distances = pairs.compare(engine, _labelled(many))
        threshold = float(np.quantile(distances.impostor, 0.02))
        (low, high), _ = pairs.intervals(distances, threshold)
        assert low <= 0.025 <= high + 0.02
        spans.append(high - low)
    assert spans[0] > spans[1]


def test_the_curves_are_an_svg_without_scripts() -> None:
    engine = ScriptedFaceEngine()
    svg = curves.draw(pairs.compare(engine, _labelled(5)), engine.calibration, "scripted & <test>")
    assert svg.startswith("<svg")
    assert "&amp; &lt;test&gt;" in svg
    assert "script>" not in svg
    assert svg.count("<polyline") == 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for person in ("vera", "abel"):
        (tmp_path / "in" / person).mkdir(parents=True)
        for picture in ("portrait", "selfie1"):
            shutil.copy(people.path(person, picture), tmp_path / "in" / person / f"{picture}.jpg")
    (tmp_path / "in" / "abel" / "none.jpg").write_bytes(b"no picture")
    return tmp_path


def test_the_command_writes_report_and_curves_and_says_when_the_folder_is_too_small(folder: Path, capsys) -> None:
    call_command("calibrate_faces", str(folder / "in"), out=folder / "out")
    said = capsys.readouterr()
    assert "No new calibration: 4 pairs of different people" in said.err
    assert "2 people, 4 pictures, 2 genuine and 4 impostor pairs" in said.out
    [report] = [json.loads(path.read_text()) for path in (folder / "out").glob("*.json")]
    assert report["unusable"] == {"not_an_image": 1}
    assert report["at"]["70"]["false_match"] == 0
    assert not report["fitted"]
    assert len(list((folder / "out").glob("*.svg"))) == 1


def test_the_command_wants_two_people(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="two people"):
        call_command("calibrate_faces", str(tmp_path))


def test_a_calibration_of_ones_own_is_used_by_the_engine_it_was_made_for(tmp_path: Path, settings) -> None:
    made = CALIBRATION.__class__("mine", "2026-11-22", 9.0, 0.55, ((50, 0.01), (70, 0.001)))
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"engine": "face_recognition", "calibration": calibrations.as_json(made)}))
    settings.FACE_CALIBRATION_FILE = str(file)
    assert DlibFaceEngine().calibration == made
    assert calibrations.installed("arc_onnx", CALIBRATION) == CALIBRATION
    for broken in ("{}", "not json"):
        file.write_text(broken)
        with pytest.raises(ImproperlyConfigured, match=r"mine\.json"):
            DlibFaceEngine()


@pytest.mark.parametrize("pool", ["threads", "gevent", "eventlet"])
def test_faces_are_never_given_to_threads(pool: str, settings) -> None:
    assert checks.face_workers() == []
    settings.CELERY_WORKER_POOL = pool
    assert [message.id for message in checks.face_workers()] == ["face.E001"]


def test_a_worker_that_was_started_with_threads_stops(settings) -> None:
    def worker(pool: str, queue: str) -> SimpleNamespace:
        app = SimpleNamespace(amqp=SimpleNamespace(queues={queue: None}))
        return SimpleNamespace(pool_cls=type("TaskPool", (), {"__module__": f"celery.concurrency.{pool}"}), app=app)

    checks.refuse_threads(sender=worker("prefork", settings.FACES_QUEUE))
    checks.refuse_threads(sender=worker("thread", "mail"))
    for pool in ("thread", "gevent", "eventlet"):
        with pytest.raises(SystemExit, match="prefork"):
            checks.refuse_threads(sender=worker(pool, settings.FACES_QUEUE))


def _archive(path: Path, data: bytes, member: str = weights.ARC.member) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo(member)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return path


def test_weights_are_used_only_when_they_are_the_known_ones(tmp_path: Path, settings) -> None:
    settings.FACE_WEIGHTS_DIR = str(tmp_path / "weights")
    with pytest.raises(EngineUnavailable, match="fetch_face_weights"):
        weights.read(weights.ARC)
    for archive in (
        _archive(tmp_path / "other.tgz", b"another network"),
        _archive(tmp_path / "empty.tgz", b"x", member="package/other"),
        tmp_path / "missing.tgz",
    ):
        with pytest.raises(EngineUnavailable):
            weights.fetch(weights.ARC, archive)
    assert not weights.path_of(weights.ARC).exists()
    weights.path_of(weights.ARC).parent.mkdir()
    weights.path_of(weights.ARC).write_bytes(b"put there by somebody else")
    with pytest.raises(EngineUnavailable, match="not the file"):
        weights.read(weights.ARC)


def test_fetching_says_the_terms_first(tmp_path: Path, settings, capsys) -> None:
    settings.FACE_WEIGHTS_DIR = str(tmp_path)
    with pytest.raises(CommandError, match="--accept"):
        call_command("fetch_face_weights")
    assert "not documented" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("fetch_face_weights", "--accept", archive=tmp_path / "none.tgz")


_FETCHED = weights.path_of(weights.ARC).is_file()


@pytest.mark.skipif(
    not _FETCHED,
    reason="the optional engines' weights have no documented licence: only a person fetches them,"
    " by manage.py fetch_face_weights --accept",
)
@pytest.mark.parametrize("dotted", ["idv.face.arc_engine.ArcOnnxFaceEngine", "idv.face.fused_engine.FusedFaceEngine"])
def test_the_optional_engines_tell_the_same_person_from_another(dotted: str, settings) -> None:
    from django.utils.module_loading import import_string

    engine = import_string(dotted)()
    portraits = {person: engine.embed(people.jpeg(person, "portrait")) for person in ("vera", "abel")}
    probes = [engine.embed(people.jpeg("vera", f"selfie{n}")) for n in (1, 2, 3)]
    same, other = (engine.confidence(portraits[person], probes) for person in ("vera", "abel"))
    assert same > 95
    assert other < same - 10
    with pytest.raises(ValueError, match="at least one"):
        engine.confidence(portraits["vera"], [])


def test_an_optional_engine_without_its_weights_is_our_fault_and_nobody_elses(tmp_path: Path, settings) -> None:
    from idv.face import arc_engine

    settings.FACE_WEIGHTS_DIR = str(tmp_path)
    arc_engine._session.cache_clear()
    with pytest.raises(EngineUnavailable):
        arc_engine.ArcOnnxFaceEngine().embed(people.jpeg("vera", "portrait"))
