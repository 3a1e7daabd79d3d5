"""The demo people's portraits, read as files: they are data of the demo, and nothing here imports it."""

from pathlib import Path

from django.conf import settings


def portrait(person: str) -> bytes:
    """The JPEG portrait of a demo person. Raises FileNotFoundError."""
    pictures: Path = settings.BASE_DIR / "recovery_portal" / "demo" / "people"
    return (pictures / f"{person}_portrait.jpg").read_bytes()
