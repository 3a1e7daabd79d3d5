"""The specimen desk: a printable document of the fictitious state Utopia for whoever wants to walk the whole way."""

from datetime import date, datetime
from io import BytesIO

from PIL import Image

from recovery_portal.kit import adapters

from .. import specimen

_MARGIN = 0.75  # of the face's size, on every side: a passport picture shows hair and chin


def draw_specimen(
    *, kind: str, given_names: str, surname: str, date_of_birth: date, portrait: bytes, at: datetime
) -> specimen.Specimen:
    """A specimen for anybody, with the face in ``portrait`` (a JPEG). Raises FaceUnusable. Nothing is kept."""
    holder = specimen.Holder(given_names=given_names, surname=surname, date_of_birth=date_of_birth)
    return specimen.draw(kind, holder, _passport_picture(portrait), issued_on=at.date())


def _passport_picture(jpeg: bytes) -> bytes:
    box = adapters.load("FACE_ENGINE").embed(jpeg).box
    picture = Image.open(BytesIO(jpeg)).convert("RGB")
    side = max(box.width, box.height)
    middle_x, middle_y = box.left + box.width / 2, box.top + box.height / 2
    half_width, half_height = side * (0.5 + _MARGIN) * 0.8, side * (0.5 + _MARGIN)
    frame = (
        max(0, int(middle_x - half_width)),
        max(0, int(middle_y - half_height)),
        min(picture.width, int(middle_x + half_width)),
        min(picture.height, int(middle_y + half_height)),
    )
    out = BytesIO()
    picture.crop(frame).save(out, "JPEG", quality=92)
    return out.getvalue()
