"""Synthetic people before a camera: what they show, alive or not, real photos or cue cards for scripted eyes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from .installation import Installation

_STEPS = ("frontal", "turn_left", "turn_right", "look_up", "closer", "blink", "camera_left", "camera_right")
_TREMBLE = 3  # pixels by which a hand that holds a print moves between two photos


@dataclass(frozen=True)
class Face:
    """Somebody before the camera. Every verb gives another one; ``vera``, ``abel`` and ``jun`` can move their heads.

    With scripted eyes (``recovery_scripted``, or ``parts: scripted``) the photos are cue cards that say who is seen.
    """

    installation: Installation = field(repr=False)
    person: str = "vera"
    second_capture: bool = False
    trouble: str = ""
    liveness: str = ""

    def of(self, person: str) -> Face:
        """Somebody else: ``vera``, ``abel`` or ``jun``."""
        return replace(self, person=person)

    def stranger(self) -> Face:
        """Somebody whom no engine takes for this one."""
        return self.of("abel" if self.person != "abel" else "vera")

    def look_alike(self) -> Face:
        """Somebody who looks a little like this one; whether they pass is for the engine and the threshold to say."""
        return self.of("jun" if self.person != "jun" else "vera")

    def again(self) -> Face:
        """The same person in other photos."""
        return replace(self, second_capture=True)

    def printed(self) -> Face:
        """Nobody there: a print of their portrait, held before the camera and tilted as the page asks."""
        return replace(self, liveness="flat_picture")

    def in_the_dark(self) -> Face:
        return replace(self, trouble="too_dark")

    def hidden(self) -> Face:
        """A camera that sees no face at all."""
        return replace(self, trouble="no_face")

    def not_moving(self) -> Face:
        """Alive, and looking straight ahead whatever the page asks for."""
        return replace(self, liveness="turn_too_small")

    def portrait(self) -> bytes:
        """The photo on their document."""
        from recovery_portal.demo import people

        return people.jpeg(self.person, "portrait")

    def photos(self, step: str) -> list[bytes]:
        """What the camera takes for one step that a capture page asks for; a burst has two photos."""
        names = [f"{step}_1", f"{step}_2"] if step == "blink" else [step]
        if "face" in self.installation.scripted:
            return [self._card(step, name) for name in names]
        return [self._photo(step, name, number) for number, name in enumerate(names)]

    def _card(self, step: str, name: str) -> bytes:
        from idv.face import cards

        cues: dict[str, Any] = {"person": self.person, "pose": step, "photo": name}
        if self.trouble:
            cues["trouble"] = self.trouble
        if self.liveness:
            cues["liveness"] = self.liveness
        return cards.write(cues)

    def _photo(self, step: str, name: str, number: int) -> bytes:
        from recovery_portal.demo import people

        if self.trouble == "no_face":
            return _edited(self.portrait(), lambda seen: _blank(seen, number))
        if self.liveness == "flat_picture":
            return _edited(self.portrait(), lambda seen: _tilted(seen, step, number))
        if self.liveness == "turn_too_small":
            return _edited(people.jpeg(self.person, "frontal"), lambda seen: _moved(seen, step, number))
        taken = people.capture(self.person, [step], second=self.second_capture)[name]
        return _edited(taken, _darkened) if self.trouble == "too_dark" else taken


def _edited(jpeg: bytes, change: Callable[[Image.Image], Image.Image]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as opened:
        change(opened.convert("RGB")).save(out, "JPEG", quality=92)
    return out.getvalue()


def _darkened(seen: Image.Image) -> Image.Image:
    return seen.point(lambda value: value * 0.08)


def _blank(seen: Image.Image, number: int) -> Image.Image:
    from PIL import Image

    return Image.new("RGB", seen.size, (120 + number, 124, 130))


def _moved(seen: Image.Image, step: str, number: int) -> Image.Image:
    from PIL import ImageChops

    by = _TREMBLE * (1 + 2 * _STEPS.index(step) + number)
    return ImageChops.offset(seen, by, by // 2)


def _tilted(seen: Image.Image, step: str, number: int) -> Image.Image:
    """A sheet of paper turned a third: narrower on one side, and flat."""
    from PIL import Image

    width, height = seen.size
    side = {"turn_left": 1, "camera_right": 1, "turn_right": -1, "camera_left": -1}.get(step, 0)
    inset = height // 8 + number * _TREMBLE
    if side == 0:
        return _moved(seen, step, number)
    near, far = (0, inset) if side > 0 else (inset, 0)
    corners = (0, -near, 0, height + near, width, height + far, width, -far)
    return seen.transform(seen.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
