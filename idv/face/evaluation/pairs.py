"""Every picture against every other: distances of same and different people, and the rates at a threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from idv.face.engines import Face, FaceEngine
from idv.face.errors import FaceUnusable
from recovery_portal.kit import images

Numbers = npt.NDArray[np.float64]
_PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic"})


@dataclass(frozen=True)
class Labelled:
    """The faces found, who each is of, and how many pictures showed none that could be used."""

    faces: list[Face]
    people: list[str]
    unusable: dict[str, int]

    @property
    def names(self) -> list[str]:
        return sorted(set(self.people))


@dataclass(frozen=True)
class Distances:
    """Distances of genuine and impostor pairs, with the indices of the two people of each pair."""

    genuine: Numbers
    genuine_people: npt.NDArray[np.int64]
    impostor: Numbers
    impostor_people: npt.NDArray[np.int64]


def read(engine: FaceEngine, folder: Path) -> Labelled:
    """The faces in ``folder/<person>/<picture>``. Raises ValueError when fewer than two people have a usable one."""
    faces: list[Face] = []
    people: list[str] = []
    unusable: dict[str, int] = {}
    for path in sorted(folder.glob("*/*")):
        if path.suffix.lower() not in _PICTURES:
            continue
        try:
            faces.append(engine.embed(images.accept(path.read_bytes()).jpeg))
            people.append(path.parent.name)
        except (FaceUnusable, images.ImageRefused) as refused:
            unusable[refused.code] = unusable.get(refused.code, 0) + 1
    if len(set(people)) < 2:
        raise ValueError(f"{folder} needs pictures of two people at least, each in a folder of their own")
    return Labelled(faces, people, unusable)


def compare(engine: FaceEngine, labelled: Labelled) -> Distances:
    """All pairs of pictures."""
    index = {name: number for number, name in enumerate(labelled.names)}
    genuine, impostor = [], []
    genuine_people, impostor_people = [], []
    for (one, who), (other, whom) in combinations(zip(labelled.faces, labelled.people, strict=True), 2):
        distance = engine.distance(one, other)
        if who == whom:
            genuine.append(distance)
            genuine_people.append((index[who], index[who]))
        else:
            impostor.append(distance)
            impostor_people.append((index[who], index[whom]))
    return Distances(
        np.array(genuine), np.array(genuine_people, dtype=np.int64).reshape(-1, 2),
        np.array(impostor), np.array(impostor_people, dtype=np.int64).reshape(-1, 2),
    )  # fmt: skip


def false_match_rate(distances: Distances, threshold: float) -> float:
    return float((distances.impostor <= threshold).mean()) if len(distances.impostor) else 0.0


def false_non_match_rate(distances: Distances, threshold: float) -> float:
    return float((distances.genuine > threshold).mean()) if len(distances.genuine) else 0.0


def threshold_at(distances: Distances, rate: float) -> float | None:
    """The distance below which ``rate`` of the impostor pairs lie; None when there are too few pairs to tell.

    Ten pairs must lie below it, or the figure is that of single pictures.
    """
    if len(distances.impostor) * rate < 10:
        return None
    return float(np.quantile(distances.impostor, rate))


def equal_error_rate(distances: Distances) -> float:
    both = np.unique(np.concatenate([distances.genuine, distances.impostor]))
    worst = [max(false_match_rate(distances, t), false_non_match_rate(distances, t)) for t in _thinned(both)]
    return min(worst)


def _thinned(values: Numbers, most: int = 500) -> Sequence[float]:
    return [float(value) for value in values[:: max(1, len(values) // most)]]


def intervals(
    distances: Distances, threshold: float, *, seed: int = 1, rounds: int = 500
) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of the false match and the false non-match rate at ``threshold``.

    Bootstrap over people, not over pairs: the pairs of one person are not independent of each other.
    """
    rng = np.random.default_rng(seed)
    people = 1 + int(max(distances.impostor_people.max(initial=0), distances.genuine_people.max(initial=0)))
    matches, misses = [], []
    wrong = distances.impostor <= threshold
    missed = distances.genuine > threshold
    for _ in range(rounds):
        weight = np.bincount(rng.integers(0, people, people), minlength=people).astype(np.float64)
        impostor = weight[distances.impostor_people[:, 0]] * weight[distances.impostor_people[:, 1]]
        genuine = weight[distances.genuine_people[:, 0]]
        if impostor.sum():
            matches.append(float((impostor * wrong).sum() / impostor.sum()))
        if genuine.sum():
            misses.append(float((genuine * missed).sum() / genuine.sum()))
    return _middle(matches), _middle(misses)


def _middle(values: list[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
