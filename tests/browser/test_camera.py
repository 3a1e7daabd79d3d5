"""The live capture as a person meets it: a camera, a random challenge, photos that take themselves."""

import io

from PIL import ImageFilter
from playwright.sync_api import BrowserContext, Page, expect

from recovery_portal.demo import people
from recovery_portal.testing import browser_camera as camera
from tests.unit.idv.face import pictures

from . import traces
from .inside import OpenHouses, newest_attempt
from .walk import DECISION_TIMEOUT_MS, VERA, Person, Pictures, passport_of, steps_on

CAPTURE_TIMEOUT_MS = 45_000


class Filmed(Person):
    """Somebody who uses the camera instead of files; the photos take themselves."""

    by_hand = False

    def take_selfies(self, picture: str = "", *, second: bool = False) -> None:
        film_all(self.phone, by_hand=self.by_hand)
        self.phone.get_by_role("button", name="Submit photos").click()


def film_all(page: Page, *, by_hand: bool = False) -> None:
    """Open the camera and wait for it, or press its button: it does not go by itself when nothing moves."""
    page.get_by_role("button", name="Use the camera").click()
    if by_hand:
        page.get_by_label("Take photos by itself").uncheck()
        for key in steps_on(page):
            expect(page.locator(f'.capture__instruction[data-now="{key}"]')).to_be_visible(timeout=10_000)
            page.wait_for_timeout(300)  # until the picture has followed the instruction
            page.get_by_role("button", name="Take photo").click()
    expect(page.locator(".capture__instruction")).to_contain_text("All photos are taken", timeout=CAPTURE_TIMEOUT_MS)
    for step in page.locator("[data-step]").all():
        taken = step.locator("input").evaluate("input => input.files.length")
        assert taken == int(step.get_attribute("data-photos") or 0)


def _flat(degrees: int) -> camera.Scenes:
    """Her photo, which somebody swings and brings closer as the page says."""
    portrait = people.jpeg("vera", "portrait")
    left, right = pictures.swung(portrait, degrees), pictures.swung(portrait, -degrees)
    return {
        "frontal": [portrait],
        "turn_left": [left],
        "turn_right": [right],
        "look_up": [pictures.tilted(portrait, degrees)],
        "closer": [pictures.nearer(portrait)],
        "blink": [portrait, pictures.nearer(portrait, 1.1)],
    }


def _still() -> camera.Scenes:
    moved = [people.jpeg("vera", "portrait"), people.jpeg("vera", "selfie2")]
    return {key: [moved[number % 2]] for number, key in enumerate(["frontal", "turn_left", "turn_right"])} | {
        key: [moved[1]] for key in ("look_up", "closer", "blink")
    }


def _wrong_order() -> camera.Scenes:
    honest = camera.person("vera")
    return {
        **honest,
        "turn_left": honest["turn_right"],
        "turn_right": honest["turn_left"],
        "look_up": honest["turn_left"],
        "closer": honest["look_up"],
        "blink": honest["turn_left"],
    }


def test_a_filmed_person_follows_the_random_challenge_and_passes_where_pictures_and_others_do_not(
    houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext
) -> None:
    camera.film(phone, camera.person("vera"))
    person = Filmed(houses, VERA, desktop, phone, Pictures(None))
    person.come_to_the_face_check()

    seen = set()
    for scenes in (_still(), _flat(45), _wrong_order(), camera.person("abel")):
        seen.add(tuple(steps_on(person.phone)))
        told = _face_check_with(person, scenes)
        assert not newest_attempt(houses, VERA.account_name)["passes"]
        # The third that is decided would end it, and which of these are decided depends on the challenges drawn.
        houses.run_inside("portal", FORGIVEN)
    assert "could not confirm that it is you" in told
    assert len(seen) > 1, "the challenge never changed"

    camera.film(phone, camera.person("vera"))
    person.phone.reload()
    person.check_face()
    assert person.reveal_pass()
    assert newest_attempt(houses, VERA.account_name)["score"] > 70
    assert traces.none_left(houses) == []


FORGIVEN = """
from idv.verifier.models import FaceCheck
FaceCheck.objects.filter(status="failed").update(status="unusable")
"""


def _face_check_with(person: Filmed, scenes: camera.Scenes) -> str:
    """One try with what the camera sees; what the person is told where it leads them back to the camera."""
    camera.film(person.phone.context, scenes)
    person.phone.reload()
    person.by_hand = True
    person.check_face()
    person.by_hand = False
    error = person.phone.locator(".notice--error")
    expect(error.first).to_be_visible(timeout=DECISION_TIMEOUT_MS)
    expect(person.phone.get_by_role("heading", name="Face Check")).to_be_visible()
    return error.first.inner_text()


def _changed(jpeg: bytes, *, blur: float = 0, zoom: float = 1) -> bytes:
    photo = pictures.opened(jpeg)
    width, height = photo.size
    cut = photo.crop((0, 0, width, height) if zoom == 1 else _middle(width, height, zoom))
    out = io.BytesIO()
    cut.filter(ImageFilter.GaussianBlur(blur * width / 640)).save(out, "JPEG", quality=90)
    return out.getvalue()


def _middle(width: int, height: int, zoom: float) -> tuple[int, int, int, int]:
    across, down = round(width / zoom / 2), round(height / zoom / 2)
    return width // 2 - across, height // 2 - down, width // 2 + across, height // 2 + down


def test_the_page_says_when_a_documents_edges_or_lines_cannot_be_seen(
    houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext
) -> None:
    person = Person(houses, VERA, desktop, phone, Pictures(None))
    person.name_account()
    person.ask_for_recovery()
    person.scan_providers_code()
    person.give_details()
    person.choose_document()
    photo = passport_of(VERA)
    for seen, words in (
        (photo, "Good. Take the photo."),
        (_changed(photo, blur=3), "until the lines with the < signs are sharp"),
        (_changed(photo, zoom=1.9), "with all of its edges in the picture"),
    ):
        camera.film(phone, {"frontal": [seen]})
        person.phone.reload()
        person.phone.get_by_role("button", name="Use the camera").click()
        expect(person.phone.locator(".capture__coach")).to_contain_text(words, timeout=10_000)
