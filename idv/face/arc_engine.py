"""An optional engine: an ArcFace-style network (512 numbers) run by onnxruntime. See ``weights.ARC`` for its terms.

Ten times fewer false rejections than dlib at a false match rate of 1 in 10 000, and far better on grey ID portraits;
dlib copes better with profiles.
"""

import functools
import io
import threading
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from idv.face import mesh, weights
from idv.face.calibrations import Calibration, installed
from idv.face.engines import Box, Face, mean_confidence
from idv.face.errors import EngineUnavailable, FaceUnusable
from idv.face.looks import judge

# Distance is 1 - cosine. 50 = 1 % and 70 = 0.1 % false matches of the same 161 662 impostor pairs as dlib's scale.
CALIBRATION: Final = Calibration(
    name="arc-onnx-fmr", version="1", slope=10.09, midpoint=0.711, anchors=((50, 0.01), (70, 0.001), (80, 0.0001))
)

_SIDE: Final = 112
_WORKING_SIDE: Final = 640
_SURE: Final = 0.75
_SECOND_FACE_SHARE: Final = 0.4
# ArcFace's template: right eye, left eye, nose, right and left corner of the mouth, as seen in the picture.
_TEMPLATE: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
_EYES: Final = ((33, 133), (362, 263))
_NOSE, _MOUTH_RIGHT, _MOUTH_LEFT = 1, 61, 291

_lock = threading.Lock()


@functools.cache
def _session() -> Any:
    data = weights.read(weights.ARC)
    try:
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # on two cores more threads take twice the time
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EngineUnavailable(f"{weights.ARC.file_name}: {error}") from error


class ArcOnnxFaceEngine:
    """``fr_feature.onnx`` on faces aligned by FaceMesh. Off unless ``IDV_FACE_ENGINE`` names it."""

    name = "arc_onnx"

    def __init__(self) -> None:
        self.version = weights.ARC.package.partition("@")[2]
        self.calibration = installed(self.name, CALIBRATION)

    def embed(self, jpeg: bytes) -> Face:
        """The one face in ``jpeg``. Raises FaceUnusable: no_face, two_faces, too_small, too_dark, blurred."""
        picture, scale = _decode(jpeg)
        face = _only_face(picture)
        quality = judge(picture, face.box, scale)
        points = mesh.mesh(picture, face)[:, :2]
        five = [points[list(eye)].mean(axis=0) for eye in _EYES] + [
            points[_NOSE], points[_MOUTH_RIGHT], points[_MOUTH_LEFT]
        ]  # fmt: skip
        warp, _ = cv2.estimateAffinePartial2D(np.asarray(five, np.float32), _TEMPLATE, method=cv2.LMEDS)
        if warp is None:
            raise FaceUnusable("no_face", "the face could not be aligned")
        aligned = cv2.warpAffine(picture, warp, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
        return Face(vector=_descriptor(aligned), box=_scaled(face.box, 1 / scale), quality=quality)

    def confidence(self, reference: Face, probes: Sequence[Face]) -> float:
        return mean_confidence(self.calibration, reference, probes, distance=self.distance)

    @staticmethod
    def distance(one: Face, other: Face) -> float:
        return 1.0 - float(one.vector @ other.vector)


def _decode(jpeg: bytes) -> tuple[npt.NDArray[Any], float]:
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            width = image.width
            image.draft("RGB", (_WORKING_SIDE, _WORKING_SIDE))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise FaceUnusable("no_face", f"not a picture: {error}") from error
    picture.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(picture), picture.width / width


def _only_face(picture: npt.NDArray[Any]) -> mesh.Detection:
    faces = mesh.detect(picture)
    faces = [face for face in faces if face.score >= _SURE] or faces[:1]
    if not faces:
        raise FaceUnusable("no_face", "BlazeFace found nothing")
    if len(faces) > 1 and faces[1].box.width >= _SECOND_FACE_SHARE * faces[0].box.width:
        raise FaceUnusable("two_faces", f"{len(faces)} faces")
    return faces[0]


def _scaled(box: Box, factor: float) -> Box:
    return Box(box.left * factor, box.top * factor, box.width * factor, box.height * factor)


def _descriptor(aligned: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    # The network was fed BGR when it was trained; its own script feeds RGB and loses a third of its sharpness.
    tensor = (aligned[:, :, ::-1].astype(np.float32) - 127.5) / 127.5
    session = _session()
    with _lock:
        output = session.run(None, {session.get_inputs()[0].name: tensor.transpose(2, 0, 1)[np.newaxis]})[0]
    vector = np.asarray(output, dtype=np.float64).reshape(-1)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
