"""The wallet's camera: a code on another screen is held before it, and the page goes on by itself."""

import io
import json

import qrcode
from playwright.sync_api import BrowserContext, Page, expect

from recovery_portal.testing import browser_camera as camera

from .inside import OpenHouses
from .walk import PIN


def _screen_with(text: str) -> bytes:
    drawn = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=8, border=4)
    drawn.add_data(text)
    drawn.make(fit=True)
    out = io.BytesIO()
    drawn.make_image().get_image().convert("RGB").save(out, "JPEG")
    return out.getvalue()


def _set_up(page: Page, houses: OpenHouses) -> None:
    page.goto(f"{houses.url('wallet')}/")
    for label in ("Choose a PIN of 6 digits", "The same PIN once more"):
        page.get_by_label(label).fill(PIN)
    page.locator("form button[type=submit]").first.click()
    page.get_by_role("link", name="Scan a QR code").click()


def test_an_offer_held_before_the_camera_is_found(houses: OpenHouses, phone: BrowserContext) -> None:
    offer = json.loads(houses.command("provider", "issue_test_offer", "--json"))
    camera.film(phone, {"frontal": [_screen_with(offer["offer"])]})
    page = phone.new_page()
    _set_up(page, houses)
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("heading", name="Add a Verified ID")).to_be_visible(timeout=20_000)
    page.get_by_label("Code from the issuer").fill(offer["tx_code"])
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Success")).to_be_visible(timeout=20_000)


def test_a_code_that_is_for_no_wallet_is_said_and_looking_goes_on(houses: OpenHouses, phone: BrowserContext) -> None:
    camera.film(phone, {"frontal": [_screen_with("https://example.test/")]})
    page = phone.new_page()
    _set_up(page, houses)
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_text("That code is nothing a wallet can use")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Use the camera")).to_be_visible()
    assert not page.locator("video").evaluate("video => Boolean(video.srcObject?.active)")
