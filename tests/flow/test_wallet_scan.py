"""A QR code before the camera leads where the link in it leads; whatever else is photographed gets a sentence."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import qrcode
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageDraw

from idv.wallet import scanning, views_scanning
from idv.wallet.models import IncomingLink
from recovery_portal.kit import qr
from tests.fakes.holder import Holder
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import receive

REQUEST = "openid4vp://?client_id=x509_hash%3Aabc&request_uri=https%3A%2F%2Fverifier.test%2Frequest"


@pytest.fixture
def opened(holder: Holder) -> Holder:
    holder.set_up()
    return holder


def code(text: str, *, scale: int = 5) -> Image.Image:
    drawn = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=scale, border=4)
    drawn.add_data(text)
    drawn.make(fit=True)
    return drawn.make_image().get_image().convert("RGB")


def photo(*pictures: Image.Image, kind: str = "JPEG", angle: float = 0) -> bytes:
    """Screens side by side on a grey desk, as a camera sees them."""
    width = sum(picture.width for picture in pictures) + 80 * (len(pictures) + 2)
    desk = Image.new("RGB", (width, max([picture.height for picture in pictures], default=200) + 200), (96, 104, 112))
    left = 80
    for picture in pictures:
        desk.paste(picture, (left, 100))
        left += picture.width + 80
    if angle:
        desk = desk.rotate(angle, expand=True, fillcolor=(96, 104, 112))
    out = io.BytesIO()
    desk.save(out, kind)
    return out.getvalue()


def send(holder: Holder, data: bytes, *, accept: str = "text/html"):
    upload = SimpleUploadedFile("code.jpg", data, content_type="image/jpeg")
    return holder.client.post("/scan/", {"photo": upload}, headers={"Accept": accept})


@pytest.mark.parametrize("angle", [0, 7, 90, 180, 203])
def test_a_request_is_scanned_however_the_phone_is_held(opened: Holder, angle: float) -> None:
    answer = send(opened, photo(code(REQUEST), angle=angle))
    assert answer.status_code == 303
    link = IncomingLink.objects.get()
    assert answer["Location"] == f"/share/{link.pk}/"


def test_an_offer_is_scanned_and_ends_under_verified_ids(opened: Holder, issuer) -> None:
    answer = send(opened, photo(code(issuer.link_by_reference())), accept="application/json")
    assert opened.get(answer.json()["next"])
    assert opened.heading == "Add a Verified ID"
    opened.submit(**({"tx_code": issuer.tx_code} if issuer.tx_code else {}))
    opened.submit()
    assert opened.heading == "Success"


def test_the_codes_that_our_pages_draw_can_be_scanned() -> None:
    """Drawn as an SVG of one path; read back from its own numbers."""
    drawing = str(qr.svg(REQUEST))
    size = int(re.search(r'viewBox="0 0 (\d+)', drawing)[1])
    picture = Image.new("RGB", (size * 6, size * 6), "white")
    pen = ImageDraw.Draw(picture)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawing):
        left, top = int(x) * 6, int(y) * 6
        pen.rectangle((left, top, left + int(length) * 6 - 1, top + 5), fill="black")
    assert scanning.link_in(photo(picture)) == REQUEST


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (photo(), "No QR code"),
        (photo(code("https://example.test/"), code("WIFI:S:x;;")), "nothing a wallet can use"),
        (photo(code(REQUEST), code(REQUEST + "2")), "More than one"),
        (b"", "empty"),
        (b"%PDF-1.7", "cannot be used"),
        (b"<svg onload=alert(1)>", "cannot be used"),
        (photo(code(REQUEST))[:900], "damaged"),
        (np.random.default_rng(1).bytes(3000), "not a photo"),
    ],
    ids=["no code", "other codes", "two requests", "empty", "pdf", "svg", "cut off", "noise"],
)
def test_anything_else_gets_a_sentence(opened: Holder, data: bytes, words: str, accept: str) -> None:
    answer = send(opened, data, accept=accept)
    if accept == "application/json":
        assert answer.status_code == 200
        assert answer.json()["next"] is None
        assert words in answer.json()["message"]
    else:
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not IncomingLink.objects.exists()


def test_a_request_beside_another_code_is_found(opened: Holder) -> None:
    assert send(opened, photo(code("https://example.test/"), code(REQUEST))).status_code == 303


def test_markup_in_a_code_is_only_text(opened: Holder) -> None:
    answer = send(opened, photo(code("openid4vp://?client_id=<script>alert(1)</script>&request_uri=javascript:1")))
    page = opened.get(answer["Location"])
    assert "<script>alert" not in opened.page
    assert page


def test_without_a_photo_nothing_happens(opened: Holder) -> None:
    assert opened.client.post("/scan/").status_code == 422
    assert opened.client.post("/scan/", {"photo": "a text"}).status_code == 422


def test_a_locked_wallet_scans_nothing(holder: Holder) -> None:
    assert Client().post("/scan/").status_code == 302


def test_pictures_are_counted(opened: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_scanning, "_PICTURES_A_MINUTE", 1)
    send(opened, photo())
    assert "Too many pictures" in send(opened, photo(), accept="application/json").json()["message"]


def test_the_first_page_leads_to_it(opened: Holder, issuer) -> None:
    receive(opened, issuer)
    opened.get("/")
    assert 'href="/scan/"' in opened.page
    opened.get("/scan/")
    assert opened.heading == "Scan a QR code"
