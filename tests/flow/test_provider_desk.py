"""The specimen desk: a document for anybody, in an emulation, with nothing kept."""

import base64
import re

import pytest
from django.test import Client

from idv.face import cards
from idv.provider.forms import DEMO_PEOPLE
from recovery_portal.demo import organisation
from tests.fakes.proofing import Browser, arrive, upload
from tests.flow.provider_house import house, portal  # noqa: F401

WANTED = {"kind": "passport", "person": "vera", "date_of_birth": "1988-03-09", "face": "vera"}


@pytest.fixture
def desk(house) -> Client:  # noqa: F811
    return Client(headers={"host": "provider.test"})


@pytest.fixture
def seeing(settings):
    settings.FACE_ENGINE = "idv.face.dlib_engine.DlibFaceEngine"


def test_the_demo_people_are_those_of_the_demo_organisation():
    employed = {(person.given_name, person.surname, person.picture) for person in organisation.EMPLOYEES}
    assert set(DEMO_PEOPLE) == employed


@pytest.mark.slow
def test_it_makes_a_passport_for_a_demo_person(desk, seeing):
    answer = desk.post("/specimen/", WANTED)
    found = re.search(r'download="specimen-passport-front.jpg"', answer.content.decode())
    assert found
    picture = re.search(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", answer.content.decode())
    assert picture
    assert base64.b64decode(picture.group(1))[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    "changes",
    [
        {"person": ""},
        {"person": "", "given_names": "Zoë", "surname": "Q"},
        {"person": "", "given_names": "<script>", "surname": "Q"},
        {"date_of_birth": "3000-01-01"},
        {"date_of_birth": "yesterday"},
        {"face": "mallory"},
        {"kind": "library card"},
        {"face": ""},
    ],
    ids=str,
)
def test_what_is_missing_or_odd_is_said_in_a_sentence(desk, changes):
    answer = desk.post("/specimen/", WANTED | changes)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'class="error"' in page or 'role="alert"' in page
    assert "data:image/jpeg" not in page
    assert "<script>Q" not in page


def test_a_photo_without_a_face_is_said_in_a_sentence(desk):
    junk = {"frame_portrait": upload(b"no image"), "face": ""}
    assert 'role="alert"' in desk.post("/specimen/", WANTED | junk).content.decode()
    nobody = {"frame_portrait": upload(cards.write({"trouble": "no_face"})), "face": ""}
    assert "could not see a face" in desk.post("/specimen/", WANTED | nobody).content.decode()


def test_the_first_page_says_what_this_is_and_warns_of_real_documents(desk):
    page = desk.get("/").content.decode()
    assert "Never use a real document" in page
    assert desk.head("/").status_code == 200


def test_the_link_opened_in_the_same_browser_is_one_device(portal):  # noqa: F811
    desktop = arrive(portal)
    link = desktop.hand_over_link()
    same = Browser()
    same.client = desktop.client
    same.go(link)
    same.send(link)
    assert same.name == "details"
    same.step("cancel")
    same.follow()
    assert "error=access_denied" in same.page["Location"]
