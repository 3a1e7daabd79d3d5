"""``make bench-faces FOLDER=…``: how often faces are mistaken, how often pictures pass for people, and what it costs.

Without FOLDER it measures the synthetic people that come along, and says so: they resemble each other more than real
people do, and there are six. ``--write FILE`` keeps the summary.
"""

import argparse
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django
from PIL import Image

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from idv.face import liveness  # noqa: E402 - engines need the settings
from idv.face.dlib_engine import DlibFaceEngine  # noqa: E402
from idv.face.errors import FaceUnusable  # noqa: E402
from idv.face.evaluation import calibrating, pairs  # noqa: E402
from idv.face.mesh_liveness import MeshLivenessEngine  # noqa: E402
from recovery_portal.demo import people  # noqa: E402
from recovery_portal.kit import adapters, clock, images  # noqa: E402
from tests.unit.idv.face import pictures  # noqa: E402

_ATTACKS = 504
_HONEST = 120
_JITTER = ("as taken", "darker", "brighter", "softer", "smaller")


def matching(folder: Path) -> dict[str, object]:
    engine = adapters.load("FACE_ENGINE")
    labelled = pairs.read(engine, folder)
    distances = pairs.compare(engine, labelled)
    return calibrating.report(engine, labelled, distances, engine.calibration, at=clock.now())


def synthetic(folder: Path) -> Path:
    """The people that come along, as a labelled folder."""
    for person in people.PEOPLE:
        (folder / person).mkdir()
        for path in people.HERE.glob(f"{person}_*.jpg"):
            if not path.stem.endswith("blink_2"):  # closed eyes are never compared
                shutil.copy(path, folder / person / path.name)
    return folder


def attacks() -> dict[str, int]:
    """Flat photos of everybody, swung, tilted and brought closer as a random challenge asks; how many passed."""
    engine, rng = MeshLivenessEngine(), random.Random(3)
    found = {"shown": 0, "accepted": 0, "refused": 0, "unusable": 0}
    while found["shown"] < _ATTACKS:
        source = people.jpeg(rng.choice(people.PEOPLE), rng.choice(["portrait", "selfie1", "selfie2", "selfie3"]))
        movement = rng.choice(list(liveness.Movement))
        challenge = liveness.new_challenge(rng, movement)
        frames = {name: _flat(source, name, rng) for name in _photo_names(challenge)}
        found["shown"] += 1
        found[_outcome(engine, frames, challenge)] += 1
    return found


def _flat(source: bytes, name: str, rng: random.Random) -> bytes:
    degrees = rng.uniform(20, 60)
    key = liveness.step_of(name)
    if key in {liveness.TURN_LEFT, liveness.CAMERA_RIGHT}:
        return pictures.swung(source, degrees)
    if key in {liveness.TURN_RIGHT, liveness.CAMERA_LEFT}:
        return pictures.swung(source, -degrees)
    if key == liveness.LOOK_UP:
        return pictures.tilted(source, rng.choice([-1, 1]) * degrees)
    return pictures.nearer(source, rng.uniform(1.25, 1.5) if key == liveness.CLOSER else rng.uniform(1.01, 1.1))


def honest() -> dict[str, float]:
    """The three people who move, under five kinds of light and focus; who passes at once, and within two tries."""
    engine, rng = MeshLivenessEngine(), random.Random(4)
    first = second = 0
    for number in range(_HONEST):
        person = people.MOVING[number % len(people.MOVING)]
        tries = [_honest_try(engine, person, rng) for _ in range(2)]
        first += tries[0]
        second += any(tries)
    return {"shown": _HONEST, "passed_at_once": first / _HONEST, "passed_within_two": second / _HONEST}


def _honest_try(engine: MeshLivenessEngine, person: str, rng: random.Random) -> bool:
    challenge = liveness.new_challenge(rng, rng.choice(list(liveness.Movement)))
    how = rng.choice(_JITTER)
    frames = people.capture(person, challenge, second=rng.random() < 0.5)
    return _outcome(engine, {name: _spoiled(jpeg, how) for name, jpeg in frames.items()}, challenge) == "accepted"


