"""How a page looks, judged while somebody walks by: axe in both colour schemes and at two widths, and room at 320."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route

from .admin_pages import missed, name_of
from .walk import Pictures

WIDTHS = {"desktop": 1280, "phone": 390}
SCHEMES = ("light", "dark")
NARROW = 320  # WCAG 1.4.10: what 1280 pixels become at 400 %
AXE = Axe()
# Everything WCAG 2.2 asks for at levels A and AA; in the dark what it asks of colours, which alone are others there
# (tests/unit/test_style_sheets.py).
RUN_ONLY = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
AXE_RUN = """async (runOnly) => {
  const options = { runOnly, resultTypes: ["violations"], preload: false };
  const { violations } = await axe.run(document, options);
  const told = (id, node) => `${id}: ${node.html.slice(0, 120)} — ${node.failureSummary}`;
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => told(id, node)));
}"""
# Colours are judged where they end, not on the way there.
NO_TRANSITIONS = """() => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, *::before, *::after { transition: none !important; }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
}"""
# What listens to a change of the window has been heard.
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
OVERFLOW = """(room) => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= room) return "";
  const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > room + 1);
  return `${wide} px wide: ${out.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | ")}`;
}"""


@contextmanager
def held_still(page: Page) -> Iterator[None]:
    """Requests of the page wait, so that a page that goes on by itself does not go while it is being looked at."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if "/static/" in route.request.url or route.request.resource_type == "image":
            route.continue_()
        else:
            waiting.append(route)

    page.route("**/*", hold)
    try:
        yield
    finally:
        for route in waiting:
            with suppress(PlaywrightError):  # the page gave up the request while it waited
                route.continue_()
        page.unroute("**/*", hold)


class Looks(Pictures):
    """Collects what is wrong with each page it is shown, under the page's name; takes both pictures when asked to."""

    def __init__(self, folder: Path | None, *, dark: bool = False) -> None:
        super().__init__(folder)
        self.dark = dark
        self.seen: list[str] = []
        self.pages: set[str] = set()
        self.problems: list[str] = []

    @classmethod
    def asked_for(cls) -> Self:
        """Pictures go to the folder ``PICTURES``; with ``PICTURES_DARK`` those in the dark and of consoles on phones
        too, for somebody who wants to see everything."""
        folder = os.environ.get("PICTURES")
        return cls(Path(folder) if folder else None, dark=bool(os.environ.get("PICTURES_DARK")))

    def finish(self, promised: Iterable[str] = ()) -> None:
        """Nothing was wrong, and no page was left out that the test is there to look at."""
        assert not self.problems, "\n".join(self.problems)
        assert not (left_out := missed(promised, self.pages)), f"not looked at: {', '.join(left_out)}"

    def take(self, page: Page, name: str, *, plain: bool = False) -> None:
        """``plain`` is a page built of Django's own parts alone: its words and colours are those of all the others at
        every width, so that each is asked about once."""
        name = name.removeprefix("desktop-").removeprefix("phone-")
        if name in self.seen:
            return
        self.seen.append(name)
        self.pages.add(name_of(page.url))
        page.wait_for_load_state()
        before = page.viewport_size
        with held_still(page):
            page.evaluate(NO_TRANSITIONS)
            page.evaluate(AXE.axe_script)
            for device, width in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": 844 if width < 500 else 900})
                page.evaluate(SETTLED)
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    where = f"{name} at {width} px, {scheme}"
                    if not plain or (device == "desktop") == (scheme == "light"):
                        self.problems += [f"{where}: {problem}" for problem in page.evaluate(AXE_RUN, RUN_ONLY[scheme])]
                    self._picture(page, device, scheme, name)
            page.emulate_media(color_scheme="light")
            page.set_viewport_size({"width": NARROW, "height": 844})
            if too_wide := page.evaluate(OVERFLOW, NARROW):
                self.problems.append(f"{name} at {NARROW} px scrolls sideways: {too_wide}")
            if before:
                page.set_viewport_size(before)

    def _picture(self, page: Page, device: str, scheme: str, name: str) -> None:
        if self.folder is None or (scheme == "dark" and not self.dark):
            return
        if name.startswith("admin") and device == "phone" and not self.dark:
            return  # operators sit at desks
        self.folder.mkdir(parents=True, exist_ok=True)
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True, scale="css", animations="disabled")))
        end = "-dark" if scheme == "dark" else ""
        # A palette of 64 colours looks the same on these pages and is a third of the size.
        shot.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
            self.folder / f"{device}-{name}{end}.png", optimize=True
        )
