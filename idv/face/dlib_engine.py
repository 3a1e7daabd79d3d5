"""The default engine: ``face_recognition`` (dlib's ResNet descriptor, 128 numbers), called the fast way."""

import functools
import importlib.metadata
import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, ImageOps

from idv.face.calibrations import installed
from idv.face.engines import Box, Calibration, Face, euclidean, mean_confidence
from idv.face.errors import EngineUnavailable, FaceUnusable
from idv.face.looks import judge

# Anchored on the false match rate of 161 662 impostor pairs: 50 = 1 %, 70 = 0.1 %, 78 = 0.02 %.
# The sample cannot support a claim below about 1e-5, so a confidence above 87 is "more alike", not "so much safer".
CALIBRATION: Final = Calibration(
    name="dlib-resnet-fmr", version="1", slope=12.28, midpoint=0.604, anchors=((50, 0.01), (70, 0.001), (78, 0.0002))
)

_WORKING_SIDE: Final = 1280
_DETECTION_SIDE: Final = 480
_DESCRIPTOR_FACE_PX: Final = 300
# A second face counts when it is comparable in size: a poster far behind is no second person at the camera.
_SECOND_FACE_SHARE: Final = 0.4

# One HOG detector used by two threads crashes, or silently counts faces wrongly: dlib is never used unlocked.
_lock = threading.Lock()


@dataclass(frozen=True)
class _Models:
    detector: Any
    landmarks: Any
    encoder: Any


@functools.cache
def _models() -> _Models:
    """Loaded on first use, once per process (call under the lock): 1 s and about 60 MB that a web process never needs.

    Everything comes from ``face_recognition``'s own module objects. Two things about its import are put right here:
    it loads the 68-point model, which is 100 MB and licensed for research only, so it is shown the free 5-point file
    in that place; and it switches Pillow to accepting half-received pictures, for the whole process.
    When its models are missing it calls ``quit()``, which would end a worker with exit code 0 ("success").
    """
    try:
        import face_recognition_models as files

        full = files.pose_predictor_model_location
        files.pose_predictor_model_location = files.pose_predictor_five_point_model_location
        try:
            from face_recognition import api
        finally:
            files.pose_predictor_model_location = full
            ImageFile.LOAD_TRUNCATED_IMAGES = False
    except (SystemExit, ImportError, RuntimeError, OSError) as error:
        raise EngineUnavailable(f"face_recognition cannot be loaded: {error!r}") from error
    return _Models(detector=api.face_detector, landmarks=api.pose_predictor_5_point, encoder=api.face_encoder)


class DlibFaceEngine:
    """face_recognition 1.3 on dlib: HOG on a small copy, 5-point alignment, one descriptor of the shrunk face.

    About 200 ms per picture whatever its size, against seconds for the library's own defaults on a phone photo.
    """

    name = "face_recognition"

    def __init__(self) -> None:
        self.version = importlib.metadata.version("face-recognition")
        self.calibration = installed(self.name, CALIBRATION)

    def embed(self, jpeg: bytes) -> Face:
        """The one face in ``jpeg``. Raises FaceUnusable: no_face, two_faces, too_small, too_dark, blurred."""
        pixels = _decode(jpeg)
        with _lock:
            models = _models()
            box = _find_face(models.detector, pixels.array)
            quality = judge(pixels.array, box)
            vector = _descriptor(models, pixels.array, box)
        return Face(vector=vector, box=_scaled(box, 1 / pixels.scale), quality=quality)

    def confidence(self, reference: Face, probes: Sequence[Face]) -> float:
        return mean_confidence(self.calibration, reference, probes)

    def distance(self, one: Face, other: Face) -> float:
        return euclidean(one, other)


@dataclass(frozen=True)
class _Pixels:
    array: npt.NDArray[Any]
    scale: float


def _decode(jpeg: bytes) -> _Pixels:
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            width = image.width
            image.draft("RGB", (_WORKING_SIDE, _WORKING_SIDE))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise FaceUnusable("no_face", f"not a picture: {error}") from error
    picture.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BILINEAR)
    return _Pixels(np.asarray(picture), picture.width / width)


def _find_face(detector: Any, array: npt.NDArray[Any]) -> Box:
    scale = min(1.0, _DETECTION_SIDE / max(array.shape[:2]))
    small = cv2.resize(array, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else array
    found = detector(small, 0) or detector(small, 1)
    if not found:
        raise FaceUnusable("no_face", f"HOG found nothing at {small.shape[1]} x {small.shape[0]}")
    boxes = sorted((Box(r.left(), r.top(), r.width(), r.height()) for r in found), key=lambda box: -box.width)
    if len(boxes) > 1 and boxes[1].width >= _SECOND_FACE_SHARE * boxes[0].width:
        raise FaceUnusable("two_faces", f"{len(boxes)} faces")
    return _scaled(boxes[0], 1 / scale)


def _scaled(box: Box, factor: float) -> Box:
    return Box(box.left * factor, box.top * factor, box.width * factor, box.height * factor)


def _descriptor(models: _Models, array: npt.NDArray[Any], box: Box) -> npt.NDArray[np.float64]:
    import dlib  # loaded by face_recognition just before; named here only for the rectangle type

    scale = min(1.0, _DESCRIPTOR_FACE_PX / box.width)
    if scale < 1:
        array, box = cv2.resize(array, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), _scaled(box, scale)
    left, top = round(box.left), round(box.top)
    rectangle = dlib.rectangle(left, top, left + round(box.width), top + round(box.height))
    points = models.landmarks(array, rectangle)
    return np.asarray(models.encoder.compute_face_descriptor(array, points, 1), dtype=np.float64)
