"""A person at a desktop browser and a phone browser: verbs of the journey, each a real click on a real page."""

import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from playwright.sync_api import Error as BrowserError

from idv.provider import specimen
from recovery_portal.demo import people
from recovery_portal.demo.organisation import EMPLOYEES, Employee

from .inside import OpenHouses

PIN = "274913"
DECISION_TIMEOUT_MS = 60_000
VERA, ABEL, LENA, JUN, ROSA, OMAR = EMPLOYEES


def passport_of(employee: Employee, *, altered: str = "", given: str = "", portrait: str = "") -> bytes:
    """A photo of a specimen passport, as somebody's phone would take it."""
    holder = specimen.Holder(given or employee.given_name, employee.surname, date(1990, 4, 12), "F")
    face = people.jpeg(portrait or employee.picture, "portrait")
    drawn = specimen.draw("passport", holder, face, issued_on=date(2024, 5, 1), altered=altered)
    return specimen.photograph(drawn.pages["front"])


def virtual_authenticator(page: Page) -> None:
    """A platform authenticator with user verification, as Chromium's own developer tools make one."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def read_qr(page: Page) -> str:
    """What a phone's camera reads off the screen."""
    shown = Image.open(io.BytesIO(page.locator(".qr__code").first.screenshot()))
    found = zxingcpp.read_barcodes(shown.convert("RGB"))
    assert found, "no QR code could be read"
    return found[0].text


def look_again(page: Page) -> None:
    """Load the page anew, or let it go where it is going by itself at that moment."""
    try:
        page.reload()
    except BrowserError as error:
        if "ERR_ABORTED" not in str(error):
            raise
        page.wait_for_load_state()


def steps_on(page: Page) -> list[str]:
    """The keys of the photos that a capture page asks for, in its order."""
    return [step.get_attribute("data-step") or "" for step in page.locator("[data-step]").all()]


def put_files(page: Page, frames: Mapping[str, bytes]) -> None:
    """Choose a file for every photo; a burst takes several at once."""
    for key in steps_on(page):
        own = sorted(name for name in frames if name == key or name.rpartition("_")[0] == key)
        page.locator(f"#frame_{key}").set_input_files(
            [{"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": frames[name]} for name in own]
        )


