"""A browser without a screen: it opens what a page links to, sends the forms it shows, and can jump nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

from .pages import Button, Element, Field, NotOnThisPage, Page

if TYPE_CHECKING:
    import httpx

    from .installation import Installation

Filling = str | bool | bytes | Sequence[bytes]
"""What goes into a field: text, a tick, a photo, or several photos. For a choice, its words."""
PATIENCE_S = 60.0


class StillWaiting(AssertionError):
    """The page was waited for in vain."""


class Authenticator(Protocol):
    """What stands for the authenticator of a device; what more it can do is between it and its kind of browser."""

    origin: str


class CreatesPasskeys(Authenticator, Protocol):
    """One that does by itself what a browser would have it do."""

    def create(self, options: Mapping[str, Any]) -> str: ...

    def get(self, options: Mapping[str, Any]) -> str: ...


class Walker(Protocol):
    """What a person can do at a browser; in process, over the network, and in a real Chromium alike."""

    @property
    def page(self) -> Page: ...

    @property
    def has_page(self) -> bool: ...

    def go(self, address: str) -> Page:
        """Type an address, or open it from outside: a scanned code, a link in a letter, a wallet's way back."""
        ...

    def click(self, text: str) -> Page:
        """Follow the link of that text."""
        ...

    def press(self, text: str, fields: Mapping[str, Filling] | None = None) -> Page:
        """Fill the fields beside the button of that text, by their labels, and press it."""
        ...

    def wait(self, until: Callable[[Page], bool]) -> Page:
        """Let the page's own script go on until the page is so. Raises StillWaiting."""
        ...

    def look_again(self) -> Page:
        """What the page's script would find out now; the page as it is where that is nothing."""
        ...

    def send_again(self, kept: Page) -> Page:
        """Go back in the browser's history and press the first button there once more."""
        ...

    def make_passkey(self, passkey: Any, name: str) -> Page:
        """On the page that adds a passkey: have the authenticator make one, and name it."""
        ...

    def use_passkey(self, passkey: Any) -> Page:
        """On a page that asks for a passkey."""
        ...

    def close(self) -> None: ...


