"""A person with a phone: walks the wallet's pages as they are."""

from __future__ import annotations

import html
import re

from django.test import Client

PIN = "482913"


class Holder:
    def __init__(self) -> None:
        self.client = Client()

    def get(self, path: str) -> str:
        return self._read(self.client.get(path, follow=True))

    def post(self, path: str, **form: object) -> str:
        return self._read(self.client.post(path, form, follow=True))

    def submit(self, **form: object) -> str:
        """Send the form of the page the person is on."""
        return self.post(self.path, **form)

    def set_up(self) -> str:
        return self.post("/set-up/", pin=PIN, confirm=PIN)

    def unlock(self, pin: str = PIN) -> str:
        return self.post("/unlock/", pin=pin)

    def lock(self) -> str:
        return self.post("/lock/")

    def _read(self, response: object) -> str:
        self.status = response.status_code  # type: ignore[attr-defined]
        self.path = response.request["PATH_INFO"]  # type: ignore[attr-defined]
        self.page = response.content.decode()  # type: ignore[attr-defined]
        assert self.status != 500
        return self.text

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.page, re.S)
        return html.unescape(found[1]).strip() if found else ""

    @property
    def text(self) -> str:
        body = self.page.partition("<main")[2]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