class Pictures:
    """Screenshots of every page on the way, when a folder was asked for."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def take(self, page: Page, name: str) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self.folder / f"{name}.png", full_page=True)


class Person:
    """Somebody who lost every sign-in method, with a computer and a phone."""

    def __init__(
        self, houses: OpenHouses, employee: Employee, desktop: BrowserContext, phone: BrowserContext, pictures: Pictures
    ) -> None:
        self.houses, self.employee, self.pictures = houses, employee, pictures
        self.desk = desktop.new_page()
        self.phone = phone.new_page()
        self.passcode = ""
        for page in (self.desk, self.phone):
            page.set_default_timeout(20_000)

    # --- Sign-in and information, at the desktop ---
    def name_account(self, account_name: str = "") -> None:
        self.desk.goto(self.houses.url("portal"))
        self.pictures.take(self.desk, "desktop-sign-in")
        self.desk.get_by_label("Account name").fill(account_name or self.employee.account_name)
        self.desk.get_by_role("button", name="Next").click()
        self.pictures.take(self.desk, "desktop-prompt")
        self.desk.get_by_text("Other ways to sign in").click()
        expect(self.desk.get_by_role("heading", name="Choose a way to sign in")).to_be_visible()
        self.pictures.take(self.desk, "desktop-other-ways")

    def ask_for_recovery(self) -> None:
        self.desk.get_by_text("Recover your account").click()
        expect(self.desk.get_by_role("heading", name="Recover your account")).to_be_visible()
        for box in self.desk.get_by_role("checkbox").all():
            box.check()
        self.pictures.take(self.desk, "desktop-information")
        self.desk.get_by_role("button", name="Continue").click()

    # --- The provider ---
    def scan_providers_code(self) -> None:
        expect(self.desk.get_by_role("heading", name="Continue on your phone")).to_be_visible()
        self.pictures.take(self.desk, "desktop-provider-scan")
        self.phone.goto(read_qr(self.desk))
        self.pictures.take(self.phone, "phone-welcome")
        self.phone.get_by_role("button", name="Continue").click()

    def give_details(self) -> None:
        self.phone.get_by_label("Your name").fill(f"{self.employee.given_name} {self.employee.surname}")
        self.phone.get_by_label("Email address").fill("somebody@home.example")
        for box in self.phone.get_by_role("checkbox").all():
            box.check()
        self.pictures.take(self.phone, "phone-details")
        self.phone.get_by_role("button", name="Continue", exact=True).click()

    def choose_document(self, label: str = "Passport") -> None:
        self.phone.get_by_label("Country or region").select_option("UTO")
        self.phone.get_by_label(label).check()
        self.pictures.take(self.phone, "phone-document")
        self.phone.get_by_role("button", name="Continue").click()
        self.pictures.take(self.phone, "phone-document-tips")
        self.phone.get_by_role("button", name="Continue").click()

    def photograph_document(self, sides: Mapping[str, bytes]) -> None:
        self.choose_files(sides)
        self.pictures.take(self.phone, "phone-document-photos")
        self.phone.get_by_role("button", name="Submit photos").click()

    def choose_files(self, frames: Mapping[str, bytes]) -> None:
        """Files instead of the camera: the other way on, beside it."""
        chooser = self.phone.get_by_text("Choose photos instead")
        if self.phone.locator(".capture__files:not([open])").count():
            chooser.click()
        put_files(self.phone, frames)

    def take_selfies(self, picture: str = "", *, second: bool = False) -> None:
        expect(self.phone.locator("#frame_frontal")).to_be_attached(timeout=DECISION_TIMEOUT_MS)
        asked = steps_on(self.phone)
        self.choose_files(people.capture(picture or self.employee.picture, asked, second=second))
        self.pictures.take(self.phone, "phone-selfie" if not second else "phone-face-check")
        self.phone.get_by_role("button", name="Submit photos").click()

    def prove_identity(self, *, document: bytes | None = None, selfie: str = "") -> None:
        """Everything on the provider's phone pages up to its decision."""
        self.give_details()
        self.choose_document()
        self.photograph_document({"front": document or passport_of(self.employee)})
        tips = self.phone.get_by_role("button", name="Continue", exact=True)
        tips.wait_for(timeout=DECISION_TIMEOUT_MS)
        self.pictures.take(self.phone, "phone-selfie-tips")
        tips.click()
        self.take_selfies(selfie)

    def receive_credential(self) -> None:
        add = self.phone.get_by_role("button", name="Add Verifiable Credential")
        add.wait_for(timeout=DECISION_TIMEOUT_MS)
        self.pictures.take(self.phone, "phone-verified")
        add.click()
        code = self.phone.locator("#tx-code").inner_text().strip()
        self.pictures.take(self.phone, "phone-open-wallet")
        with self.phone.context.expect_page() as opened:
            self.phone.get_by_role("link", name="Open", exact=True).click()
        wallet = opened.value
        self.unlock(wallet)
        expect(wallet.get_by_role("heading", name="Add a Verified ID")).to_be_visible()
        wallet.get_by_label("Code from the issuer").fill(code)
        self.pictures.take(wallet, "phone-add")
        wallet.get_by_role("button", name="Next").click()
        self.pictures.take(wallet, "phone-start")
        wallet.get_by_role("button", name="Start").click()
        expect(wallet.get_by_role("heading", name="Success")).to_be_visible()
        self.pictures.take(wallet, "phone-wallet-success")
        wallet.get_by_role("link", name="Verified IDs").first.click()
        expect(wallet.get_by_role("heading", name="Verified IDs")).to_be_visible()
        self.pictures.take(wallet, "phone-verified-ids")
        wallet.close()
        expect(self.phone.get_by_role("heading", name="Success")).to_be_visible()
        self.pictures.take(self.phone, "phone-provider-success")

    def unlock(self, wallet: Page) -> None:
        if wallet.get_by_role("heading", name="Set up your wallet").count():
            self.pictures.take(wallet, "phone-wallet-set-up")
            wallet.get_by_label("Choose a PIN").fill(PIN)
            wallet.get_by_label("once more").fill(PIN)
            wallet.get_by_role("button", name="Create wallet").click()
        elif wallet.get_by_role("heading", name="Unlock your wallet").count():
            self.pictures.take(wallet, "phone-wallet-unlock")
            wallet.get_by_label("PIN", exact=True).fill(PIN)
            wallet.get_by_role("button", name="Unlock").click()

    # --- Back at the portal ---
    def join_with_phone(self) -> None:
        expect(self.desk.get_by_role("heading", name="Present your Verified ID")).to_be_visible(timeout=30_000)
        self.pictures.take(self.desk, "desktop-present")
        self.phone.goto(read_qr(self.desk))
        expect(self.phone.get_by_role("heading", name="Go on with this phone?")).to_be_visible()
        self.pictures.take(self.phone, "phone-hand-off")
        self.phone.get_by_role("button", name="Continue").click()

    def share(self) -> None:
        expect(self.phone.get_by_role("heading", name="Present your Verified ID")).to_be_visible()
        self.pictures.take(self.phone, "phone-present-here")
        self.phone.get_by_role("link", name="Open wallet", exact=True).click()
        self.unlock(self.phone)
        expect(self.phone.get_by_role("heading", name="Share your Verified ID?")).to_be_visible()
        self.pictures.take(self.phone, "phone-consent")
        self.phone.get_by_role("button", name="Share").click()
        # The wallet's page goes back by itself; a click on its link would race with that.
        expect(self.phone.get_by_role("heading", name="Face Check")).to_be_visible()

    def check_face(self, picture: str = "", *, second: bool = True) -> None:
        expect(self.phone.get_by_role("heading", name="Face Check")).to_be_visible()
        self.take_selfies(picture, second=second)
        self.pictures.take(self.phone, "phone-checking")

    def reveal_pass(self) -> str:
        show = self.phone.get_by_role("button", name="Show my Temporary Access Pass")
        show.wait_for(timeout=DECISION_TIMEOUT_MS)
        self.pictures.take(self.phone, "phone-confirmed")
        self.pictures.take(self.desk, "desktop-other-device")
        show.click()
        self.passcode = self.phone.locator("#passcode").inner_text().strip()
        self.pictures.take(self.phone, "phone-pass")
        return self.passcode

    def sign_in_with_pass(self) -> None:
        self.phone.get_by_role("link", name="Sign in", exact=True).click()
        expect(self.phone.get_by_role("heading", name="Enter Temporary Access Pass")).to_be_visible()
        self.phone.locator("input[name=code], input[name=passcode]").first.fill(self.passcode)
        self.pictures.take(self.phone, "phone-enter-pass")
        self.phone.get_by_role("button", name="Sign in").click()
        expect(self.phone.get_by_role("heading", name="Security info")).to_be_visible()
        self.pictures.take(self.phone, "phone-security-info")

    def register_passkey(self) -> None:
        virtual_authenticator(self.phone)
        self.phone.get_by_text("+ Add sign-in method").click()
        self.phone.get_by_role("link", name="Passkey").click()
        self.pictures.take(self.phone, "phone-passkey")
        self.phone.get_by_role("button", name="Next").click()
        expect(self.phone.get_by_role("heading", name="Let's name your passkey")).to_be_visible()
        self.phone.get_by_label("Name").fill("My phone")
        self.pictures.take(self.phone, "phone-passkey-name")
        self.phone.get_by_role("button", name="Next").click()
        expect(self.phone.get_by_role("heading", name="Passkey created")).to_be_visible()
        self.pictures.take(self.phone, "phone-passkey-created")
        self.phone.get_by_role("link", name="Done").click()

    def sign_out(self) -> None:
        self.phone.get_by_role("button", name="Sign out", exact=True).click()
        self.phone.wait_for_url(f"{self.houses.url('portal')}/")

    def sign_in_with_passkey(self) -> None:
        """The browser offers the passkey by itself; the authenticator agrees at once, as its owner would."""
        expect(self.phone.get_by_role("heading", name="My apps")).to_be_visible()
        self.pictures.take(self.phone, "phone-apps")

    def come_to_the_face_check(self, *, document: bytes | None = None) -> None:
        """The whole road up to the Face Check page on the phone."""
        self.name_account()
        self.ask_for_recovery()
        self.scan_providers_code()
        self.prove_identity(document=document)
        self.receive_credential()
        self.join_with_phone()
        self.share()
