"""How good a portrait is to compare with."""

import pytest

from idv.face import looks
from idv.face.engines import Quality


@pytest.mark.parametrize(
    ("face_px", "brightness", "sharpness", "grade"),
    [
        (200, 150, 60, "HIGH"), (199, 150, 60, "MEDIUM"), (100, 150, 60, "MEDIUM"), (99, 150, 60, "LOW"),
        (400, 60, 60, "LOW"), (400, 150, 9, "LOW"),
    ],
)  # fmt: skip
def test_a_portrait_is_graded_by_size_light_and_sharpness(
    face_px: float, brightness: float, sharpness: float, grade: str
) -> None:
    assert looks.grade(Quality(face_px, brightness, sharpness)) == grade
