"""The portrait's borders against the page's: straight as printed, askew where another picture was laid over it."""

import io
from datetime import date

import numpy as np
import pytest
from PIL import Image

from idv.face.engines import Box
from idv.provider import specimen
from idv.provider.document import portrait, portrait_edges
from recovery_portal.demo import people


@pytest.fixture(scope="module")
def page() -> Image.Image:
    holder = specimen.Holder("Vera", "Vale", date(1990, 4, 2))
    drawn = specimen.draw("passport", holder, people.jpeg("vera", "portrait"), issued_on=date(2024, 1, 2))
    return drawn.pages["front"]


def askew(picture: Image.Image) -> float:
    view = np.asarray(picture)
    return portrait_edges.degrees_askew(view, portrait.find(view))


def laid_over(page: Image.Image, degrees: float) -> Image.Image:
    """Another person's picture, cut out and glued over the portrait's place (60, 180; 420 by 540)."""
    with Image.open(io.BytesIO(people.jpeg("abel", "portrait"))) as picture:
        cut = picture.convert("RGBA").resize((420, 540))
    turned = cut.rotate(degrees, expand=True, resample=Image.Resampling.BICUBIC)
    forged = page.copy()
    forged.paste(turned, (60 - (turned.width - 420) // 2, 180 - (turned.height - 540) // 2), turned)
    return forged


def test_a_portrait_that_was_printed_with_its_page_lies_straight(page: Image.Image) -> None:
    assert askew(page) == 0.0


@pytest.mark.parametrize("degrees", [-2.5, -1.5, 1.5, 2.5])
def test_a_picture_laid_over_it_is_seen(page: Image.Image, degrees: float) -> None:
    turned = askew(laid_over(page, degrees))
    assert abs(turned) >= portrait_edges.SUSPICIOUS
    assert (turned > 0) is (degrees < 0)


def test_one_that_was_laid_straight_is_not_seen(page: Image.Image) -> None:
    assert askew(laid_over(page, 0.0)) == 0.0


@pytest.mark.parametrize("box", [Box(0, 0, 5, 5), Box(-300, -300, 200, 200), Box(1400, 1000, 300, 300)])
def test_a_face_at_the_edge_of_the_picture_measures_nothing(box: Box) -> None:
    assert portrait_edges.degrees_askew(np.zeros((1056, 1500, 3), np.uint8), box) == 0.0