class HttpWalker:
    """Reads the HTML as it is and does what the pages' scripts do; speaks plain HTTP."""

    def __init__(self, installation: Installation, *, agent: str, address: str) -> None:
        self._http: httpx.Client = installation.network(address, agent=agent, follow_redirects=True)
        self._is_in_process = installation.is_in_process
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        if self._page is None:
            raise NotOnThisPage("No page has been opened yet.")
        return self._page

    @property
    def has_page(self) -> bool:
        return self._page is not None

    def close(self) -> None:
        self._http.close()

    def go(self, address: str) -> Page:
        return self._landed(self._http.get(address))

    def click(self, text: str) -> Page:
        return self.go(self.page.link(text).address)

    def press(self, text: str, fields: Mapping[str, Filling] | None = None) -> Page:
        button = self.page.button(text)
        if button.form is None:
            raise NotOnThisPage(f"The button {text!r} on {self.page.heading!r} belongs to no form.")
        return self._send(button.form, button, fields or {})

    def wait(self, until: Callable[[Page], bool]) -> Page:
        ends = time.monotonic() + PATIENCE_S
        while not until(self.page):
            if self._follow():
                continue
            if self._is_in_process or time.monotonic() > ends:
                raise StillWaiting(
                    f"{self.page.heading!r} ({self.page.path}) does not go on. It says: {self.page.text}"
                )
            time.sleep(0.2)
        return self.page

    def look_again(self) -> Page:
        self._follow()
        return self.page

    def send_again(self, kept: Page) -> Page:
        self._page = kept
        button = next(button for button in kept.buttons if button.form is not None and button.element.up("main"))
        return self._send(button.form or kept.root, button, {})

    def _follow(self) -> bool:
        """What ``follow.js`` does once a second; whether it led on."""
        address = self.page.follow_address
        onward = self._http.get(address).json().get("next") if address else None
        if onward:
            self.go(urljoin(self.page.address, onward))
        return bool(onward)

    def make_passkey(self, passkey: CreatesPasskeys, name: str) -> Page:
        form = self._form_with("data-passkey-create")
        options = self._options(form, "data-passkey-create")
        return self._send(form, None, {"credential": passkey.create(options), "name": name})

    def use_passkey(self, passkey: CreatesPasskeys) -> Page:
        form = self._form_with("data-passkey-sign-in")
        return self._send(form, None, {"credential": passkey.get(self._options(form, "data-passkey-sign-in"))})

    def _form_with(self, attribute: str) -> Element:
        found = next((form for form in self.page.root.all("form") if attribute in form.attributes), None)
        if found is None:
            raise NotOnThisPage(f"{self.page.heading!r} ({self.page.path}) asks for no passkey.")
        return found

    def _options(self, form: Element, attribute: str) -> dict[str, Any]:
        hidden = {field.name: field.element.get("value") for field in self.page.fields_of(form)}
        answer = self._http.post(
            urljoin(self.page.address, form.get(attribute)),
            headers={"X-CSRFToken": hidden["csrfmiddlewaretoken"], **self._from_here()},
        )
        options: dict[str, Any] = answer.json()
        if not answer.is_success:
            raise NotOnThisPage(f"{self.page.heading!r} makes no passkey: {options.get('error', answer.status_code)}")
        return options

    def _send(self, form: Element, button: Button | None, fields: Mapping[str, Filling]) -> Page:
        values, photos = self._filled(form, fields)
        if button is not None and button.element.get("name"):
            values.setdefault(button.element.get("name"), []).append(button.element.get("value"))
        target = urljoin(self.page.address, form.get("action")) if form.get("action") else self.page.address
        if form.get("method", "get").lower() == "get":
            return self._landed(self._http.get(target, params=values))
        is_multipart = form.get("enctype") == "multipart/form-data"
        files: list[Any] | None = photos if photos else ([("", (None, b""))] if is_multipart else None)
        return self._landed(self._http.post(target, data=values, files=files, headers=self._from_here()))

    def _filled(self, form: Element, fields: Mapping[str, Filling]) -> tuple[dict[str, list[str]], list[Any]]:
        """Every field with what it held, or what was put in; and the photos."""
        all_fields = self.page.fields_of(form)
        put_in = {id(self._place(form, label).element): filling for label, filling in fields.items()}
        decided = {field.name for field in all_fields if field.kind == "radio" and id(field.element) in put_in}
        values: dict[str, list[str]] = {}
        photos: list[Any] = []
        for field in all_fields:
            filling = put_in.get(id(field.element))
            if field.kind == "file":
                taken = [filling] if isinstance(filling, bytes) else filling or []
                photos += [(field.name, (f"{n}.jpg", photo, "image/jpeg")) for n, photo in enumerate(taken)]  # type: ignore[arg-type]
                continue
            if field.name in decided and filling is None:
                continue  # another of the same choice was taken
            value = _value_of(field.element, field.kind, filling)
            if value is not None:
                values.setdefault(field.name, []).append(value)
        return values, photos

    def _place(self, form: Element, label: str) -> Field:
        by_name = next((f for f in self.page.fields_of(form) if f.name == label and f.kind != "radio"), None)
        return by_name or self.page.field_in(form, label)

    def _from_here(self) -> dict[str, str]:
        parts = urlsplit(self.page.address)
        return {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": self.page.address}

    def _landed(self, answer: httpx.Response) -> Page:
        if "html" not in answer.headers.get("content-type", ""):
            raise NotOnThisPage(f"{answer.url} is no page: {answer.status_code} {answer.text[:200]}")
        self._page = Page(str(answer.url), answer.text, status=answer.status_code)
        return self._page


def _value_of(element: Element, kind: str, filling: Filling | None) -> str | None:
    """What a field sends; None when it sends nothing."""
    if kind in {"checkbox", "radio"}:
        ticked = "checked" in element.attributes if filling is None else bool(filling)
        return element.get("value", "on") if ticked else None
    if kind == "select":
        options = element.all("option")
        if filling is not None:
            wanted = str(filling)
            return next((o.get("value") for o in options if wanted in {o.get("value"), o.text}), wanted)
        chosen = next((o for o in options if "selected" in o.attributes), options[0] if options else None)
        return chosen.get("value") if chosen else None
    if filling is not None:
        return str(filling)
    return element.text if kind == "textarea" else element.get("value")
