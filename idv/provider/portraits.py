"""The portrait as a claim: small enough to travel, large enough for a Face Check."""

from io import BytesIO

from PIL import Image

from . import policy

_SMALLER = (1.0, 0.75, 0.5, 0.35)
_QUALITIES = (88, 75, 60)


def for_credential(jpeg: bytes) -> bytes:
    """The document's portrait, small enough for a claim: the verifier's Face Check needs no more than this.

    Never more than the cap: what no quality makes small enough becomes smaller.
    """
    picture = Image.open(BytesIO(jpeg)).convert("RGB")
    smallest = b""
    for part in _SMALLER:
        side = round(policy.PORTRAIT_MAX_SIDE_PX * part)
        picture.thumbnail((side, side))
        for quality in _QUALITIES:
            out = BytesIO()
            picture.save(out, "JPEG", quality=quality)
            smallest = out.getvalue()
            if len(smallest) <= policy.PORTRAIT_MAX_BYTES:
                return smallest
    return smallest
