"""Whether one move was made, judged against the person's own frontal photo. Figures and their sources stand here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from idv.face import mesh
from idv.face.liveness import BLINK, CAMERA_LEFT, CAMERA_RIGHT, CLOSER, LOOK_UP, TURN_LEFT, TURN_RIGHT

# A photo swung before the camera shows at most 7.5 degrees at 35 and 16.5 at 55 degrees; a real head's 25 reads as 27.
_MIN_TURN: Final = 18.0
# Past this the recogniser loses the far side of the face.
_MAX_TURN: Final = 55.0
# 3D heads leave 0.023 and more at 15 degrees, flat pictures 0.003-0.009 at 25.
_MIN_UNEVENNESS: Final = 0.015
# A head lifted by 20 degrees reads as 18 to 24; a photo tilted by 45 the right way as 7, with 0.020 of unevenness.
_MIN_LIFT: Final = 11.0
_MIN_LIFT_UNEVENNESS: Final = 0.015
# Share of the own open eye: half closed measures 0.3-0.45, open 0.75 and more.
_CLOSED: Final = 0.55
_OPEN: Final = 0.7
_MIN_OPENING: Final = 0.1
_MIN_APPROACH: Final = 1.2


@dataclass(frozen=True)
class View:
    """One photo as the models see it: ``opening`` of the eyes, ``size`` of the face as a share of the height."""

    points: mesh.Points
    opening: float
    size: float


class Finding(NamedTuple):
    """``reason`` is empty when the move was made; ``shown`` is the index of the photo that shows it."""

    reason: str
    measures: dict[str, float]
    shown: int = 0


Judge = Callable[[View, Sequence[View]], Finding]


def turn_reason(turn: float, relief: float) -> str:
    """The code for a turn of so many degrees the right way whose two views differ from a plane by ``relief``."""
    if turn <= -_MIN_TURN:
        return "turned_other_way"
    if turn < _MIN_TURN:
        return "turn_too_small"
    if turn > _MAX_TURN:
        return "turn_too_large"
    return "flat_picture" if relief < _MIN_UNEVENNESS else ""


def _turned(sign: float) -> Judge:
    def judge(frontal: View, views: Sequence[View]) -> Finding:
        turn = (mesh.yaw_degrees(views[0].points) - mesh.yaw_degrees(frontal.points)) * sign
        relief = mesh.unevenness(frontal.points, views[0].points)
        return Finding(turn_reason(turn, relief), {"degrees": round(turn, 1), "unevenness": round(relief, 4)})

    return judge


def _looked_up(frontal: View, views: Sequence[View]) -> Finding:
    lift = mesh.pitch_degrees(frontal.points) - mesh.pitch_degrees(views[0].points)
    relief = mesh.unevenness(frontal.points, views[0].points)
    reason = "lift_too_small" if lift < _MIN_LIFT else "flat_picture" if relief < _MIN_LIFT_UNEVENNESS else ""
    return Finding(reason, {"degrees": round(lift, 1), "unevenness": round(relief, 4)})


def _blinked(frontal: View, views: Sequence[View]) -> Finding:
    shares = [view.opening / max(frontal.opening, _MIN_OPENING) for view in views]
    measures = {"lowest": round(min(shares), 2), "highest": round(max(shares), 2)}
    closed = shares.index(min(shares))
    if min(shares) > _CLOSED:
        return Finding("eyes_not_closed", measures, closed)
    # Eyes that were never open in the burst are a picture of somebody asleep, not a blink.
    return Finding("" if max(shares) >= _OPEN else "eyes_not_opened", measures, closed)


def _came_closer(frontal: View, views: Sequence[View]) -> Finding:
    approach = views[0].size / max(frontal.size, 0.01)
    return Finding("" if approach >= _MIN_APPROACH else "not_closer", {"times": round(approach, 2)})


# A camera moved to the person's left sees them as if they had turned to their right.
MOVES: Final[dict[str, Judge]] = {
    TURN_LEFT: _turned(1.0),
    TURN_RIGHT: _turned(-1.0),
    CAMERA_LEFT: _turned(-1.0),
    CAMERA_RIGHT: _turned(1.0),
    LOOK_UP: _looked_up,
    BLINK: _blinked,
    CLOSER: _came_closer,
}


def eyes_are_open(frontal: View) -> bool:
    """Without open eyes to begin with, a later dip means nothing."""
    return frontal.opening >= _MIN_OPENING
