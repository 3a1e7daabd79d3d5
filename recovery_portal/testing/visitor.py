"""A person at a browser, with the verbs of the journey; each presses what a page shows and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import qr, wallet
from .pages import NotOnThisPage, Page

if TYPE_CHECKING:
    from .documents import Document
    from .installation import Installation
    from .people import Face
    from .walking import Authenticator, Filling, Walker
    from .wallet import Answer, Offer, VerifiedId, Wallet

DESKTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.0 Mobile/15E148 Safari/604.1"
)
_PRESENT = "Present your Verified ID"
_FACE_CHECK = "Face Check"


class Visitor:
    """Somebody at one browser. Knows where they are (``page``, ``heading``), and can jump nowhere.

    The verbs return the visitor, so that they can be told in a row, unless they bring something back.
    """

    def __init__(self, installation: Installation, walker: Walker, *, account: str = "") -> None:
        self.installation, self.walker, self.account = installation, walker, account
        self.passcode = ""

    def __repr__(self) -> str:
        return f"<Visitor at {self.heading!r}>"

    # --- Where they are

    @property
    def page(self) -> Page:
        return self.walker.page

    @property
    def heading(self) -> str:
        """What stands large on the page; "" before the first page."""
        return self.page.heading if self.has_page else ""

    @property
    def has_page(self) -> bool:
        return self.walker.has_page

    @property
    def house(self) -> str:
        """``portal``, ``provider`` or ``wallet``; "" elsewhere."""
        here = urlsplit(self.page.address)
        origin = f"{here.scheme}://{here.netloc}"
        known = {getattr(self.installation, house): house for house in ("portal", "provider", "wallet")}
        return known.get(origin, "")

    def sees(self, words: str) -> bool:
        """Whether the page says so, in whatever case."""
        return words.casefold() in self.page.text.casefold()

    @property
    def qr(self) -> str:
        """What the QR code on the page says."""
        return qr.on(self.page)

    @property
    def offer(self) -> Offer:
        """The credential that the provider's page offers."""
        return wallet.offer_on(self.page)

    @property
    def request(self) -> str:
        """The link by which a wallet on this device is asked for a presentation."""
        link = self.page.find_link("Open another wallet app")
        if link is None:
            raise NotOnThisPage(f"{self.heading!r} ({self.page.path}) asks no wallet on this device.")
        return link.element.get("href")

    @property
    def request_for_another_device(self) -> str:
        """The link by which a wallet on another device is asked; the Face Check is then here."""
        found = self.page.by_id("across-link")
        if found is None:
            raise NotOnThisPage(f"{self.heading!r} ({self.page.path}) asks no wallet on another device.")
        return found.text

    # --- Anything a page shows

    def click(self, text: str) -> Visitor:
        """Follow the link of that text."""
        self.walker.click(text)
        return self

    def press(self, text: str, fields: Mapping[str, Filling] | None = None) -> Visitor:
        """Fill in the fields by their labels, and press the button of that text."""
        self.walker.press(text, fields)
        return self

    def wait_for(self, *headings: str) -> Visitor:
        """Let the page go on by itself until one of these headings is there."""
        self.walker.wait(lambda page: any(page.heading.startswith(heading) for heading in headings))
        return self

    def wait(self, until: Callable[[Page], bool]) -> Visitor:
        self.walker.wait(until)
        return self

    def follow_link(self, address: str) -> Visitor:
        """Open a link from outside the browser: in a letter, or a wallet's way back."""
        self.walker.go(address)
        return self

    # --- The portal: sign-in and information

    def open_portal(self) -> Visitor:
        """Type the one address that everybody knows."""
        self.walker.go(f"{self.installation.portal}/")
        return self

    def name_account(self, account: str = "") -> Visitor:
        """On the sign-in page; without an account, the visitor's own."""
        self.account = account or self.account
        return self.open_portal().press("Next", {"Account name": self.account})

    def other_ways(self) -> Visitor:
        return self.click("Other ways to sign in")

    @property
    def may_recover(self) -> bool:
        """Whether *Recover your account* is among the ways to sign in that the page lists."""
        return self.page.find_link("Recover your account") is not None

    def ask_for_recovery(self) -> Visitor:
        return self.click("Recover your account")

    def agree(self, *, recovery: bool = True, biometrics: bool = True) -> Visitor:
        """Tick the boxes of the information page and go on."""
        return self.press("Continue", {"recovery": recovery, "biometrics": biometrics})

    def start_recovery(self, account: str = "") -> Visitor:
        """From the sign-in page to the provider (or to where one is told that it cannot be done)."""
        return self.name_account(account).other_ways().ask_for_recovery().agree()

    def cancel(self) -> Visitor:
        """Cancel the recovery, or the identity check, by the page's own link."""
        if self.house == "portal":
            return self.click("Cancel recovery").press("Cancel recovery")
        return self.press("Cancel")

    # --- From device to device

    def scan(self, code: Visitor | str) -> Visitor:
        """Point the camera at another screen; then read who asks."""
        self.walker.go(code if isinstance(code, str) else code.qr)
        return self

    def join(self) -> Visitor:
        """Having read who asks: Continue."""
        return self.press("Continue")

    def decline(self) -> Visitor:
        """Having read who asks: Decline."""
        button = self.page.find_button("Decline")
        return self.press("Decline") if button else self.click("Decline")

    # --- The provider

    def continue_here(self) -> Visitor:
        """Do the identity check on this device."""
        return self.press("Continue on this device")

    def give_details(self, name: str = "Somebody", email: str = "somebody@home.example") -> Visitor:
        return self.press("Continue", {"name": name, "email": email, "terms": True, "biometrics": True})

    def choose_document(self, document: Document) -> Visitor:
        self.press("Continue", {"Country or region": "UTO", document.label: True})
        return self.press("Continue")

    def photograph(self, document: Document) -> Visitor:
        """Photograph every side, submit, and go on to one's own photos; or back here, when it cannot be read."""
        self.press("Submit photos", {f"frame_{side}": jpeg for side, jpeg in document.photos().items()})
        self._wait_while("We are checking", "Checking")
        return self.press("Continue") if self.heading == "Now photos of yourself" else self

    def take_selfies(self, face: Face) -> Visitor:
        """Do what the page asks for, in its order, and wait for the decision."""
        if self.heading == "Now photos of yourself":
            self.press("Continue")
        return self._show(face)

    def prove_identity(self, *, as_: Face, with_: Document) -> Visitor:
        """Everything at the provider up to its decision."""
        return self.give_details().choose_document(with_).photograph(with_).take_selfies(as_)

    def receive_into(self, holder: Wallet) -> VerifiedId:
        """Let the wallet redeem the credential that is offered after the decision."""
        self.press("Add Verifiable Credential")
        received = holder.receive(self)
        self._wait_while("Open your wallet")
        return received

    # --- The portal: presentation, Face Check, pass

    def return_to_portal(self) -> Visitor:
        """The provider's page leads back by itself, or by its link."""

        def at_the_end(page: Page) -> bool:
            return self.house == "portal" or (page.find_link("Return to") is not None and not page.follow_address)

        self.walker.wait(at_the_end)
        return self if self.house == "portal" else self.click("Return to")

    def share_from(self, holder: Wallet, **how: object) -> Answer:
        """Present from a wallet on this device, and follow it back here."""
        answer = holder.present(self, **how)  # type: ignore[arg-type]
        if answer.continue_at:
            self.follow_link(answer.continue_at)
        return answer

    def check_face(self, face: Face) -> Visitor:
        """The Face Check: take the photos that are asked for and wait for what comes of it."""
        if self.heading != _FACE_CHECK:
            raise NotOnThisPage(f"There is no Face Check on {self.heading!r} ({self.page.path}).")
        return self._show(face)

    def move_the_camera_instead(self) -> Visitor:
        """For those who cannot turn their head."""
        return self.press("Move the camera instead")

    def choose_number(self, number: int | str) -> Visitor:
        """Number matching: on the phone, the number that the other screen shows; "" for none of these."""
        return self.press(str(number) if number != "" else "None of these")

    @property
    def number_shown(self) -> int:
        shown = next((e for e in self.page.root.walk() if e.get("class") == "number"), None)
        if shown is None:
            raise NotOnThisPage(f"{self.heading!r} ({self.page.path}) shows no number.")
        return int(shown.text)

    def reveal_pass(self) -> str:
        """The passcode of the Temporary Access Pass. It is shown once."""
        self.wait_for("Your identity is confirmed")
        self.press("Show my Temporary Access Pass")
        shown = self.page.by_id("passcode")
        if shown is None:
            raise NotOnThisPage(f"No pass is shown on {self.heading!r} ({self.page.path}): {self.page.text}")
        self.passcode = shown.text
        return self.passcode

    # --- Signing in again

    def sign_in_with_pass(self, passcode: str = "") -> Visitor:
        """By the link beside the pass, or else from the sign-in page."""
        if self.has_page and self.page.find_link("Sign in"):
            self.click("Sign in")
        else:
            self.name_account().other_ways().click("Temporary Access Pass")
        return self.press("Sign in", {"Temporary Access Pass": passcode or self.passcode})

    def register_passkey(self, passkey: Authenticator, *, name: str = "My phone") -> Visitor:
        """On Security info: add a passkey and name it."""
        self.click("Add sign-in method").click("Passkey")
        self.walker.make_passkey(passkey, name)
        return self

    def sign_out(self) -> Visitor:
        return self.press("Sign out")

    def sign_in_with_passkey(self, passkey: Authenticator, account: str = "") -> Visitor:
        self.name_account(account)
        if "data-passkey-sign-in" not in self.page.html:
            self.other_ways().click("Use your face, fingerprint")
        self.walker.use_passkey(passkey)
        return self

    def sign_in_with_password(self, password: str, account: str = "") -> Visitor:
        self.name_account(account)
        return self.press("Sign in", {"password": password})

    def close(self) -> None:
        self.walker.close()

    def _show(self, face: Face) -> Visitor:
        steps = [e.get("data-step") for e in self.page.root.walk() if "data-step" in e.attributes]
        self.press("Submit photos", {f"frame_{step}": face.photos(step) for step in steps})
        return self._wait_while("We are checking", "Checking")

    def _wait_while(self, *headings: str) -> Visitor:
        self.walker.wait(lambda page: not any(page.heading.startswith(heading) for heading in headings))
        return self
