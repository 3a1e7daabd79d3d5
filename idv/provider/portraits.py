"""The portrait as a claim: small enough to travel, large enough for a Face Check."""

from io import BytesIO

from PIL import Image

from . import policy


def for_credential(jpeg: bytes) -> bytes:
    """The document's portrait, small enough for a claim: the verifier's Face Check needs no more than this."""
    side = policy.PORTRAIT_MAX_SIDE_PX
    picture = Image.open(BytesIO(jpeg)).convert("RGB")
    picture.thumbnail((side, side))
    for quality in (88, 75, 60):
        out = BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= policy.PORTRAIT_MAX_BYTES:
            break
    return out.getvalue()
