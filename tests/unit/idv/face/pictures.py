"""Pictures of faces for tests: the demo people, spoiled in the ways that people spoil photos."""

import io

import cv2
import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from recovery_portal.demo import people


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def saved(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def nobody() -> bytes:
    return saved(Image.effect_noise((480, 640), 40).convert("RGB"))


def together(*persons: str) -> bytes:
    portraits = [opened(people.jpeg(person, "portrait")).resize((360, 450)) for person in persons]
    row = Image.new("RGB", (360 * len(portraits), 450))
    for index, portrait in enumerate(portraits):
        row.paste(portrait, (360 * index, 0))
    return saved(row)


def far_away(person: str) -> bytes:
    room = Image.new("RGB", (480, 480), (120, 130, 120))
    room.paste(opened(people.jpeg(person, "portrait")).resize((104, 130)), (190, 200))
    return saved(room)


def in_the_dark(person: str) -> bytes:
    return saved(ImageEnhance.Brightness(opened(people.jpeg(person, "portrait"))).enhance(0.16))


def shaken(person: str) -> bytes:
    return saved(opened(people.jpeg(person, "portrait")).filter(ImageFilter.GaussianBlur(7)))


def swung(jpeg: bytes, degrees: float) -> bytes:
    """The photo itself, held before a camera and swung round its upright axis: what a flat attack looks like."""
    picture = np.asarray(opened(jpeg))
    height, width = picture.shape[:2]
    angle, distance = np.radians(degrees), width * 1.6
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]
    depth = distance + corners[:, 0] * np.sin(angle)
    seen = np.column_stack([corners[:, 0] * np.cos(angle), corners[:, 1]]) * (distance / depth)[:, None]
    centre = np.array([width / 2, height / 2])
    matrix = cv2.getPerspectiveTransform((corners + centre).astype(np.float32), (seen + centre).astype(np.float32))
    return saved(Image.fromarray(cv2.warpPerspective(picture, matrix, (width, height), borderValue=(120, 120, 120))))


def tilted(jpeg: bytes, degrees: float) -> bytes:
    """The photo swung round its level axis instead."""
    lying = saved(opened(jpeg).transpose(Image.Transpose.ROTATE_90))
    return saved(opened(swung(lying, degrees)).transpose(Image.Transpose.ROTATE_270))


def nearer(jpeg: bytes, times: float = 1.35) -> bytes:
    """The photo brought nearer to the camera."""
    picture = opened(jpeg)
    width, height = picture.size
    left, top = round(width * (1 - 1 / times) / 2), round(height * (1 - 1 / times) / 2)
    return saved(picture.crop((left, top, width - left, height - top)))
