"""The pattern of a screen is seen, and neither a face nor a document has one. The screens are simulated."""

import io
from datetime import date

import numpy as np
import pytest
from PIL import Image

from idv.face import grid
from idv.provider import specimen
from recovery_portal.demo import people


def on_a_screen(jpeg: bytes, pitch: float) -> bytes:
    """The picture behind red, green and blue stripes of a screen that is held a little aslant."""
    shown = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), np.float32)
    down, across = np.mgrid[0 : shown.shape[0], 0 : shown.shape[1]]
    place = (across + 0.05 * down) / pitch
    stripes = np.stack([np.clip(np.cos(2 * np.pi * (place - n / 3)), 0, 1) for n in range(3)], axis=-1)
    seen = shown * (0.35 + 1.4 * stripes) + np.random.default_rng(1).normal(0, 3, shown.shape)
    out = io.BytesIO()
    Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=88)
    return out.getvalue()


@pytest.mark.parametrize("name", people.PEOPLE)
def test_a_face_has_no_such_pattern_and_its_picture_on_a_screen_has(name: str) -> None:
    portrait = people.jpeg(name, "portrait")
    assert grid.strength(portrait) < grid.SUSPICIOUS / 3
    for pitch in (2.7, 3.1, 3.7):
        assert grid.strength(on_a_screen(portrait, pitch)) > 2 * grid.SUSPICIOUS


@pytest.mark.parametrize("severity", ["mild", "hard"])
def test_the_fine_lines_of_a_document_are_not_taken_for_a_screen(severity: str) -> None:
    holder = specimen.Holder("Vera", "Lindqvist", date(1990, 4, 12), "F")
    drawn = specimen.draw("passport", holder, people.jpeg("vera", "portrait"), issued_on=date(2024, 5, 1))
    photo = specimen.photograph(drawn.pages["front"], severity=severity)
    assert grid.strength(photo) < 0.6 * grid.SUSPICIOUS
    assert grid.strength(on_a_screen(photo, 3.0)) > 2 * grid.SUSPICIOUS


@pytest.mark.parametrize("size", [(1, 1), (40, 2000), (96, 96), (500, 500)])
def test_pictures_without_anything_are_not_suspicious(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 150)).save(out, "JPEG")
    assert grid.strength(out.getvalue()) == 0.0