def _spoiled(jpeg: bytes, how: str) -> bytes:
    picture = pictures.opened(jpeg)
    if how in {"darker", "brighter"}:
        factor = 0.55 if how == "darker" else 1.3
        picture = picture.point([min(255, round(value * factor)) for value in range(256)] * 3)
    elif how == "softer":
        picture = picture.filter(pictures.ImageFilter.GaussianBlur(1.2))
    elif how == "smaller":
        picture = picture.resize((picture.width * 2 // 3, picture.height * 2 // 3))
    return pictures.saved(picture)


def _photo_names(challenge: list[str]) -> Iterator[str]:
    for key in challenge:
        yield from [f"{key}_1", f"{key}_2"] if liveness.step(key).is_burst else [key]


def _outcome(engine: MeshLivenessEngine, frames: dict[str, bytes], challenge: list[str]) -> str:
    try:
        return "accepted" if engine.judge(frames, challenge).live else "refused"
    except FaceUnusable:
        return "unusable"


def costs() -> dict[str, float]:
    """Processor time from bytes to descriptor for 1 and 12 megapixels, in turns, and the memory of a fresh worker."""
    engine = DlibFaceEngine()
    photos = [_photo(896, 1120), _photo(3096, 3870)]
    times: list[list[float]] = [[], []]
    for number in range(16):
        for index, photo in enumerate(photos):
            spent = _processor_ms(lambda photo=photo: _descriptor(engine, photo))
            if number:
                times[index].append(spent)
    small, large = (statistics.median(taken) for taken in times)
    return {"ms_1mp": small, "ms_12mp": large, "ratio": large / small, "worker_mb": _worker_memory()}


def _descriptor(engine: DlibFaceEngine, photo: bytes) -> None:
    engine.embed(images.accept(photo, max_side=liveness.PHOTO_SIDE).jpeg)


def _processor_ms(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return (time.process_time() - began) * 1000


def _photo(width: int, height: int) -> bytes:
    return _enlarged(people.jpeg("vera", "portrait"), width, height)


def _enlarged(jpeg: bytes, width: int, height: int) -> bytes:
    picture = pictures.opened(jpeg).resize((width, height), Image.Resampling.LANCZOS)
    noise = Image.effect_noise((width, height), 6)
    out = io.BytesIO()
    Image.blend(picture, Image.merge("RGB", (noise,) * 3), 0.04).save(out, "JPEG", quality=90)
    return out.getvalue()


def _worker_memory() -> float:
    """Peak resident megabytes of a fresh process that takes in 12-megapixel photos and measures the capture."""
    with tempfile.TemporaryDirectory() as folder:
        challenge = [liveness.FRONTAL, liveness.TURN_LEFT, liveness.LOOK_UP, liveness.CLOSER]
        photos = people.capture("vera", challenge) | {"reference": people.jpeg("vera", "portrait")}
        for name, jpeg in photos.items():
            (Path(folder) / f"{name}.jpg").write_bytes(_enlarged(jpeg, 3096, 3870))
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.face_worker", folder], capture_output=True, text=True, check=True
        )
    return float(done.stdout.strip().splitlines()[-1])


def scaling(jobs: int = 24) -> dict[str, float]:
    """Throughput of two worker processes as a multiple of one's: as it was, and as two idle cores would have given.

    The second figure counts processor time, which says what the two take from each other (locks, caches, memory) and
    nothing about what else runs on the machine.
    """
    from multiprocessing import get_context

    context = get_context("spawn")
    taken, spent = [], []
    for processes in (1, 2):
        with context.Pool(processes, initializer=_warm) as pool:
            pool.map(_one_job, range(4))
            began = time.perf_counter()
            spent.append(statistics.median(pool.map(_one_job, range(jobs), chunksize=1)))
            taken.append(time.perf_counter() - began)
    return {"as_it_was": taken[0] / taken[1], "on_two_idle_cores": 2 * spent[0] / spent[1]}


def _warm() -> None:
    _one_job(0)


def _one_job(_: int) -> float:
    """Milliseconds of processor time for one descriptor."""
    return _processor_ms(lambda: DlibFaceEngine().embed(people.jpeg("vera", "portrait")))


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", nargs="?", type=Path)
    reader.add_argument("--write", type=Path)
    options = reader.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = {
            "matching": matching(options.folder or synthetic(Path(scratch))),
            "set": str(options.folder or "the six synthetic people"),
            "attacks": attacks(),
            "honest": honest(),
            "costs": costs(),
            "second_worker": scaling(),
        }
    printed = json.dumps(found, indent=2, default=str)
    print(printed)
    if options.write:
        options.write.write_text(printed + "\n")


if __name__ == "__main__":
    main()
