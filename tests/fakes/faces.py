"""Cue cards for a whole live capture, keyed as ``idv.face.liveness.gather`` keys what a page uploads."""

from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from idv.face import cards, liveness


def capture(challenge: Sequence[str], person: str, **cues: Any) -> dict[str, bytes]:
    """One card for each photo that ``challenge`` asks for; a burst has two."""
    return {
        name: cards.write({"person": person, "pose": key, "photo": name} | cues)
        for key in challenge
        for name in ([f"{key}_1", f"{key}_2"] if liveness.step(key).is_burst else [key])
    }


def form(frames: dict[str, bytes]) -> dict[str, list[SimpleUploadedFile]]:
    """The same as the multipart fields of the page's form."""
    fields: dict[str, list[SimpleUploadedFile]] = {}
    for name, data in frames.items():
        file = SimpleUploadedFile(f"{name}.jpg", data, content_type="image/jpeg")
        fields.setdefault(f"frame_{liveness.step_of(name)}", []).append(file)
    return fields
