"""The twins in a real Chromium: the same verbs on the same pages, by Playwright.

What is on a page is read from its DOM by the same reader as without a browser; only pressing is done by the browser.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright

from .pages import Button, Element, Field, NotOnThisPage, Page
from .walking import PATIENCE_S, StillWaiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator
    from playwright.sync_api import Page as Tab

    from .walking import Filling

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
_OPEN_DETAILS = "e => { for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; }"
_FIELDS = "input, select, textarea"


@contextmanager
def chromium(executable: str = "", known_keys: Sequence[str] = ()) -> Iterator[Browser]:
    """The Chromium of this machine, or else Playwright's own. Servers of ``known_keys`` need no public authority."""
    found = executable or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        known = [f"--ignore-certificate-errors-spki-list={','.join(known_keys)}"] if known_keys else []
        browser = playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *known])
        yield browser
        browser.close()


@dataclass
class BrowserPasskey:
    """Chromium's own virtual authenticator, put into the browser that makes or uses the passkey."""

    origin: str = ""
    user_verified: bool = True
    backup_eligible: bool = True
    backed_up: bool = True

    def install(self, tab: Tab) -> None:
        devtools = tab.context.new_cdp_session(tab)
        devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": self.user_verified,
            "automaticPresenceSimulation": True,
            "defaultBackupEligibility": self.backup_eligible,
            "defaultBackupState": self.backed_up,
        }
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


class BrowserWalker:
    """One tab of a browser."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.tab: Tab = context.new_page()
        self.tab.set_default_timeout(PATIENCE_S * 1000)

    @property
    def page(self) -> Page:
        if not self.has_page:
            raise NotOnThisPage("No page has been opened yet.")
        for patience in (0.1, 0.3, 1.0, 3.0):
            try:
                return Page(self.tab.url, self.tab.content())
            except BrowserError:  # it is on its way to another page
                self.tab.wait_for_timeout(patience * 1000)
        return Page(self.tab.url, self.tab.content())

    @property
    def has_page(self) -> bool:
        return self.tab.url != "about:blank"

    def close(self) -> None:
        self.context.close()

    def go(self, address: str) -> Page:
        try:
            self.tab.goto(address)
        except BrowserError as error:
            if "ERR_ABORTED" not in str(error):
                raise
            # A page that follows its recovery went on by itself at the same moment: the address is opened from there.
            self.tab.wait_for_load_state()
            self.tab.goto(address)
        return self.page

    def click(self, text: str) -> Page:
        page = self.page
        return self._pressed(self._at("a", page.link(text).element, page))

    def press(self, text: str, fields: Mapping[str, Filling] | None = None) -> Page:
        page = self.page
        button = page.button(text)
        if button.form is None:
            raise NotOnThisPage(f"The button {text!r} on {page.heading!r} belongs to no form.")
        return self._send(page, button, button.form, fields or {})

    def wait(self, until: Callable[[Page], bool]) -> Page:
        ends = time.monotonic() + PATIENCE_S
        while not until(page := self.page):
            if time.monotonic() > ends:
                raise StillWaiting(f"{page.heading!r} ({page.path}) does not go on: {page.text}")
            self.tab.wait_for_timeout(150)
        return page

    def look_again(self) -> Page:
        self.tab.reload()
        return self.page

    def send_again(self, kept: Page) -> Page:
        self.tab.go_back()
        page = self.page
        button = next(one for one in page.buttons if one.form is not None and one.element.up("main"))
        return self._pressed(self._at("button", button.element, page))

    def make_passkey(self, passkey: Any, name: str) -> Page:
        passkey.install(self.tab)
        self.tab.locator("[data-passkey-begin]").click()
        field = self.tab.get_by_label("Name")
        field.wait_for()
        field.fill(name)
        return self._pressed(self.tab.locator("[data-passkey-step=name] button"))

    def use_passkey(self, passkey: Any) -> Page:
        return self._pressed(self.tab.locator("[data-passkey-sign-in] button"))

    def _send(self, page: Page, button: Button, form: Element, fields: Mapping[str, Filling]) -> Page:
        for label, filling in fields.items():
            by_name = next((f for f in page.fields_of(form) if f.name == label and f.kind != "radio"), None)
            self._fill(page, by_name or page.field_in(form, label), filling)
        return self._pressed(self._at("button" if button.element.tag == "button" else _FIELDS, button.element, page))

    def _fill(self, page: Page, field: Field, filling: Filling) -> None:
        place = self._at(_FIELDS, field.element, page)
        if field.kind == "file":
            photos: Any = [filling] if isinstance(filling, bytes) else filling
            files: Any = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": one} for n, one in enumerate(photos)]
            place.set_input_files(files)
            return
        place.evaluate(_OPEN_DETAILS)
        if field.kind in {"checkbox", "radio"}:
            place.set_checked(bool(filling))
        elif field.kind == "select":
            place.select_option(str(filling))
        else:
            place.fill(str(filling))

    def _at(self, selector: str, element: Element, page: Page) -> Locator:
        """The same element in the browser: as many of its kind stand before it."""
        alike = page.root.all(*selector.split(", "))
        return self.tab.locator(selector).nth(next(n for n, one in enumerate(alike) if one is element))

    def _pressed(self, place: Locator) -> Page:
        place.evaluate(_OPEN_DETAILS)
        with self.tab.expect_navigation(wait_until="load"):
            place.click()
        return self.page
